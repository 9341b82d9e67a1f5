import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { Matrix } from "../../../src/matrix.js";
import { clusterAccuracy, evaluateModel } from "../../../src/vae/evaluation/index.js";
import { createModel, MODELS, type Model } from "../../../src/vae/models/index.js";
import { bars, useCpuBackend } from "../tiny-dataset.js";

beforeAll(useCpuBackend);

const density = (x: number, mean: number, sd: number) =>
  Math.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI));

/** Mean of log p(x) by the rectangle rule over a one-dimensional code. */
async function integrate(model: Model, images: Float32Array, prior: (z: number) => number): Promise<number> {
  const step = 0.02;
  const grid = Float64Array.from({ length: 800 }, (_, i) => -8 + i * step);
  const decoded = await model.decode(new Matrix(grid, grid.length, 1));
  const { pixels } = model;
  let total = 0;
  for (let start = 0; start < images.length; start += pixels) {
    let evidence = 0;
    for (const [i, z] of grid.entries()) {
      let log = 0;
      for (let j = 0; j < pixels; j++) {
        const [x, p] = [images[start + j], decoded[i * pixels + j]];
        log += x * Math.log(p) + (1 - x) * Math.log(1 - p);
      }
      evidence += Math.exp(log) * prior(z) * step;
    }
    total += Math.log(evidence);
  }
  return total / (images.length / pixels);
}

describe("the log-likelihood", () => {
  it("of a vae is the integral over the codes, and the bound is below it", async () => {
    const model = createModel("vae", { height: 4, width: 4, zDim: 1, hiddenDim: 6, seed: 3 });
    // The posterior is wider than the codes' true distribution, so that the weights have a small variance.
    model.variables.get("encoder/sd/bias")?.assign(tf.tensor1d([1.2]));
    const images = await bars(6, 4).read([0, 1, 2, 3, 4, 5]);
    const { logLikelihood, elbo, estimator, loss } = await evaluateModel(model, images, { draws: 3000 });
    expect(estimator).toBe("importance-sampling");
    expect(logLikelihood).toBeCloseTo(await integrate(model, images, (z) => density(z, 0, 1)), 1);
    expect(elbo).toBeCloseTo(-loss.reconstruction - loss.kl, 6);
    expect(elbo).toBeLessThan(logLikelihood);
    model.dispose();
  });

  it("of a gmvae is the integral over its mixture", async () => {
    const model = createModel("gmvae", {
      height: 4,
      width: 4,
      zDim: 1,
      wDim: 1,
      clusters: 2,
      hiddenDim: 4,
      numLayers: 1,
    });
    // If w has no influence, the mixture is constant.
    const assign = (key: string, values: number[]) =>
      model.variables.get(key)?.assign(tf.tensor(values, model.variables.get(key)?.shape));
    assign("prior/hidden/kernel", [0, 0, 0, 0]);
    assign("prior/mean/bias", [-1, 1.5]);
    assign("prior/sd/bias", [-1, 0]);
    assign("encoder/sd/bias", [2]);
    assign("encoder/w_sd/bias", [1]);
    const sigma = [Math.log1p(Math.exp(-1)) + 0.01, Math.log(2) + 0.01] as const;
    const images = await bars(4, 4).read([0, 1, 2, 3]);
    const { logLikelihood, elbo } = await evaluateModel(model, images, { draws: 3000 });
    const prior = (z: number) => 0.5 * (density(z, -1, sigma[0]) + density(z, 1.5, sigma[1]));
    expect(logLikelihood).toBeCloseTo(await integrate(model, images, prior), 1);
    expect(elbo).toBeLessThan(logLikelihood);
    model.dispose();
  });

  it("of models without a posterior over codes is that of the reconstruction", async () => {
    const model = createModel("ae", { height: 4, width: 4, zDim: 2, hiddenDim: 6 });
    const evaluation = await evaluateModel(model, bars(5, 4));
    expect(evaluation.estimator).toBe("reconstruction");
    expect(evaluation.logLikelihood).toBeCloseTo(-evaluation.loss.reconstruction, 4);
    expect(evaluation.reconstruction.logLikelihood).toBe(evaluation.logLikelihood);
    expect(evaluation.elbo).toBeUndefined();
    model.dispose();
  });
});

it.each(MODELS)(
  "%s is measured with clean and noisy input, the same each time, and leaves no tensors",
  async (name) => {
    const own = name.startsWith("conv") || name === "micrograph-vae" ? { filters: [2], kernelSize: 3 } : {};
    const model = createModel(name, { height: 6, width: 6, zDim: 2, hiddenDim: 6, ...own });
    const before = tf.memory().numTensors;
    const options = { draws: 4, noise: 0.3, batchSize: 4, binarize: true };
    const evaluation = await evaluateModel(model, bars(6, 6), options);
    expect(tf.memory().numTensors).toBe(before);
    expect(await evaluateModel(model, bars(6, 6), options)).toEqual(evaluation);
    expect(evaluation.count).toBe(6);
    expect(evaluation.logLikelihood).toBeLessThan(0);
    expect(evaluation.noisyReconstruction?.squaredError).toBeGreaterThan(0);
    expect(evaluation.noisyReconstruction?.logLikelihood).not.toBe(evaluation.reconstruction.logLikelihood);
    expect(evaluation.dimensions.varianceOfMeans).toHaveLength(2);
    expect(evaluation.clusters?.sizes.reduce((a, b) => a + b)).toBe(name.endsWith("gmvae") ? 6 : undefined);
    model.dispose();
  },
);

it("counts the active dimensions", async () => {
  const model = createModel("vae", { height: 4, width: 4, zDim: 3, hiddenDim: 6 });
  const kernel = model.variables.get("encoder/mean/kernel") as tf.Variable;
  kernel.assign(tf.mul(kernel, tf.tensor2d([[5, 0, 5]])));
  const { dimensions } = await evaluateModel(model, bars(20, 4), { draws: 1 });
  expect(dimensions.isActive).toEqual([true, false, true]);
  expect(dimensions.activeCount).toBe(2);
  expect(dimensions.kl).toHaveLength(3);
  const { means } = await model.encode(bars(20, 4));
  const column = Array.from({ length: 20 }, (_, i) => means.at(i, 0));
  const mean = column.reduce((a, b) => a + b) / 20;
  expect(dimensions.varianceOfMeans[0]).toBeCloseTo(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 20, 4);
  model.dispose();
});

it("checks its options", async () => {
  const model = createModel("ae", { height: 4, width: 4, zDim: 2, hiddenDim: 6 });
  await expect(evaluateModel(model, bars(0, 4))).rejects.toThrow("at least one image");
  await expect(evaluateModel(model, bars(2, 5))).rejects.toThrow("expected images of 4 x 4 x 1");
  await expect(evaluateModel(model, bars(2, 4), { draw: 3 } as object)).rejects.toThrow('did you mean "draws"?');
  await expect(evaluateModel(model, bars(2, 4), { draws: 0 })).rejects.toThrow("draws: expected an integer from 1");
  await expect(evaluateModel(model, new Float32Array(17))).rejects.toThrow("images of 4 x 4 x 1");
  await expect(evaluateModel(model, bars(2, 4), { signal: AbortSignal.abort() })).rejects.toThrow("stopped");
  model.dispose();
});

describe("clusterAccuracy", () => {
  it("gives every cluster the most frequent label of its images", () => {
    const clusters = [0, 0, 0, 1, 1, 3];
    const labels = [7, 7, 2, 2, 2, 7];
    expect(clusterAccuracy(clusters, labels, 4)).toEqual({
      accuracy: 5 / 6,
      normalizedMutualInformation: expect.closeTo(0.4399, 4),
      labels: [7, 2, -1, 7],
      sizes: [3, 2, 0, 1],
    });
  });

  it("has a mutual information of 1 if the clusters equal the labels, and of 0 if they are independent of the labels", () => {
    expect(clusterAccuracy([1, 1, 0, 0], [5, 5, 6, 6], 2).normalizedMutualInformation).toBeCloseTo(1);
    expect(clusterAccuracy([0, 1, 0, 1], [5, 5, 6, 6], 2).normalizedMutualInformation).toBeCloseTo(0);
    expect(clusterAccuracy([0, 0], [5, 5], 1).normalizedMutualInformation).toBe(1);
  });
});
