export {
  DISTANCES,
  type DistanceName,
  METHODS,
  type MethodName,
  type ResolvedTsneOptions,
  type Stage,
  type TsneOptions,
  type TsneProgress,
} from "./options.js";
export { runBhTsne, runTsne, Tsne, type TsneResult, type TsneSeconds } from "./run.js";
