export { cleanText, type Labels, readLabels, readNumbers, readValues } from "./labels.js";
export {
  categoricalColors,
  fade,
  INKS,
  type Ink,
  sequentialColors,
  THEMES,
  type Theme,
  themeOption,
} from "./palette.js";
