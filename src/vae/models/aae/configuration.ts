import { networkOptions } from "../configuration.js";
import { PLAIN_RECIPE } from "../recipe.js";

/** Options of aae. */
export const aaeOptions = networkOptions;
/** Default settings for the training of aae. */
export const AAE_RECIPE = { ...PLAIN_RECIPE, leastSteps: 1000 };
