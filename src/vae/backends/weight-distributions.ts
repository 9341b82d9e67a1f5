import * as tf from "@tensorflow/tfjs-core";

/**
 * Names of the kernels of {@link weightVariance} and {@link weightDivergence} and of their gradients. Not every backend
 * has these kernels.
 */
export const VARIANCE_KERNEL = "WeightVariance";
export const VARIANCE_GRADIENT_KERNEL = "WeightVarianceGradient";
export const DIVERGENCE_KERNEL = "WeightDivergence";
export const DIVERGENCE_GRADIENT_KERNEL = "WeightDivergenceGradient";

const hasKernel = (name: string) => tf.getKernel(name, tf.getBackend()) !== undefined;

/** Computes the variances of weights from their parameters rho. The standard deviations are softplus(rho). */
export function weightVariance(rho: tf.Tensor): tf.Tensor {
  if (!hasKernel(VARIANCE_KERNEL)) return tf.square(tf.softplus(rho));
  return tf.engine().runKernel(VARIANCE_KERNEL, { rho }) as tf.Tensor;
}

/** Sum over the weights of KL(N(mean, softplus(rho)^2) || N(0, prior^2)), in nats. */
export function weightDivergence(mean: tf.Tensor, rho: tf.Tensor, prior: number): tf.Scalar {
  if (hasKernel(DIVERGENCE_KERNEL)) {
    return tf.engine().runKernel(DIVERGENCE_KERNEL, { mean, rho }, { prior }) as tf.Scalar;
  }
  const sigma = tf.softplus(rho);
  const squares = tf.add(tf.sum(tf.square(mean)), tf.sum(tf.square(sigma)));
  const ratio = tf.mul(squares, 0.5 / prior ** 2);
  return tf.add(tf.sub(ratio, tf.sum(tf.log(sigma))), mean.size * (Math.log(prior) - 0.5));
}

tf.registerGradient({
  kernelName: VARIANCE_KERNEL,
  inputsToSave: ["rho"],
  gradFunc(dy, saved) {
    const [rho] = saved as [tf.Tensor];
    return { rho: () => tf.engine().runKernel(VARIANCE_GRADIENT_KERNEL, { rho, dy: dy as tf.Tensor }) as tf.Tensor };
  },
});

tf.registerGradient({
  kernelName: DIVERGENCE_KERNEL,
  inputsToSave: ["mean", "rho"],
  gradFunc(dy, saved, attrs) {
    const [mean, rho] = saved as [tf.Tensor, tf.Tensor];
    const inputs = { mean, rho, dy: dy as tf.Tensor };
    const gradients = tf.engine().runKernel(DIVERGENCE_GRADIENT_KERNEL, inputs, attrs) as tf.Tensor[];
    const [dmean, drho] = gradients as [tf.Tensor, tf.Tensor];
    return { mean: () => dmean, rho: () => drho };
  },
});
