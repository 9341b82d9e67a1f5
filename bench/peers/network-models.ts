import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { ModelName } from "../../src/vae/models/index.js";

type Tf = typeof TensorFlow;

/** The networks that are trained. peers/network.py has the same networks. */
export const NETWORKS = ["dense", "conv", "bayesian", "micrograph"] as const;
export type NetworkName = (typeof NETWORKS)[number];

/**
 * Networks that are models of this library, which TensorFlow.js alone cannot train. makeLoss() builds all other
 * networks from operations of TensorFlow.js.
 */
export const LIBRARY_MODELS: Partial<Record<NetworkName, ModelName>> = {
  bayesian: "conv-bnn-ae",
  micrograph: "micrograph-vae",
};

/**
 * For each network: pixels per side of its images, images per batch (if not the number in the command), and the largest
 * number of images per epoch.
 */
export const NETWORK_IMAGES: Record<NetworkName, { side: number; batch?: number; most: number }> = {
  dense: { side: 28, most: 10000 },
  conv: { side: 28, most: 10000 },
  bayesian: { side: 28, most: 2560 },
  micrograph: { side: 96, batch: 64, most: 320 },
};

/** A description of each network. */
export const NETWORK_LABELS: Record<NetworkName, string> = {
  dense: "784-400-20",
  conv: "5 x 5 convolutions of 32 and 64 channels, stride 2",
  bayesian: "`conv-bnn-ae`: 4 x 4 convolutions of 32 and 64 channels and dense layers, a distribution over each weight",
  micrograph: "`micrograph-vae` of 96 x 96 pixels, batches of 64",
};

const CODES = 20;

/**
 * Returns a function that computes the negative evidence lower bound of a batch (n x 784), per image, with 20 latent
 * dimensions.
 */
export function makeLoss(tf: Tf, name: "dense" | "conv"): (x: TensorFlow.Tensor2D) => TensorFlow.Scalar {
  const weights = (...shape: number[]) => tf.variable(tf.randomNormal(shape, 0, 0.05));
  const biases = (size: number) => tf.variable(tf.zeros([size])) as TensorFlow.Tensor1D;
  const dense = (from: number, to: number, activation: "relu" | "linear") => {
    const [b, bias] = [weights(from, to) as TensorFlow.Tensor2D, biases(to)];
    return (a: TensorFlow.Tensor2D) => tf.fused.matMul({ a, b, bias, activation }) as TensorFlow.Tensor2D;
  };
  const convolution = (from: number, to: number) => {
    const [filter, bias] = [weights(5, 5, from, to) as TensorFlow.Tensor4D, biases(to)];
    return (x: TensorFlow.Tensor4D) => tf.relu(tf.add(tf.conv2d(x, filter, 2, "same"), bias)) as TensorFlow.Tensor4D;
  };
  const transposed = (from: number, to: number, size: number) => {
    const [filter, bias] = [weights(5, 5, to, from) as TensorFlow.Tensor4D, biases(to)];
    return (x: TensorFlow.Tensor4D) =>
      tf.add(tf.conv2dTranspose(x, filter, [x.shape[0], size, size, to], 2, "same"), bias) as TensorFlow.Tensor4D;
  };
  const isDense = name === "dense";
  const features = isDense ? 400 : 7 * 7 * 64;
  const mean = dense(features, CODES, "linear");
  const logVariance = dense(features, CODES, "linear");
  const begin = dense(CODES, features, "relu");
  let encode: (x: TensorFlow.Tensor2D) => TensorFlow.Tensor2D;
  let decode: (h: TensorFlow.Tensor2D) => TensorFlow.Tensor2D;
  if (isDense) {
    encode = dense(784, features, "relu");
    decode = dense(features, 784, "linear");
  } else {
    const [down1, down2, up1, up2] = [
      convolution(1, 32),
      convolution(32, 64),
      transposed(64, 32, 14),
      transposed(32, 1, 28),
    ];
    encode = (x) => tf.reshape(down2(down1(tf.reshape(x, [-1, 28, 28, 1]))), [-1, features]);
    decode = (h) => tf.reshape(up2(tf.relu(up1(tf.reshape(h, [-1, 7, 7, 64])))), [-1, 784]);
  }
  return (x) => {
    const h = encode(x);
    const [mu, log] = [mean(h), logVariance(h)];
    const code = tf.add(mu, tf.mul(tf.exp(tf.mul(log, 0.5)), tf.randomNormal(mu.shape))) as TensorFlow.Tensor2D;
    const logits = decode(begin(code));
    const error = tf.losses.sigmoidCrossEntropy(x, logits, undefined, undefined, tf.Reduction.SUM);
    const divergence = tf.mul(-0.5, tf.sum(tf.sub(tf.sub(tf.add(log, 1), tf.square(mu)), tf.exp(log))));
    return tf.div(tf.add(error, divergence), x.shape[0]) as TensorFlow.Scalar;
  };
}
