import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { AbortError } from "../../../src/errors.js";
import { Matrix } from "../../../src/matrix.js";
import type { Images } from "../../../src/vae/datasets/dataset.js";
import { imagesInMemory } from "../../../src/vae/datasets/index.js";
import { clusterAccuracy } from "../../../src/vae/evaluation/clusters.js";
import { fitGaussianMixture } from "../../../src/vae/models/gmvae/gaussian-mixture.js";
import { clusterImages } from "../../../src/vae/models/gmvae/image-clusters.js";
import { knownShare } from "../../../src/vae/models/gmvae/phases.js";
import { createModel } from "../../../src/vae/models/index.js";
import { Pass, SERIES } from "../../../src/vae/models/pass.js";
import { whiten } from "../../../src/vae/moments.js";
import { Random } from "../../../src/vae/random.js";
import { bars, useCpuBackend } from "../tiny-dataset.js";

const warn = () => {};

/** Noisy images whose upper or lower half is bright. The label is the half. */
function blots(count: number): Images {
  const random = new Random(3, 3, 3);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const values = Float32Array.from({ length: count * 64 }, (_, at) => {
    const isBright = Math.floor((at % 64) / 32) === labels[Math.floor(at / 64)];
    return (isBright ? 0.6 : 0.1) + 0.3 * random.uniform();
  });
  return imagesInMemory(values, [8, 8, 1], labels);
}

it("finds the means, covariances and shares of Gaussians that overlap in every coordinate", async () => {
  const random = new Random(1, 1, 1);
  const points = new Float32Array(8000);
  for (let i = 0; i < 4000; i++) {
    const common = random.normal();
    const [x, y] =
      i % 4 === 0 ? [3 * common, 0.3 * random.normal()] : [5 + common, 0.8 * common + 0.6 * random.normal()];
    points[2 * i] = x;
    points[2 * i + 1] = i % 4 === 0 ? y + 6 : y;
  }
  const { means, factors, shares } = await fitGaussianMixture(new Matrix(points, 4000, 2), 2, new Random(2, 2, 2));
  const [long, tilted] = shares[0] < shares[1] ? [0, 1] : [1, 0];
  expect(shares[long]).toBeCloseTo(1 / 4, 1);
  [0, 6].forEach((value, j) => {
    expect(means[2 * long + j]).toBeCloseTo(value, 0);
  });
  [5, 0].forEach((value, j) => {
    expect(means[2 * tilted + j]).toBeCloseTo(value, 1);
  });
  [3, 0, 0, 0.3].forEach((value, at) => {
    expect(factors[long][at]).toBeCloseTo(value, 0);
  });
  // The covariance is [[1, 0.8], [0.8, 1]].
  [1, 0, 0.8, 0.6].forEach((value, at) => {
    expect(factors[tilted][at]).toBeCloseTo(value, 1);
  });
  const y = whiten([3, 5], factors[tilted]);
  expect(factors[tilted][2] * y[0] + factors[tilted][3] * y[1]).toBeCloseTo(5, 9);
});

it("accepts fewer different points than components", async () => {
  const points = new Matrix(Float32Array.from([1, 1, 1, 1, 2, 2]), 3, 2);
  const { means, factors, shares } = await fitGaussianMixture(points, 5, new Random(1, 1, 1));
  for (const values of [means, ...factors, shares]) expect(values.every(Number.isFinite)).toBe(true);
  for (const factor of factors) expect(Math.min(factor[0], factor[3])).toBeGreaterThan(0);
});

describe("clusters of images", () => {
  const found = async (images: Images, seed = 1) =>
    clusterImages(images, 2, new Random(seed, SERIES.mixture, 0), undefined);

  it("are found in their t-SNE embedding, and are the same for the same seed", async () => {
    const images = blots(200);
    const { labels, isEmbedded } = await found(images);
    expect(isEmbedded).toBe(true);
    expect(clusterAccuracy(labels, images.labels as Int32Array, 2).accuracy).toBe(1);
    expect((await found(images)).labels).toEqual(labels);
  });

  it("are found in principal components if there are too few images for an embedding", async () => {
    const images = blots(20);
    const { labels, isEmbedded } = await found(images);
    expect(isEmbedded).toBe(false);
    expect(clusterAccuracy(labels, images.labels as Int32Array, 2).accuracy).toBe(1);
    expect((await found(blots(1))).labels).toEqual(Int32Array.of(0));
  });

  it("stop when the signal is aborted", async () => {
    const signal = AbortSignal.abort();
    await expect(clusterImages(blots(40), 2, new Random(1, 1, 1), signal)).rejects.toThrow(AbortError);
  });
});

it("changes the basis of a mixture autoencoder's codes, which decode to the same images", async () => {
  await useCpuBackend();
  const model = createModel("gmvae", { height: 8, width: 8, zDim: 3, hiddenDim: 8, clusters: 2, pretrainEpochs: 1 });
  const images = bars(30);
  const before = await model.reconstruct(images);
  await model.beginEpoch({
    epoch: 1,
    length: { epochs: 3, stepsPerEpoch: 1 },
    images,
    seed: 1,
    signal: undefined,
    warn,
  });
  const after = await model.reconstruct(images);
  after.forEach((value, i) => {
    expect(value).toBeCloseTo(before[i], 4);
  });
  model.dispose();
});

it("draws views of an image to the component in which most of them are", async () => {
  await useCpuBackend();
  const sizes = { zDim: 2, hiddenDim: 8, clusters: 2, pretrainEpochs: 1, refineEpochs: 1 };
  const model = createModel("gmvae", { height: 8, width: 8, ...sizes });
  const images = bars(30);
  await model.beginEpoch({
    epoch: 1,
    length: { epochs: 3, stepsPerEpoch: 1 },
    images,
    seed: 1,
    signal: undefined,
    warn,
  });
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

it("first learns the clusters of the images, then those of the codes, and keeps the latter while the bound is the loss", async () => {
  await useCpuBackend();
  const sizes = { zDim: 2, hiddenDim: 8, clusters: 2, pretrainEpochs: 1, refineEpochs: 2 };
  const model = createModel("gmvae", { height: 8, width: 8, ...sizes });
  const images = blots(40);
  const length = { epochs: 5, stepsPerEpoch: 1 };
  await model.beginEpoch({ epoch: 1, length, images, seed: 1, signal: undefined, warn });
  const known = model.trainingTensors.get("clusters")?.values as Float32Array;
  expect(clusterAccuracy(known, images.labels as Int32Array, 2).accuracy).toBe(1);
  const rows = Int32Array.of(0, 1, 2, 3);
  const values = await images.read(rows);
  const assignment = (epoch: number, of: Int32Array | undefined) =>
    tf.tidy(() => {
      const x = tf.tensor4d(values, [4, 8, 8, 1]);
      const { parts } = model.loss(x, x, new Pass(new Random(1, 1, 1), { epoch, length, rows: of }));
      return parts.assignment?.dataSync()[0];
    });
  const first = assignment(1, rows);
  expect(first).not.toBe(assignment(1, undefined));
  // If the other cluster is the known one, the same codes are wrong.
  known.forEach((label, i) => {
    known[i] = 1 - label;
  });
  expect(assignment(1, rows)).toBeGreaterThan(first as number);
  expect([1, 2].map((epoch) => knownShare(epoch, { pretrain: 1, refine: 2 }))).toEqual([1, 0.5]);
  await model.beginEpoch({ epoch: 3, length, images, seed: 1, signal: undefined, warn });
  expect(clusterAccuracy(model.trainingTensors.get("clusters")?.values ?? [], known, 2).accuracy).toBeGreaterThan(0.5);
  expect(assignment(3, rows)).toBeGreaterThanOrEqual(0);
  expect(assignment(Number.POSITIVE_INFINITY, rows)).toBeUndefined();
  model.dispose();
});
