export { applyPreparation, type FittedPreparation } from "./fitted-preparation.js";
export { withGaps } from "./gaps.js";
export {
  describeDropped,
  isSpreadNote,
  PREPARATION,
  type PreparationOptions,
  type PreparedData,
  prepareData,
} from "./prepare.js";
export { type PreparedRows, prepareRows, type RowPreparationOptions } from "./prepare-rows.js";
export { SIGMA_FORMS, type SigmaForm, type SigmaLike, toSigma } from "./sigma-forms.js";
export type { ColumnScales } from "./standardize.js";
