export {
  type ComparedMap,
  type ComparedPair,
  type ComparedQuality,
  type Comparison,
  compare,
  type QualityReference,
} from "./compare.js";
export type { Correlation } from "./correlation.js";
export { assertComparisonWritable, type WriteComparisonOptions, writeComparison } from "./folder.js";
export { type ComparisonMetrics, METRICS_KIND, type Spread } from "./metrics.js";
export {
  type CompareOptions,
  type CompareProgress,
  type CompareVariant,
  resolveCompareOptions,
  type VariantOptions,
} from "./options.js";
export { type Alignment, type Procrustes, procrustes } from "./procrustes.js";
