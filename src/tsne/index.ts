export {
  METHODS,
  type MethodName,
  NEIGHBOR_SEARCHES,
  type NeighborSearch,
  type Stage,
  type TsneProgress,
  type TsneSnapshot,
} from "./declarations.js";
export { DISTANCES, type DistanceName } from "./distances.js";
export type { DistanceMatrix, NeighborLists } from "./given-neighbors.js";
export { estimateMemory, type MemoryEstimate } from "./memory.js";
export type { ResolvedTsneOptions, TsneOptions } from "./options.js";
export type { PlacementOptions, PlacementProgress, PlacementResult, PlaceUncertainty } from "./placement.js";
export { type LoadOptions, runBhTsne, runTsne, Tsne, type TsneResult, type TsneSeconds } from "./run.js";
export { type EmbedSampleOptions, embedSample, type FillingProgress, type SampledMap } from "./sampled.js";
export { type PositionUncertainty, positionUncertainty, type UncertaintyOptions } from "./uncertainty.js";
