/**
 * The declarations of all options of autoencoders, for help texts and tables. Importing them does not load TensorFlow.js.
 */
export { EVALUATION_OPTIONS } from "../evaluation/declarations.js";
export { defaultsOf, MODEL_OPTIONS, MODEL_SETTINGS, MODELS } from "../models/settings.js";
export { EARLY_STOPPING_OPTIONS, TRAINING_OPTIONS } from "../training/declarations.js";
export { TRAINING_TABLE_OPTIONS } from "./training-defaults.js";
