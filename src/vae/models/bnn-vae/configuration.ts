import { beta, networkFields, priorSigma } from "../configuration.js";

/** Settings of bnn-vae. */
export const bnnVaeFields = {
  ...networkFields,
  /** Weight of the KL divergence of the codes, >= 0. Default 1. */
  beta,
  /** Standard deviation of the Gaussian prior over every weight, > 0. Default 0.1. */
  priorSigma,
};
