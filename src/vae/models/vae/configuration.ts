import { beta, networkOptions } from "../configuration.js";

/** Options of vae and conv-vae. `beta` is the weight of the KL divergence, as in Higgins et al. 2017. */
export const vaeOptions = { ...networkOptions, beta };
