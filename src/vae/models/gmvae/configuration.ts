import { beta, integer, networkFields } from "../configuration.js";

/** Settings of gmvae and conv-gmvae. */
export const gmvaeFields = {
  ...networkFields,
  /** Units of a dense layer. Default 512. */
  hiddenDim: integer(1, 65536, 512),
  /** Dense layers of encoder and decoder, each. Default 2. */
  numLayers: integer(0, 32, 2),
  /** Dimensions of the latent variable z. Default 10. */
  zDim: integer(1, 4096, 10),
  /** Dimensions of the latent variable w, from which the mixture of z is made. Default 2. */
  wDim: integer(1, 4096, 2),
  /** Components of the mixture, K. Default 10. */
  clusters: integer(1, 1000, 10),
  /** Weight of the three priors, >= 0. Default 1. */
  beta,
  /**
   * Epochs in which the network is trained as a plain autoencoder; then the mixture starts from one fitted to the codes. With 0
   * it starts from random numbers, and `refineEpochs` are not heeded. Default 10.
   */
  pretrainEpochs: integer(0, 1_000_000, 10),
  /** Epochs after these in which codes are also drawn to the nearest component, all views of an image to the same one. Default 10. */
  refineEpochs: integer(0, 1_000_000, 10),
};
