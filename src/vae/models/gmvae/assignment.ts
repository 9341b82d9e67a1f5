import * as tf from "@tensorflow/tfjs-core";
import { meanOfSums } from "../model.js";

/**
 * Logarithms of the components' shares, from a Student t kernel around their centers (Xie et al. 2016, equation 1).
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
 * Moves shares closer to 0 and 1. Components with many codes are weighted less, so that they do not grow further
 * (equation 3): n x K.
 */
export function sharpen(shares: tf.Tensor2D): tf.Tensor2D {
  const weights = tf.div(tf.square(shares), tf.sum(shares, 0));
  return tf.div(weights, tf.sum(weights, 1, true));
}

/**
 * Mixes targets: `share` of a row is the known cluster, and the rest is `own`. Each row of `known` is one-hot, or zeros
 * if the cluster is unknown.
 */
export function mixTargets(own: tf.Tensor2D, known: tf.Tensor2D, share: number): tf.Tensor2D {
  const weight = tf.mul(tf.sum(known, 1, true), share);
  return tf.add(tf.mul(known, share), tf.mul(own, tf.sub(1, weight)));
}

/** Mean of KL(P || Q) over the images. A row of zeros in P counts as zero. */
export function divergence(targets: tf.Tensor2D, logShares: tf.Tensor2D): tf.Scalar {
  return meanOfSums(tf.mul(targets, tf.sub(tf.log(tf.add(targets, 1e-30)), logShares)));
}
