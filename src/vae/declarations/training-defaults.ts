import type { Declarations } from "../../options/index.js";
import { defaultsOf, MODEL_SETTINGS } from "../models/settings.js";
import { TRAINING_OPTIONS } from "../training/declarations.js";

/** Options of `train`, with the default values of each model. */
export const TRAINING_TABLE_OPTIONS: Declarations = Object.fromEntries(
  Object.entries<Declarations[string]>(TRAINING_OPTIONS).map(([name, option]) => {
    const recipeOf = (model: keyof typeof MODEL_SETTINGS) =>
      MODEL_SETTINGS[model].recipe[name as keyof (typeof MODEL_SETTINGS)["ae"]["recipe"]];
    return [name, { ...option, defaultText: option.defaultText || defaultsOf(recipeOf) }];
  }),
);
