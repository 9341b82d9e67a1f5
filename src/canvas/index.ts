export { type Coloring, colorPoints } from "./coloring.js";
export { drawHeading, headingHeight } from "./heading.js";
export {
  type Context,
  font,
  measuringContext,
  openSurface,
  type PictureFormat,
  readPixels,
  type Surface,
  shorten,
} from "./surface.js";
