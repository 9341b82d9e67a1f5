import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createModel } from "../../../src/vae/models/index.js";
import { train } from "../../../src/vae/training/index.js";
import { barsDataset, useCpuBackend } from "../tiny-dataset.js";

const OPTIONS = { height: 8, width: 10, zDim: 3, hiddenDim: 12, filters: [3, 4], kernelSize: 3 };
const dataset = barsDataset(50, 8, 10);

/** Mean and population variance of every column of a tensor. */
function moments(x: tf.Tensor): { mean: number[]; variance: number[] } {
  const { mean, variance } = tf.moments(tf.reshape(x, [-1, x.shape.at(-1) as number]), 0);
  return { mean: Array.from(mean.dataSync()), variance: Array.from(variance.dataSync()) };
}

describe("batch statistics after a training", () => {
  beforeAll(useCpuBackend);

  it("are those of all training images", async () => {
    const model = createModel("micrograph-vae", OPTIONS);
    await train(model, dataset, { epochs: 1, batchSize: 10 });
    const values = await dataset.train.read(Int32Array.from({ length: 50 }, (_, i) => i));
    // The output of the first convolution does not depend on any batch.
    const [input, convolution] = [tf.tensor4d(values, [50, 8, 10, 1]), model.encoder.getLayer("conv_1")];
    const expected = moments(convolution.apply(tf.sub(tf.mul(input, 2), 1)) as tf.Tensor);
    for (const [key, numbers] of Object.entries(expected)) {
      const found = model.variables.get(`encoder/conv_1_norm/moving_${key}`)?.dataSync() as Float32Array;
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(numbers[i] as number, 5);
      });
    }
    model.dispose();
  });

  it("give codes of the intended spread, and standard deviations that differ between images, after few steps", async () => {
    const model = createModel("micrograph-vae", OPTIONS);
    await train(model, dataset, { epochs: 2, batchSize: 10 });
    const { means, sigma } = await model.encode(dataset.train);
    const spread = Math.sqrt(tf.mean(tf.square(Float32Array.from(means.data))).dataSync()[0] as number);
    expect(spread).toBeGreaterThan(2);
    expect(spread).toBeLessThan(3);
    const ofImages = Array.from({ length: 50 }, (_, i) => Array.from(sigma?.row(i) ?? []));
    const typical = ofImages.flat().sort((a, b) => a - b)[75] as number;
    expect(typical).toBeGreaterThan(0.3);
    expect(typical).toBeLessThan(1.5);
    const { variance } = moments(tf.tensor2d(ofImages));
    for (const value of variance) expect(value).toBeGreaterThan(0.01);
    model.dispose();
  });

  it("do not change models without batch statistics", async () => {
    const model = createModel("conv-vae", OPTIONS);
    expect(model.hasRunningStatistics).toBe(false);
    model.dispose();
  });
});
