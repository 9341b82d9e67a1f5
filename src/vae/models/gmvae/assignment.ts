import * as tf from "@tensorflow/tfjs-core";
import { meanOfSums } from "../model.js";

/**
 * Logarithms of the shares of the components under a Student t kernel around their centers (Xie et al. 2016, equation 1).
 *
 * @param z n x d
 * @param centers K x d
 * @returns n x K
 */
export function logKernelShares(z: tf.Tensor2D, centers: tf.Tensor2D): tf.Tensor2D {
  const squares = tf.sum(tf.square(tf.sub(tf.expandDims(z, 1), centers)), -1);
  return tf.logSoftmax(tf.neg(tf.log(tf.add(squares, 1)))) as tf.Tensor2D;
}

/** Shares that are closer to 0 and 1, in which no component gets large because it is large already (equation 3): n x K. */
export function sharpen(shares: tf.Tensor2D): tf.Tensor2D {
  const weights = tf.div(tf.square(shares), tf.sum(shares, 0));
  return tf.div(weights, tf.sum(weights, 1, true));
}

/** Targets of which `share` is the known cluster, in rows where it is known: `known` is one-hot, or zeros. */
export function mixTargets(own: tf.Tensor2D, known: tf.Tensor2D, share: number): tf.Tensor2D {
  const weight = tf.mul(tf.sum(known, 1, true), share);
  return tf.add(tf.mul(known, share), tf.mul(own, tf.sub(1, weight)));
}

/** The mean of KL(P || Q) over the images; rows of zeros in P count as zero. */
export function divergence(targets: tf.Tensor2D, logShares: tf.Tensor2D): tf.Scalar {
  return meanOfSums(tf.mul(targets, tf.sub(tf.log(tf.add(targets, 1e-30)), logShares)));
}
