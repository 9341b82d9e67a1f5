import { beta, networkOptions, priorSigma } from "../configuration.js";

/** Options of bnn-vae. */
export const bnnVaeOptions = { ...networkOptions, beta, priorSigma };
