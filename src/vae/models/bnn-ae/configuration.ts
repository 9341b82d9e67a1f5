import { networkFields, priorSigma } from "../configuration.js";

/** Settings of bnn-ae and conv-bnn-ae. */
export const bnnAeFields = {
  ...networkFields,
  /** Standard deviation of the Gaussian prior over every weight, > 0. Default 0.1. */
  priorSigma,
};
