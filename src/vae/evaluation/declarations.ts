import { abortSignal, boolean, callback, integer, number } from "../../options/index.js";

/** Seed of the random draws of a measurement. */
const seed = integer({ from: 0, to: Number.MAX_SAFE_INTEGER }, { default: 42, help: "seed of the draws" });

/** All options of `evaluateModel`, each declared once. */
export const EVALUATION_OPTIONS = {
  /** Number of random draws from which each log-likelihood is estimated. */
  draws: integer({ from: 1, to: 100_000 }, { default: 100, help: "draws for the estimates of log-likelihoods" }),
  /**
   * Fraction of the pixel values to which |N(0, 1)| (the absolute value of a standard normal number) is added for the
   * results with noisy input. With 0, results with noisy input are not computed.
   */
  noise: number(
    { from: 0, to: 1 },
    { default: 0, help: "fraction of the values of the noisy input to which noise is added" },
  ),
  /** Replaces every pixel value by a random 0 or 1. The original value is the probability of 1. */
  binarize: boolean({ default: false, help: "draw every value as 0 or 1" }),
  /**
   * Number of training images. The KL divergence of Bayesian weights is divided by this number. Default: the number of
   * images that are evaluated.
   */
  trainingCount: integer(
    { from: 1, to: 2 ** 31 - 1 },
    {
      flag: false,
      defaultText: "number of images",
      help: "number of training images, by which the divergence of Bayesian weights is divided",
    },
  ),
  /** Seed of all random draws. */
  seed,
  /** Number of images that are computed in one batch. */
  batchSize: integer({ from: 1, to: 65_536 }, { default: 128, help: "images that are computed at once" }),
  /** Stops the work. */
  signal: abortSignal({ help: "stops the work" }),
  /** Called after every batch with the completed fraction of the work, 0 to 1. */
  onProgress: callback<(fraction: number) => void>("a function", {
    help: "called after every batch with the fraction that is done, 0 to 1",
  }),
};
