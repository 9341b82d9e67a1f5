export { type ClusterAccuracy, clusterAccuracy } from "./accuracy.js";
export type { LatentDimensions } from "./dimensions.js";
export { type EvaluateOptions, type Evaluation, evaluateModel, type ReconstructionQuality } from "./evaluate.js";
