export { type ClusterAccuracy, clusterAccuracy } from "./clusters.js";
export type { CodeStatistics } from "./collapse.js";
export type { LatentDimensions } from "./dimensions.js";
export { type EvaluateOptions, type Evaluation, evaluateModel, type ReconstructionQuality } from "./evaluate.js";
