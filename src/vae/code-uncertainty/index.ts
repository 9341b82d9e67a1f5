export { type PixelNoise, UNCERTAINTIES, type Uncertainty } from "./declarations.js";
export {
  assertUncertainty,
  encodeImages,
  encodeWithUncertainty,
  type UncertainCodes,
  type UncertaintyOptions,
} from "./encode-with-uncertainty.js";
export { readPixelNoise } from "./noise-file.js";
export { estimateNoise } from "./pixel-noise.js";
