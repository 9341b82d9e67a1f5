import { integer } from "../../../options/index.js";
import { networkOptions } from "../configuration.js";

/** Options of iwae and conv-iwae. */
export const iwaeOptions = {
  ...networkOptions,
  /**
   * Number of draws of each code in a training step, K. The paper uses 5 and 50. With 1, the loss is the same as the
   * loss of a vae. A step takes longer with a larger K.
   */
  importanceDraws: integer({ from: 1, to: 1000 }, { default: 5, help: "iwae: draws of each code in a training step" }),
};
