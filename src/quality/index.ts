export { type Estimate, evaluate, type Neighborhood, type PointQuality, type Quality } from "./evaluate.js";
export type { EvaluateOptions, EvaluationStage, Labels, ResolvedEvaluateOptions } from "./options.js";
