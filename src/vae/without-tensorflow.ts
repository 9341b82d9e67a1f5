/**
 * Exports that other modules can import without loading TensorFlow.js. An import of index.ts would load TensorFlow.js.
 */
export type { Dataset, DatasetOrigin, Images } from "./datasets/dataset.js";
export { scaleImages } from "./datasets/images.js";
export { openPointImages } from "./datasets/point-images.js";
export { ACTIVE_VARIANCE } from "./evaluation/dimensions.js";
export { INTERPOLATIONS } from "./figures/declarations.js";
export { interpolateCodes } from "./figures/interpolation.js";
export { toRgba } from "./figures/sheet.js";
export { type ImageShape, toImages } from "./models/images.js";
export { readTensorFile } from "./models/safetensors.js";
export { Random } from "./random.js";
export { labelNames } from "./runs/codes.js";
export { openRunDataset, type RunConfig, readRunConfig } from "./runs/config.js";
export { ScalarReader } from "./tensorboard/read-scalars.js";
export { checkpointPath, hasCheckpoint, type TrainingState } from "./training/checkpoint.js";
export { isLocked } from "./training/lock.js";
