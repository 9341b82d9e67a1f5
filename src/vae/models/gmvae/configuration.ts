import { integer } from "../../../options/index.js";
import { beta, networkOptions, withDefault } from "../configuration.js";
import { PLAIN_RECIPE } from "../recipe.js";

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
   * Epochs in which the network is trained as a plain autoencoder; then the mixture starts from one fitted to the codes. With 0
   * it starts from random numbers, and `refineEpochs` are not used.
   */
  pretrainEpochs: integer(
    { from: 0, to: 1_000_000 },
    { default: 10, help: "mixtures: first epochs, as a plain autoencoder" },
  ),
  /** Epochs after these in which codes are also drawn to the nearest component, all views of an image to the same one. */
  refineEpochs: integer(
    { from: 0, to: 1_000_000 },
    { default: 10, help: "mixtures: epochs after these that form clusters" },
  ),
};
/** How gmvae and conv-gmvae are trained by default. */
export const GMVAE_RECIPE = { ...PLAIN_RECIPE, epochs: 50, augmentation: "shifts" as const };
