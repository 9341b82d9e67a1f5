import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "../random.js";
import type { TrainingLength } from "./training-length.js";

/** What random numbers are for; each purpose has its own series. */
export const SERIES = {
  weights: 1,
  order: 2,
  transformation: 3,
  training: 4,
  validation: 5,
  evaluation: 6,
  encoding: 7,
  sampling: 8,
  mixture: 9,
} as const;

/** What one evaluation of a model needs besides the images. */
export interface PassOptions {
  /** Whether dropout and batch statistics are those of training. Default false. */
  readonly training?: boolean | undefined;
  /** Weight of the KL terms during their warm-up, 0 to 1. Default 1. */
  readonly klWeight?: number | undefined;
  /** Number of training images, over which the divergence of Bayesian weights is spread. Default 1. */
  readonly trainingCount?: number | undefined;
  /** Epochs that are done. Default: no training is going on. */
  readonly epoch?: number | undefined;
  /** How long the training is that is going on. */
  readonly length?: TrainingLength | undefined;
  /** Whether all images see the same normal numbers. Default false. */
  readonly commonDraws?: boolean | undefined;
  /** Fraction of the configured dropout that is applied, 0 to 1. Default 1. */
  readonly dropoutShare?: number | undefined;
}

/** One evaluation of a model, with its random numbers. */
export class Pass {
  readonly training: boolean;
  readonly klWeight: number;
  readonly trainingCount: number;
  readonly epoch: number;
  readonly length: TrainingLength;
  private readonly random: Random;
  private readonly options: PassOptions;
  private readonly commonDraws: boolean;
  private readonly dropoutShare: number;

  constructor(random: Random, options: PassOptions = {}) {
    this.random = random;
    this.options = options;
    this.training = options.training ?? false;
    this.klWeight = options.klWeight ?? 1;
    this.trainingCount = options.trainingCount ?? 1;
    this.epoch = options.epoch ?? Number.POSITIVE_INFINITY;
    this.length = options.length ?? { epochs: Number.POSITIVE_INFINITY, stepsPerEpoch: 1 };
    this.commonDraws = options.commonDraws ?? false;
    this.dropoutShare = options.dropoutShare ?? 1;
  }

  /** The same evaluation, with the same random numbers, without dropout and with the running statistics of batches. */
  withoutDropout(): Pass {
    return new Pass(this.random, { ...this.options, training: false });
  }

  /** The same evaluation, with the same random numbers, with this fraction of the configured dropout. */
  withDropout(dropoutShare: number): Pass {
    return new Pass(this.random, { ...this.options, dropoutShare });
  }

  /** Standard normal numbers. */
  normal(shape: number[]): tf.Tensor {
    return tf.tensor(this.random.normals(tf.util.sizeFromShape(shape)), shape, "float32");
  }

  /** A draw from N(mean, sd^2) that gradients flow through. */
  draw(mean: tf.Tensor, sd: tf.Tensor): tf.Tensor {
    const shape = this.commonDraws ? [1, ...mean.shape.slice(1)] : mean.shape;
    return tf.add(mean, tf.mul(sd, this.normal(shape)));
  }

  /** Inverted dropout (Srivastava et al. 2014): a fraction `rate` becomes zero, the rest grows by 1 / (1 - rate). */
  dropout(x: tf.Tensor, configuredRate: number): tf.Tensor {
    const rate = configuredRate * this.dropoutShare;
    if (rate === 0) return x;
    const kept = 1 / (1 - rate);
    const mask = new Float32Array(x.size);
    for (let i = 0; i < mask.length; i++) mask[i] = this.random.uniform() < rate ? 0 : kept;
    return tf.mul(x, tf.tensor(mask, x.shape));
  }
}
