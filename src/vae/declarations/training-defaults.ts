import type { Declarations } from "../../options/index.js";
import { defaultsOf, MODEL_SETTINGS } from "../models/settings.js";
import { TRAINING_OPTIONS } from "../training/declarations.js";

/** The options of `train` with the defaults that the models have for them. */
export const TRAINING_TABLE_OPTIONS: Declarations = Object.fromEntries(
  Object.entries<Declarations[string]>(TRAINING_OPTIONS).map(([name, option]) => {
    const recipeOf = (model: keyof typeof MODEL_SETTINGS) =>
      MODEL_SETTINGS[model].recipe[name as keyof (typeof MODEL_SETTINGS)["ae"]["recipe"]];
    return [name, { ...option, defaultText: option.defaultText || defaultsOf(recipeOf) }];
  }),
);
