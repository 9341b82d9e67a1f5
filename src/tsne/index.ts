export { COVARIANCE_OPTIONS, type CovarianceOption, covarianceOption, type StackLike } from "./covariances.js";
export {
  METHODS,
  type MethodName,
  NAMED_STARTS,
  type NamedStart,
  NEIGHBOR_SEARCHES,
  type NeighborSearch,
  OPTIMIZERS,
  type OptimizerName,
  RUN_CONTROLS,
  type Stage,
  TSNE_OPTIONS,
  TSNE_SETTINGS,
  type TsneProgress,
  type TsneSnapshot,
} from "./declarations.js";
export { DISTANCES, type DistanceEstimates, type DistanceName, FORMULAS, usesSigma } from "./distances.js";
export {
  type EmbedLandmarksOptions,
  embedLandmarks,
  type LandmarkEmbedding,
  type RowProgress,
} from "./embed-landmarks.js";
export type { PlacementProgress } from "./fitted-run.js";
export {
  type AffinityGraph,
  countPoints,
  type DistanceMatrix,
  type NeighborGraph,
  type NeighborLists,
} from "./given-neighbors.js";
export {
  estimateMemory,
  inGiB,
  type MemoryEstimate,
  requirePlacementMemory,
  requireSearchMemory,
  spreadOf,
} from "./memory.js";
export { estimateNoiseModel, type NoiseModel, type NoiseModelOptions } from "./noise-model.js";
export { type ResolvedTsneOptions, resolvePerplexity, resolveTsneOptions, type TsneOptions } from "./options.js";
export { describePerplexity } from "./perplexity.js";
export {
  PLACEMENT_OPTIONS,
  type PlacementOptions,
  type PlacementResult,
  PRIORS,
  type PriorName,
  rowsOfDraws,
  type UncertaintyMeasures,
} from "./placement.js";
export {
  describeEnd,
  describeFloor,
  describeNeighbors,
  describeRecall,
  type LoadOptions,
  runBhTsne,
  runTsne,
  type StopReason,
  Tsne,
  type TsneResult,
  type TsneSeconds,
} from "./run.js";
export { isSavedRun } from "./run-file.js";
export { toDenseData } from "./sparse-data.js";
export {
  drawPositions,
  ellipseRadius,
  type PositionUncertainty,
  positionUncertainty,
  type UncertaintyOptions,
  uncertaintyColumns,
  uncertaintyNames,
} from "./uncertainty.js";
