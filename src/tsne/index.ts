export {
  DISTANCES,
  type DistanceName,
  type ResolvedTsneOptions,
  type Stage,
  type TsneOptions,
  type TsneProgress,
} from "./options.js";
export { runBhTsne, Tsne, type TsneResult, type TsneSeconds } from "./run.js";
