import { networkFields, priorSigma } from "../configuration.js";

/** Settings of bnn-vae-artificial. */
export const bnnVaeArtificialFields = {
  ...networkFields,
  /** Standard deviation of the Gaussian prior over every weight, > 0. Default 0.1. */
  priorSigma,
};
