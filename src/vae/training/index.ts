export type { EarlyStoppingOptions } from "./early-stopping.js";
export {
  type EpochRecord,
  type LossParts,
  resolveTrainOptions,
  type TrainingProgress,
  type TrainOptions,
} from "./options.js";
export { type TrainingResult, train } from "./train.js";
