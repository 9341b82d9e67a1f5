export { withGaps } from "./gaps.js";
export {
  PREPARATION,
  type PreparationOptions,
  type PreparedData,
  prepareData,
} from "./prepare.js";
export { SIGMA_FORMS, type SigmaForm, type SigmaLike, toSigma } from "./sigma-forms.js";
