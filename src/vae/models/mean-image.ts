import * as tf from "@tensorflow/tfjs-core";
import type { Images } from "../datasets/dataset.js";
import { range } from "./images.js";
import type { Layer, Network } from "./network.js";

/** Largest number of training images for computing the mean image. */
const MEAN_IMAGES = 2000;

/**
 * Sets the bias of a decoder so that its output, a sigmoid, is the mean image before the training. Otherwise, the first
 * training steps would only learn the mean image, with gradients so large that hidden units would be 0 from then on.
 * With gray images, all codes would then decode to the same image.
 */
export async function startFromMeanImage(decoder: Network, images: Images): Promise<void> {
  const last = decoder.layers.findLast((layer) => layer.trainableWeights.length > 0) as Layer;
  const bias = decoder.variables.get(`${decoder.name}/${last.name}/bias`)?.variable;
  if (bias === undefined || images.count === 0) return;
  const pixels = images.height * images.width * images.channels;
  const shown = range(0, Math.min(MEAN_IMAGES, images.count));
  const mean = new Float32Array(pixels);
  const values = await images.read(shown);
  for (let i = 0; i < values.length; i++) mean[i % pixels] += values[i] / shown.length;
  tf.tidy(() => bias.assign(logit(tf.mean(tf.reshape(tf.tensor1d(mean), [-1, bias.size]), 0))));
}

/** Inverse of the sigmoid, for `x` limited to 0.01 to 0.99. */
export function logit(x: tf.Tensor): tf.Tensor {
  const clipped = tf.clipByValue(x, 0.01, 0.99);
  return tf.log(tf.div(clipped, tf.sub(1, clipped)));
}
