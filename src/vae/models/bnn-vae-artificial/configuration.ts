import { networkOptions, priorSigma } from "../configuration.js";

/** Options of bnn-vae-artificial. */
export const bnnVaeArtificialOptions = { ...networkOptions, priorSigma };
