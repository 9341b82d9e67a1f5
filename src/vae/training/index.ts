export type { EarlyStoppingOptions } from "./declarations.js";
export { resolveTrainOptions, type TrainOptions } from "./options.js";
export type { EpochRecord, LossParts, TrainingProgress } from "./progress.js";
export { type TrainingResult, train } from "./train.js";
