export { trustColumns } from "./columns.js";
export { explainColumns, isTrustTable, TRUST_COLUMNS } from "./explanations.js";
export { describeTrust, type TrustFinding } from "./findings.js";
export { describeGroups, type GroupVerdict, type TrustGroup, type TrustGroups } from "./groups.js";
export { TRUST_OPTIONS, type TrustOptions, type TrustProgress, type TrustStage } from "./options.js";
export { type TrustPageOptions, writeTrustPage } from "./page-file.js";
export type { PerplexityComparison, PerplexityScores } from "./perplexities.js";
export type { GroupStability } from "./stability.js";
export {
  type PerturbationScores,
  type ReliabilityClass,
  type ReliabilityScores,
  type SingularityScores,
  type Trust,
  trust,
} from "./trust.js";
