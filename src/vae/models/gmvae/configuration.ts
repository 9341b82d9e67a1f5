import { requireInteger } from "../../../arguments.js";
import { declare, integer, parseInteger } from "../../../options/index.js";
import { beta, networkOptions, withDefault } from "../configuration.js";
import { PLAIN_RECIPE } from "../recipe.js";

/** A number of epochs, or `"auto"` for one that follows from the length of the training. */
function epochsOrAuto(help: string, guide: string) {
  const [least, most] = [0, 1_000_000];
  return declare<number | "auto">(
    {
      accepted: `an integer from ${least} to ${most}, or "auto"`,
      range: `${least} to ${most}, \`"auto"\``,
      placeholder: "<n>",
      check: (value, argument) => (value === "auto" ? value : requireInteger(value, argument, least, most)),
      parse: (text, flag) => (text === "auto" ? text : parseInteger(text, flag)),
    },
    { default: "auto", help, guide },
  );
}

/** Options of gmvae and conv-gmvae. */
export const gmvaeOptions = {
  ...networkOptions,
  hiddenDim: withDefault(networkOptions.hiddenDim, 512),
  numLayers: withDefault(networkOptions.numLayers, 2),
  zDim: withDefault(networkOptions.zDim, 10),
  /** Dimensions of the latent variable w, from which the mixture of z is made. */
  wDim: integer({ from: 1, to: 4096 }, { default: 2, help: "mixtures: dimensions of w" }),
  /** Components of the mixture, K. */
  clusters: integer({ from: 1, to: 1000 }, { default: 10, help: "mixtures: number of components, K" }),
  /** Weight of the three priors. */
  beta,
  /**
   * Epochs in which the network is trained as a plain autoencoder; then the mixture starts from clusters of the images. With 0
   * it starts from random numbers, and `refineEpochs` are not used.
   */
  pretrainEpochs: epochsOrAuto(
    "mixtures: first epochs, as a plain autoencoder",
    "first epochs, in which a mixture is trained as a plain autoencoder; `auto`: 10 and at least 1000 steps, but at most 3 of 10 epochs",
  ),
  /** Epochs after these in which codes also form clusters: first those of the images, then with all views of an image in the same one. */
  refineEpochs: epochsOrAuto(
    "mixtures: epochs after these that form clusters",
    "epochs after these in which codes form clusters; `auto`: as many as in pretraining",
  ),
};
/** How gmvae and conv-gmvae are trained by default. */
export const GMVAE_RECIPE = {
  ...PLAIN_RECIPE,
  leastSteps: 5000,
  warmupSteps: 200,
  augmentation: "shifts" as const,
  schedule: "cosine" as const,
};
