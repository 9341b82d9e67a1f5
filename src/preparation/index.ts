export { withGaps } from "./gaps.js";
export {
  PREPARATION,
  type PreparationOptions,
  type PreparedData,
  prepareData,
} from "./prepare.js";
export { type PreparedRows, prepareRows, type RowPreparationOptions } from "./prepare-rows.js";
export { SIGMA_FORMS, type SigmaForm, type SigmaLike, toSigma } from "./sigma-forms.js";
