import * as tf from "@tensorflow/tfjs-core";
import { ArgumentError } from "../../errors.js";
import { outputVariance } from "./configuration.js";

const LOG_2_PI = Math.log(2 * Math.PI);
/** Small number that keeps the logarithm of a standard deviation finite if softplus underflows to 0. */
const TINY = 1e-30;

/**
 * KL(N(mean, sd^2) || N(0, 1)) for every dimension (Kingma & Welling 2014, appendix B).
 *
 * @param mean n x d
 * @param sd n x d, > 0
 * @returns n x d nats
 */
export function klToStandardNormal(mean: tf.Tensor, sd: tf.Tensor): tf.Tensor {
  const squares = tf.add(tf.square(mean), tf.square(sd));
  return tf.sub(tf.mul(0.5, tf.sub(squares, 1)), tf.log(tf.add(sd, TINY)));
}

/** KL(N(mean, sd^2) || N(priorMean, priorSd^2)) for every dimension. The shapes are broadcast. */
export function klBetweenNormals(mean: tf.Tensor, sd: tf.Tensor, priorMean: tf.Tensor, priorSd: tf.Tensor): tf.Tensor {
  const squares = tf.add(tf.square(tf.sub(mean, priorMean)), tf.square(sd));
  const ratio = tf.div(squares, tf.mul(2, tf.square(priorSd)));
  return tf.add(tf.sub(tf.log(priorSd), tf.log(tf.add(sd, TINY))), tf.sub(ratio, 0.5));
}

/** log N(x; mean, sd^2), summed over the last axis. The shapes are broadcast. */
export function logNormal(x: tf.Tensor, mean: tf.Tensor, sd: tf.Tensor): tf.Tensor {
  const standardized = tf.div(tf.sub(x, mean), sd);
  const terms = tf.add(tf.mul(0.5, tf.square(standardized)), tf.log(tf.add(sd, TINY)));
  return tf.neg(tf.sum(tf.add(terms, LOG_2_PI / 2), -1));
}

/** log N(x; 0, 1), summed over the last axis. */
export function logStandardNormal(x: tf.Tensor): tf.Tensor {
  const size = x.shape.at(-1) as number;
  return tf.sub(tf.mul(-0.5, tf.sum(tf.square(x), -1)), (size * LOG_2_PI) / 2);
}

/** Sums over all axes except the first: from n x ... to n numbers. */
function sumPerImage(x: tf.Tensor): tf.Tensor1D {
  return tf.sum(tf.reshape(x, [x.shape[0], -1]), 1);
}

/** Returns the number whose softplus is `x` > 0. */
export function inverseSoftplus(x: number): number {
  return x + Math.log(-Math.expm1(-x));
}

/** The likelihood p(x|z) of the pixels, computed from the last linear layer of a decoder. */
export interface Likelihood {
  /** Returns log p(x|z) of every image, in nats: n numbers for images with the shape n x height x width x channels. */
  logProbability(images: tf.Tensor, raw: tf.Tensor): tf.Tensor1D;
  /**
   * The part of -log p(x|z) that depends on how well an image is reconstructed, averaged over the images. Weights of
   * other parts of the loss are multiples of this error.
   */
  error(images: tf.Tensor, raw: tf.Tensor): tf.Scalar;
  /** The mean image. */
  mean(raw: tf.Tensor): tf.Tensor;
  /** Learned variables by name. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
}

/**
 * Independent Bernoulli pixels with logits `raw`. For image values between 0 and 1, the result is the expected
 * log-likelihood of random pixels that are 1 with these probabilities.
 */
export class BernoulliLikelihood implements Likelihood {
  readonly variables: ReadonlyMap<string, tf.Variable> = new Map();

  logProbability(images: tf.Tensor, raw: tf.Tensor): tf.Tensor1D {
    // The value is computed in one step, because its gradient, x - sigmoid(raw), is much cheaper than the gradient of
    // the separate operations.
    const compute = tf.customGrad((logits, save) => {
      const inputs = logits as tf.Tensor;
      // The images are saved as well: images that a model repeats for its draws are freed before the gradient is
      // computed.
      (save as tf.GradSaveFunc)([inputs, images]);
      const value = sumPerImage(tf.sub(tf.mul(inputs, images), tf.softplus(inputs)));
      const gradFunc = (dy: tf.Tensor, [savedLogits, savedImages]: tf.Tensor[]) =>
        tf.mul(tf.sub(savedImages, tf.sigmoid(savedLogits)), tf.reshape(dy, [-1, 1, 1, 1]));
      return { value, gradFunc };
    });
    return compute(raw) as tf.Tensor1D;
  }

  error(images: tf.Tensor, raw: tf.Tensor): tf.Scalar {
    return tf.neg(tf.mean(this.logProbability(images, raw)));
  }

  mean(raw: tf.Tensor): tf.Tensor {
    return tf.sigmoid(raw);
  }
}

/** Independent Gaussian pixels with mean sigmoid(raw) and one variance for all pixels. */
export class GaussianLikelihood implements Likelihood {
  readonly variables: ReadonlyMap<string, tf.Variable>;
  private readonly logVariance: tf.Variable | number;

  constructor(variance: number, learned: boolean) {
    this.logVariance = learned ? tf.variable(tf.scalar(Math.log(variance))) : Math.log(variance);
    this.variables = new Map(typeof this.logVariance === "number" ? [] : [["log_variance", this.logVariance]]);
  }

  logProbability(images: tf.Tensor, raw: tf.Tensor): tf.Tensor1D {
    const squares = sumPerImage(tf.square(tf.sub(images, this.mean(raw))));
    const pixels = raw.size / raw.shape[0];
    if (typeof this.logVariance === "number") {
      const scaled = tf.mul(squares, -0.5 * Math.exp(-this.logVariance));
      return tf.sub(scaled, 0.5 * pixels * (LOG_2_PI + this.logVariance));
    }
    const scaled = tf.mul(squares, tf.mul(-0.5, tf.exp(tf.neg(this.logVariance))));
    return tf.sub(scaled, tf.mul(0.5 * pixels, tf.add(this.logVariance, LOG_2_PI)));
  }

  error(images: tf.Tensor, raw: tf.Tensor): tf.Scalar {
    const squares = tf.mean(sumPerImage(tf.square(tf.sub(images, this.mean(raw)))));
    const precision = tf.exp(tf.neg(this.logVariance as tf.Scalar));
    return tf.mul(tf.mul(squares, 0.5), precision);
  }

  mean(raw: tf.Tensor): tf.Tensor {
    return tf.sigmoid(raw);
  }
}

/** Computes `compute(x)` as a constant for training: its gradient is defined as zero. */
export function detach<T extends tf.Tensor, R extends tf.Tensor>(x: T, compute: (x: T) => R): R {
  const constant = tf.customGrad((from) => ({
    value: compute(from as T),
    gradFunc: () => tf.zerosLike(from as T),
  }));
  return constant(x) as R;
}

/**
 * @param name the `likelihood` of a configuration
 * @param variance its `outputVariance`
 * @throws {ArgumentError} INVALID_ARGUMENT if a variance is given for a Bernoulli likelihood, which would ignore it
 */
export function createLikelihood(name: "bernoulli" | "gaussian" | "learned-gaussian", variance: number): Likelihood {
  if (name === "bernoulli" && variance !== outputVariance.default) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "outputVariance",
      received: variance,
      accepted: "no value with the likelihood bernoulli, which has no variance. Use gaussian or learned-gaussian",
    });
  }
  return name === "bernoulli"
    ? new BernoulliLikelihood()
    : new GaussianLikelihood(variance, name === "learned-gaussian");
}
