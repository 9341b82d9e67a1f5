/**
 * The declarations of all options of autoencoders, for help texts and tables. Importing them does not load
 * TensorFlow.js.
 */
export { UNCERTAINTY_OPTIONS } from "../code-uncertainty/declarations.js";
export { MODEL_COMPARISON_OPTIONS } from "../comparison/declarations.js";
export { EVALUATION_OPTIONS } from "../evaluation/declarations.js";
export { FIGURE_OPTIONS, GIF_OPTIONS, INTERPOLATION_OPTIONS } from "../figures/declarations.js";
export { BATCH_OPTIONS, ENCODE_OPTIONS, SAMPLE_OPTIONS } from "../models/declarations.js";
export { defaultsOf, MODEL_OPTIONS, MODEL_SETTINGS, MODELS } from "../models/settings.js";
export { EARLY_STOPPING_OPTIONS, TRAINING_OPTIONS } from "../training/declarations.js";
export { TRAINING_TABLE_OPTIONS } from "./training-defaults.js";
