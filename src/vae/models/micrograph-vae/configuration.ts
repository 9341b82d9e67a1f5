import { requireInteger, requireOptions } from "../../../arguments.js";
import {
  beta,
  choice,
  flag,
  imageFields,
  integer,
  integers,
  number,
  type Resolved,
  resolve,
} from "../configuration.js";

/** Settings of micrograph-vae. */
export const micrographVaeFields = {
  ...imageFields,
  /** Rows of an image, 1 to 4096. Default 96. */
  height: integer(1, 4096, 96),
  /** Columns of an image, 1 to 4096. Default 96. */
  width: integer(1, 4096, 96),
  /** Dimensions of the code. Default 64. */
  zDim: integer(1, 4096, 64),
  /** Units of the encoder's dense layer. Default 1024. */
  hiddenDim: integer(1, 65536, 1024),
  /** Channels of the encoder's convolutions. Default 32, 64, 128, 256. */
  filters: integers(1, 4096, [32, 64, 128, 256]),
  /** Pixels a side of a convolution's kernel. Default 5. */
  kernelSize: integer(1, 31, 5),
  /** Whether the error of the Sobel gradients is added to that of the pixels. Default true. */
  gradientLoss: flag(true),
  /**
   * What keeps the codes in order: `"encoding"`, their normalization and a penalty for standard deviations other than 1, or
   * `"kl"`, the divergence from N(0, 1) in their place. Default `"encoding"`.
   */
  regularizer: choice(["encoding", "kl"], "encoding"),
  /** Weight of the regularizer, >= 0. Default 1. */
  beta,
  /** Variance of the Gaussian by which log-likelihoods are evaluated, > 0. Default 0.01. */
  outputVariance: number(0.01, "a number > 0", (value) => value > 0),
  /** Seed of the initial weights, an integer from 0 to 2^53 - 1. Default 42. */
  seed: integer(0, Number.MAX_SAFE_INTEGER, 42),
};
/** What decides a {@link MicrographVae}: its options with their defaults. */
export type MicrographVaeConfiguration = Resolved<typeof micrographVaeFields>;

/** The five published experiments (Ede 2020, arXiv 2003.01113); 1 to 3 are one recipe on three data sets. */
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

/** The complete configuration; `experiment`, 1 to 5, stands for its settings, which the other options override. */
export function resolveMicrographVae(options: unknown): MicrographVaeConfiguration {
  requireOptions(options);
  const { experiment, ...others } = options as { experiment?: unknown };
  if (experiment === undefined) return resolve(micrographVaeFields, others);
  const number = requireInteger(experiment, "experiment", 1, 5) as keyof typeof MICROGRAPH_VAE_EXPERIMENTS;
  return resolve(micrographVaeFields, { ...MICROGRAPH_VAE_EXPERIMENTS[number].options, ...others });
}
