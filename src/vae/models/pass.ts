import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "../random.js";
import type { TrainingLength } from "./training-length.js";

/**
 * Purposes of random numbers. Each purpose has its own series, so that two purposes never use the same random numbers.
 */
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
  statistics: 10,
} as const;

/** Options of one evaluation of a model. */
export interface PassOptions {
  /**
   * Whether the model is evaluated as in training: with dropout, and normalized by the statistics of the batch. Default
   * false.
   */
  readonly training?: boolean | undefined;
  /** Weight of the KL terms during their warm-up, 0 to 1. Default 1. */
  readonly klWeight?: number | undefined;
  /** Number of training images. The KL divergence of Bayesian weights is divided by this number. Default 1. */
  readonly trainingCount?: number | undefined;
  /** Number of finished epochs. Default: infinite, which means that no training is in progress. */
  readonly epoch?: number | undefined;
  /** Length of the training in progress. */
  readonly length?: TrainingLength | undefined;
  /** Indices of the images within the training images. Default: the images are not training images. */
  readonly rows?: Int32Array | undefined;
  /** Whether all images use the same random normal numbers. Default false. */
  readonly commonDraws?: boolean | undefined;
  /** Fraction of the configured dropout that is applied, 0 to 1. Default 1. */
  readonly dropoutShare?: number | undefined;
  /**
   * Weight of a batch in the running statistics, 0 to 1. If the weight of the k-th batch is 1 / k, the running
   * statistics become the statistics of all batches together. Default {@link LEAST_BATCH_WEIGHT}.
   */
  readonly batchWeight?: number | undefined;
}

/** Weight of each batch in the running statistics of a long training. */
export const LEAST_BATCH_WEIGHT = 0.05;

/** Mean and variance of a batch, or variables with the running mean and variance of the batches so far. */
export interface Statistics<T extends tf.Tensor> {
  /** If undefined, only the variance is stored. The variance of each batch is measured around the mean of the batch. */
  readonly mean?: T | undefined;
  readonly variance: T;
}

/** One evaluation of a model, with its random numbers. */
export class Pass {
  readonly training: boolean;
  readonly klWeight: number;
  readonly trainingCount: number;
  readonly epoch: number;
  readonly length: TrainingLength;
  readonly rows: Int32Array | undefined;
  private readonly random: Random;
  private readonly options: PassOptions;
  private readonly commonDraws: boolean;
  private readonly dropoutShare: number;
  private readonly batchWeight: number;

  constructor(random: Random, options: PassOptions = {}) {
    this.random = random;
    this.options = options;
    this.training = options.training ?? false;
    this.klWeight = options.klWeight ?? 1;
    this.trainingCount = options.trainingCount ?? 1;
    this.epoch = options.epoch ?? Number.POSITIVE_INFINITY;
    this.length = options.length ?? { epochs: Number.POSITIVE_INFINITY, stepsPerEpoch: 1 };
    this.rows = options.rows;
    this.commonDraws = options.commonDraws ?? false;
    this.dropoutShare = options.dropoutShare ?? 1;
    this.batchWeight = options.batchWeight ?? LEAST_BATCH_WEIGHT;
  }

  /**
   * Returns the same evaluation, with the same random numbers, but without dropout. The returned evaluation uses the
   * running statistics instead of the statistics of the batch.
   */
  withoutDropout(): Pass {
    return new Pass(this.random, { ...this.options, training: false });
  }

  /** Returns the same evaluation, with the same random numbers, but with this fraction of the configured dropout. */
  withDropout(dropoutShare: number): Pass {
    return new Pass(this.random, { ...this.options, dropoutShare });
  }

  /**
   * Moves the running statistics toward the statistics of a batch. The running variance is the variance of a mixture of
   * all batches with their weights, so it includes the differences between the means of the batches.
   */
  follow(running: Statistics<tf.Variable>, batch: Statistics<tf.Tensor>): void {
    const weight = this.batchWeight;
    tf.tidy(() => {
      const mix = (variable: tf.Variable, value: tf.Tensor) =>
        tf.add(tf.mul(variable, 1 - weight), tf.mul(value, weight));
      let variance = mix(running.variance, batch.variance);
      if (running.mean && batch.mean) {
        const distance = tf.square(tf.sub(batch.mean, running.mean));
        variance = tf.add(variance, tf.mul(distance, weight * (1 - weight)));
        running.mean.assign(mix(running.mean, batch.mean));
      }
      running.variance.assign(variance);
    });
  }

  /** Standard normal numbers. */
  normal(shape: number[]): tf.Tensor {
    return tf.tensor(this.random.normals(tf.util.sizeFromShape(shape)), shape, "float32");
  }

  /** Draws from N(mean, sd^2). Gradients flow through mean and sd. */
  draw(mean: tf.Tensor, sd: tf.Tensor): tf.Tensor {
    const shape = this.commonDraws ? [1, ...mean.shape.slice(1)] : mean.shape;
    return tf.add(mean, tf.mul(sd, this.normal(shape)));
  }

  /**
   * Inverted dropout (Srivastava et al. 2014): a fraction `rate` of the values becomes zero, and the others are
   * multiplied by 1 / (1 - rate).
   */
  dropout(x: tf.Tensor, configuredRate: number): tf.Tensor {
    const rate = configuredRate * this.dropoutShare;
    if (rate === 0) return x;
    const kept = 1 / (1 - rate);
    const mask = new Float32Array(x.size);
    for (let i = 0; i < mask.length; i++) mask[i] = this.random.uniform() < rate ? 0 : kept;
    return tf.mul(x, tf.tensor(mask, x.shape));
  }
}
