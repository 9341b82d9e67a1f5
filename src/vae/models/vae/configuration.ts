import { beta, networkOptions } from "../configuration.js";

/** Options of vae and conv-vae. `beta`, the weight of the divergence, is that of Higgins et al. 2017. */
export const vaeOptions = { ...networkOptions, beta };
