export {
  generateMicrographs,
  MICROGRAPH_CLASSES,
  type MicrographClass,
  type MicrographOptions,
  type Micrographs,
} from "./micrographs.js";
