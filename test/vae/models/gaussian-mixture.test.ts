import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { Matrix } from "../../../src/matrix.js";
import { fitGaussianMixture, whiten } from "../../../src/vae/models/gmvae/gaussian-mixture.js";
import { createModel } from "../../../src/vae/models/index.js";
import { Pass } from "../../../src/vae/models/pass.js";
import { Random } from "../../../src/vae/random.js";
import { bars, useCpuBackend } from "../tiny-dataset.js";

it("finds the means and the common covariance of separate Gaussians", async () => {
  const truth = [
    [-8, 0],
    [8, 1],
    [0, 9],
  ] as const;
  const random = new Random(1, 1, 1);
  const points = new Float32Array(6000);
  for (let i = 0; i < 3000; i++) {
    const [x, y] = truth[i % 3] as readonly [number, number];
    const common = random.normal();
    points[2 * i] = x + common;
    points[2 * i + 1] = y + 0.8 * common + 0.6 * random.normal();
  }
  const { means, factor, shares } = await fitGaussianMixture(new Matrix(points, 3000, 2), 3, new Random(2, 2, 2));
  for (const [x, y] of truth) {
    const k = [0, 1, 2].findIndex((j) => Math.abs(means[2 * j] - x) < 0.5);
    expect(k).toBeGreaterThanOrEqual(0);
    expect(means[2 * k + 1]).toBeCloseTo(y, 0);
    expect(shares[k]).toBeCloseTo(1 / 3, 2);
  }
  // The covariance is [[1, 0.8], [0.8, 1]].
  [1, 0, 0.8, 0.6].forEach((value, at) => {
    expect(factor[at]).toBeCloseTo(value, 1);
  });
  const y = whiten([3, 5], factor);
  expect(factor[2] * y[0] + factor[3] * y[1]).toBeCloseTo(5, 9);
});

it("copes with fewer different points than components", async () => {
  const points = new Matrix(Float32Array.from([1, 1, 1, 1, 2, 2]), 3, 2);
  const { means, factor, shares } = await fitGaussianMixture(points, 5, new Random(1, 1, 1));
  for (const values of [means, factor, shares]) expect(values.every(Number.isFinite)).toBe(true);
  expect(Math.min(factor[0], factor[3])).toBeGreaterThan(0);
});

it("gives a mixture autoencoder codes in another basis that decode to the same images", async () => {
  await useCpuBackend();
  const model = createModel("gmvae", { height: 8, width: 8, zDim: 3, hiddenDim: 8, clusters: 2, pretrainEpochs: 1 });
  const images = bars(30);
  const before = await model.reconstruct(images);
  await model.beginEpoch({ epoch: 1, length: { epochs: 3, stepsPerEpoch: 1 }, images, seed: 1, signal: undefined });
  const after = await model.reconstruct(images);
  after.forEach((value, i) => {
    expect(value).toBeCloseTo(before[i], 4);
  });
  model.dispose();
});

it("draws views of an image to the same component, from where most of them are", async () => {
  await useCpuBackend();
  const sizes = { zDim: 2, hiddenDim: 8, clusters: 2, pretrainEpochs: 1, refineEpochs: 1 };
  const model = createModel("gmvae", { height: 8, width: 8, ...sizes });
  const images = bars(30);
  await model.beginEpoch({ epoch: 1, length: { epochs: 3, stepsPerEpoch: 1 }, images, seed: 1, signal: undefined });
  const values = await images.read(Int32Array.from({ length: 30 }, (_, i) => i));
  const centers = (await model.weights()).get("prior/mean/bias")?.values as Float32Array;
  const shares = (codes: Matrix) =>
    Array.from({ length: codes.rows }, (_, i) => {
      const kernel = [0, 1].map((k) => {
        const squares = [0, 1].map((j) => (codes.data[2 * i + j] - centers[2 * k + j]) ** 2);
        return 1 / (1 + squares[0] + squares[1]);
      });
      return kernel.map((value) => value / (kernel[0] + kernel[1]));
    });
  const views = values.map((value) => value / 2);
  const q = shares((await model.encode(views)).means);
  const others = shares((await model.encode(images)).means);
  const frequencies = [0, 1].map((k) => others.reduce((sum, row) => sum + row[k], 0));
  const expected = others.reduce((sum, row, i) => {
    const sharpened = row.map((share, k) => share ** 2 / frequencies[k]);
    const total = sharpened[0] + sharpened[1];
    return sum + sharpened.reduce((part, s, k) => part + (s / total) * Math.log(s / total / q[i][k]), 0);
  }, 0);
  const loss = tf.tidy(() => {
    const [x, y] = [views, values].map((batch) => tf.tensor4d(batch, [30, 8, 8, 1])) as [tf.Tensor4D, tf.Tensor4D];
    return model.loss(x, y, new Pass(new Random(1, 1, 1), { epoch: 1 })).parts.assignment?.dataSync()[0];
  });
  expect(loss).toBeCloseTo(expected / 30, 4);
  model.dispose();
});
