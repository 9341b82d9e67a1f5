import * as tf from "@tensorflow/tfjs-core";

/**
 * Names of the kernels that compute {@link normalizeRelu} and its gradients in one step. Not every backend has these
 * kernels.
 */
export const NORMALIZATION_KERNEL = "NormalizedRelu";
export const NORMALIZATION_GRADIENT_KERNEL = "NormalizedReluGradient";

/** A normalized batch, and the statistics of the batch with which it was normalized. */
export interface Normalized {
  readonly y: tf.Tensor;
  /** Mean of each channel. `variance` has one number per channel too. */
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/**
 * Batch normalization (Ioffe & Szegedy 2015) of every channel with the statistics of the batch, followed by a ReLU:
 * max(0, gamma * (x - mean) / sqrt(variance + epsilon) + beta). For the gradient, the kernel keeps only x in memory,
 * while the separate operations of TensorFlow.js keep six tensors of the size of x.
 *
 * @param x a tensor whose last axis is the channels
 */
export function normalizeRelu(x: tf.Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D, epsilon: number): Normalized {
  if (tf.getKernel(NORMALIZATION_KERNEL, tf.getBackend()) === undefined) {
    const axes = x.shape.slice(0, -1).map((_, axis) => axis);
    const { mean, variance } = tf.moments(x, axes) as { mean: tf.Tensor1D; variance: tf.Tensor1D };
    return { y: tf.relu(tf.batchNorm(x, mean, variance, beta, gamma, epsilon)), mean, variance };
  }
  const outputs = tf.engine().runKernel(NORMALIZATION_KERNEL, { x, gamma, beta }, { epsilon });
  const [y, mean, variance] = outputs as [tf.Tensor, tf.Tensor1D, tf.Tensor1D];
  return { y, mean, variance };
}

tf.registerGradient({
  kernelName: NORMALIZATION_KERNEL,
  inputsToSave: ["x", "gamma", "beta"],
  outputsToSave: [false, true, true],
  gradFunc(dys, saved, attrs) {
    const [x, gamma, beta, mean, variance] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [dy] = dys as tf.Tensor[];
    const inputs = { x, gamma, beta, mean, variance, dy };
    const gradients = tf.engine().runKernel(NORMALIZATION_GRADIENT_KERNEL, inputs, attrs) as tf.Tensor[];
    const [dx, dgamma, dbeta] = gradients as [tf.Tensor, tf.Tensor, tf.Tensor];
    return { x: () => dx, gamma: () => dgamma, beta: () => dbeta };
  },
});
