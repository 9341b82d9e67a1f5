import { beta, networkFields } from "../configuration.js";

/** Settings of vae and conv-vae. */
export const vaeFields = {
  ...networkFields,
  /** Weight of the KL divergence, >= 0 (Higgins et al. 2017). Default 1. */
  beta,
};
