import { networkOptions, priorSigma } from "../configuration.js";

/** Options of bnn-ae and conv-bnn-ae. */
export const bnnAeOptions = { ...networkOptions, priorSigma };
