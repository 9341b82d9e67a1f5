export type { EarlyStoppingOptions } from "./early-stopping.js";
export type { EpochRecord, LossParts, TrainingProgress, TrainOptions } from "./options.js";
export { type TrainingResult, train } from "./train.js";
