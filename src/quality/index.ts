export { type Estimate, evaluate, type Neighborhood, type PointQuality, type Quality } from "./evaluate.js";
export {
  type EvaluateOptions,
  type EvaluationStage,
  type Labels,
  type ResolvedEvaluateOptions,
  resolveEvaluateOptions,
} from "./options.js";
