import * as tf from "@tensorflow/tfjs-core";
import { meanOfSums } from "../model.js";

/**
 * Logarithms of the shares with which each code belongs to each component, from a Student t kernel around the centers
 * of the components (Xie et al. 2016, equation 1).
 *
 * @param z n x d
 * @param centers K x d
 * @returns n x K
 */
export function logKernelShares(z: tf.Tensor2D, centers: tf.Tensor2D): tf.Tensor2D {
  const squares = tf.sum(tf.square(tf.sub(tf.expandDims(z, 1), centers)), -1);
  return tf.logSoftmax(tf.neg(tf.log(tf.add(squares, 1)))) as tf.Tensor2D;
}

/**
 * Moves the shares of each code closer to 0 or 1 (equation 3). Components with many codes get less weight, so that they
 * do not attract even more codes. Input and result are n x K.
 */
export function sharpen(shares: tf.Tensor2D): tf.Tensor2D {
  const weights = tf.div(tf.square(shares), tf.sum(shares, 0));
  return tf.div(weights, tf.sum(weights, 1, true));
}

/**
 * Mixes two targets: `known` with the weight `share`, and `own` with the remaining weight. Each row of `known` is
 * one-hot, or all zeros if the cluster is unknown; the result is then the row of `own`.
 */
export function mixTargets(own: tf.Tensor2D, known: tf.Tensor2D, share: number): tf.Tensor2D {
  const weight = tf.mul(tf.sum(known, 1, true), share);
  return tf.add(tf.mul(known, share), tf.mul(own, tf.sub(1, weight)));
}

/**
 * Mean of KL(P || Q) over the images, where P is `targets` and log Q is `logShares`. A row of zeros in P contributes 0
 * to the sum.
 */
export function divergence(targets: tf.Tensor2D, logShares: tf.Tensor2D): tf.Scalar {
  return meanOfSums(tf.mul(targets, tf.sub(tf.log(tf.add(targets, 1e-30)), logShares)));
}
