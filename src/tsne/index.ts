export {
  METHODS,
  type MethodName,
  NEIGHBOR_SEARCHES,
  type NeighborSearch,
  type Stage,
  type TsneProgress,
  type TsneSnapshot,
} from "./declarations.js";
export { DISTANCES, type DistanceName, FORMULAS, usesSigma } from "./distances.js";
export type { DistanceMatrix, NeighborLists } from "./given-neighbors.js";
export { estimateMemory, inGiB, type MemoryEstimate, requireSearchMemory } from "./memory.js";
export { type ResolvedTsneOptions, resolveTsneOptions, type TsneOptions } from "./options.js";
export { describePerplexity } from "./perplexity.js";
export type { PlacementOptions, PlacementProgress, PlacementResult, PlaceUncertainty } from "./placement.js";
export {
  describeNeighbors,
  type LoadOptions,
  runBhTsne,
  runTsne,
  Tsne,
  type TsneResult,
  type TsneSeconds,
} from "./run.js";
export { isSavedRun } from "./run-file.js";
export { type EmbedSampleOptions, embedSample, type FillingProgress, type SampledMap } from "./sampled.js";
export {
  type PositionUncertainty,
  positionUncertainty,
  type UncertaintyOptions,
  uncertaintyColumns,
  uncertaintyNames,
} from "./uncertainty.js";
