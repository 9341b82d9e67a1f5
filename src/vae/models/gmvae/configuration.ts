import { requireInteger } from "../../../arguments.js";
import { declare, integer, parseInteger } from "../../../options/index.js";
import { beta, networkOptions, withDefault } from "../configuration.js";
import { PLAIN_RECIPE } from "../recipe.js";

/** Declares a number of epochs. With `"auto"`, it is computed from the length of the training. */
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
  /** Dimensions of the latent variable w, from which the mixture of z is computed. */
  wDim: integer({ from: 1, to: 4096 }, { default: 2, help: "mixtures: dimensions of w" }),
  /** Components of the mixture, K. */
  clusters: integer({ from: 1, to: 1000 }, { default: 10, help: "mixtures: number of components, K" }),
  /** Weight of the divergences from the three priors. */
  beta,
  /**
   * Number of first epochs, in which the network is trained as a plain autoencoder. After them, the mixture starts from
   * clusters of the images. With 0, it starts from random numbers, and `refineEpochs` is not used.
   */
  pretrainEpochs: epochsOrAuto(
    "mixtures: number of first epochs, in which the model is trained as a plain autoencoder",
    "first epochs, in which a mixture is trained as a plain autoencoder; `auto`: 10 and at least 1000 steps, but at most 3 of 10 epochs",
  ),
  /**
   * Number of epochs after these in which codes also form clusters. At first the targets are the clusters of the
   * images; then all views of an image are drawn to the same cluster.
   */
  refineEpochs: epochsOrAuto(
    "mixtures: number of epochs after the pretraining, in which the codes form clusters",
    "epochs after these in which codes form clusters; `auto`: as many as in pretraining",
  ),
};
/** Default training of gmvae and conv-gmvae. */
export const GMVAE_RECIPE = {
  ...PLAIN_RECIPE,
  leastSteps: 5000,
  warmupSteps: 200,
  augmentation: "shifts" as const,
  schedule: "cosine" as const,
};
