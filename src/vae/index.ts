/**
 * Autoencoders whose codes have means and standard deviations: models, their training and evaluation, with
 * TensorFlow.js.
 *
 * @module sigma-tsne/vae
 */
export * from "./backends/index.js";
export * from "./code-uncertainty/index.js";
export * from "./comparison/index.js";
export type { Dataset, Images } from "./datasets/dataset.js";
export * from "./datasets/index.js";
export * from "./evaluation/index.js";
export * from "./figures/index.js";
export * from "./models/index.js";
export * from "./runs/index.js";
export * from "./tensorboard/index.js";
export {
  type EarlyStoppingOptions,
  type EpochRecord,
  type LossParts,
  type TrainingProgress,
  type TrainingResult,
  type TrainOptions,
  train,
} from "./training/index.js";
