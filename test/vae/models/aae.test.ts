import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { measureCodes } from "../../../src/vae/evaluation/collapse.js";
import { createModel } from "../../../src/vae/models/index.js";
import { Pass } from "../../../src/vae/models/pass.js";
import { Random } from "../../../src/vae/random.js";
import { train } from "../../../src/vae/training/index.js";
import { bars, barsDataset, useCpuBackend } from "../tiny-dataset.js";

beforeAll(useCpuBackend);

it("measures how far the mean and the covariance of a batch's codes are from those of the prior", async () => {
  const model = createModel("aae", { height: 4, width: 4, zDim: 2, hiddenDim: 6 });
  const images = bars(10, 4);
  const { means } = await model.encode(images);
  const mean = [0, 1].map((j) => Array.from({ length: 10 }, (_, i) => means.at(i, j)).reduce((a, b) => a + b) / 10);
  let expected = mean[0] ** 2 + mean[1] ** 2;
  for (const [a, b] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const) {
    const products = Array.from({ length: 10 }, (_, i) => (means.at(i, a) - mean[a]) * (means.at(i, b) - mean[b]));
    expected += (products.reduce((x, y) => x + y) / 10 - (a === b ? 1 : 0)) ** 2;
  }
  const values = await images.read(Int32Array.from({ length: 10 }, (_, i) => i));
  const found = tf.tidy(() => {
    const x = tf.tensor4d(values, [10, 4, 4, 1]);
    return model.loss(x, x, new Pass(new Random(1, 1, 1))).parts.moments?.dataSync()[0];
  });
  expect(found).toBeCloseTo(expected, 4);
  model.dispose();
});

it("learns codes that match the prior after a few hundred steps", async () => {
  const model = createModel("aae", { height: 6, width: 6, zDim: 2, hiddenDim: 16 });
  const dataset = barsDataset(128, 6);
  const { warnings } = await train(model, dataset, { epochs: 150, batchSize: 64 });
  expect((await measureCodes(model, dataset.train, 128, undefined)).divergenceFromPrior).toBeLessThan(0.1);
  expect(warnings).toEqual([]);
  model.dispose();
});
