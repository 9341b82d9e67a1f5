import { requireOptions } from "../../../arguments.js";
import { boolean, choice, integer, number } from "../../../options/index.js";
import {
  beta,
  imageOptions,
  networkOptions,
  outputVariance,
  type Resolved,
  resolve,
  seed,
  withDefault,
} from "../configuration.js";
import type { Recipe } from "../recipe.js";

/** Options of micrograph-vae. */
export const micrographVaeOptions = {
  height: withDefault(imageOptions.height, 96),
  width: withDefault(imageOptions.width, 96),
  channels: imageOptions.channels,
  zDim: withDefault(networkOptions.zDim, 64),
  hiddenDim: withDefault(networkOptions.hiddenDim, 1024),
  filters: { ...withDefault(networkOptions.filters, [32, 64, 128, 256]), defaultText: "32,64,128,256" },
  kernelSize: withDefault(networkOptions.kernelSize, 5),
  /** Whether the error of the Sobel gradients is added to the error of the pixels. */
  gradientLoss: boolean({ default: true, help: "micrograph-vae: add the error of the Sobel gradients to the loss" }),
  /**
   * Weight of the error of the Sobel gradients. 1 gives the published loss, in which the period of a lattice has about
   * thirty times as much weight as large shapes. With 0.5, a short training also learns the shapes of particles and
   * fibers.
   */
  gradientWeight: number(
    { above: 0 },
    {
      default: 1,
      help: "micrograph-vae: weight of the error of the gradients",
      guide:
        "micrograph-vae: weight of the error of the Sobel gradients; 1, as published, favors fine structure such as lattices; 0.5 also learns larger shapes in a short training",
    },
  ),
  /**
   * Regularization of the codes: `"encoding"` normalizes them and penalizes standard deviations other than 1; `"kl"`
   * uses the divergence from N(0, 1) instead.
   */
  regularizer: choice(["encoding", "kl"], {
    default: "encoding",
    help: "micrograph-vae: regularization of the codes, encoding or kl",
    guide:
      "what regularizes the codes: their normalization and a penalty for standard deviations other than 1, or the KL divergence",
  }),
  /** Weight of the regularizer. */
  beta,
  /** Variance of the Gaussian with which log-likelihoods are computed. */
  outputVariance,
  /** Seed of the initial weights. */
  seed,
};
/** Number of the published experiment whose settings become the defaults. */
export const experimentOption = integer(
  { from: 1, to: 5 },
  { defaultText: "none", help: "micrograph-vae: published experiment whose settings are the defaults" },
);
/** Default settings for the training of micrograph-vae. */
export const MICROGRAPH_VAE_RECIPE: Recipe = {
  epochs: 30,
  leastSteps: 3000,
  batchSize: 64,
  learningRate: 0.001,
  warmupSteps: 0,
  schedule: "halving",
  beta1Decay: true,
  augmentation: "flips",
};
/**
 * Configuration of a {@link MicrographVae}: its options, including defaults.
 *
 * @interface
 */
export type MicrographVaeConfiguration = Resolved<typeof micrographVaeOptions>;

/**
 * The five published experiments (Ede 2020, arXiv 2003.01113). Experiments 1 to 3 use the same settings with three
 * different data sets.
 */
export const MICROGRAPH_VAE_EXPERIMENTS = {
  1: { title: "STEM crops", options: {} },
  2: { title: "Downsampled STEM", options: {} },
  3: { title: "Downsampled TEM", options: {} },
  4: { title: "STEM crops without the gradient loss", options: { gradientLoss: false } },
  5: {
    title: "STEM crops with a Kullback-Leibler divergence in place of normalization and regularization",
    options: { regularizer: "kl" },
  },
} as const;

/**
 * Computes the complete configuration. `experiment`, 1 to 5, selects published settings, which the other options
 * override.
 */
export function resolveMicrographVae(options: unknown): MicrographVaeConfiguration {
  requireOptions(options);
  const { experiment, ...others } = options as { experiment?: unknown };
  if (experiment === undefined) return resolve(micrographVaeOptions, others);
  const number = experimentOption.check(experiment, "experiment") as keyof typeof MICROGRAPH_VAE_EXPERIMENTS;
  return resolve(micrographVaeOptions, { ...MICROGRAPH_VAE_EXPERIMENTS[number].options, ...others });
}
