import { beta, networkOptions, withDefault } from "../configuration.js";

/**
 * Options of beta-tc-vae and conv-beta-tc-vae. `beta` is the weight of the total correlation. The default, 6, is the
 * value in the paper's experiments on images.
 */
export const betaTcVaeOptions = { ...networkOptions, beta: withDefault(beta, 6) };
