import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { createModel, type Model } from "../../../src/vae/models/index.js";
import { Pass } from "../../../src/vae/models/pass.js";
import { Random } from "../../../src/vae/random.js";
import { bars, useCpuBackend } from "../tiny-dataset.js";

beforeAll(useCpuBackend);

const size = { height: 4, width: 4, zDim: 2, hiddenDim: 6 };

/** The loss and its parts for six images, always with the same random numbers. */
async function lossOf(model: Model, trainingCount = 1): Promise<Record<string, number>> {
  const values = await bars(6, 4).read([0, 1, 2, 3, 4, 5]);
  const x = tf.tensor4d(values, [6, 4, 4, 1]);
  const { total, parts } = model.loss(x, x, new Pass(new Random(7, 1, 0), { trainingCount }));
  const entries = [["total", total] as const, ...Object.entries(parts)];
  return Object.fromEntries(entries.map(([name, part]) => [name, part.dataSync()[0]]));
}

/** Log importance weights of the same images and random numbers, n x draws. */
async function logWeightsOf(model: Model, draws: number): Promise<number[][]> {
  const values = await bars(6, 4).read([0, 1, 2, 3, 4, 5]);
  const weights = model.logImportanceWeights(tf.tensor4d(values, [6, 4, 4, 1]), draws, new Pass(new Random(7, 1, 0)));
  return weights.arraySync() as number[][];
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

it("uses the logarithm of the mean of the importance weights as the loss of iwae", async () => {
  const model = createModel("iwae", { ...size, importanceDraws: 4 });
  const weights = await logWeightsOf(model, 4);
  const bound = mean(weights.map((row) => Math.log(mean(row.map(Math.exp)))));
  expect((await lossOf(model)).total).toBeCloseTo(-bound, 4);
});

it("gives a tighter bound with more draws", async () => {
  const losses = [];
  for (const importanceDraws of [1, 10, 500]) {
    losses.push((await lossOf(createModel("iwae", { ...size, importanceDraws }))).total);
  }
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
});

it("splits the divergence of beta-tc-vae into three terms whose sum is the divergence of one draw", async () => {
  const model = createModel("beta-tc-vae", { ...size, beta: 1 });
  const { total, reconstruction, mutualInformation, totalCorrelation, dimensions } = await lossOf(model, 48);
  expect(total).toBeCloseTo(reconstruction + mutualInformation + totalCorrelation + dimensions, 4);
  const elbo = mean((await logWeightsOf(model, 1)).map(([weight]) => weight));
  expect(total).toBeCloseTo(-elbo, 4);
});

it("weights only the total correlation by beta", async () => {
  const [plain, weighted] = await Promise.all(
    [1, 6].map((beta) => lossOf(createModel("beta-tc-vae", { ...size, beta }), 48)),
  );
  expect(weighted.total - plain.total).toBeCloseTo(5 * plain.totalCorrelation, 4);
});

it("estimates the total correlation like a reference implementation with loops", async () => {
  const model = createModel("beta-tc-vae", size);
  const values = await bars(6, 4).read([0, 1, 2, 3, 4, 5]);
  const pass = new Pass(new Random(7, 1, 0));
  const posterior = model.posterior(tf.tensor4d(values, [6, 4, 4, 1]), pass);
  const [means, sigma] = [posterior.mean, posterior.sd as tf.Tensor2D].map((one) => one.arraySync() as number[][]);
  const z = (pass.draw(posterior.mean, posterior.sd as tf.Tensor2D) as tf.Tensor2D).arraySync();
  const density = (i: number, j: number, k: number) =>
    Math.exp(-0.5 * ((z[i][k] - means[j][k]) / sigma[j][k]) ** 2) / (sigma[j][k] * Math.sqrt(2 * Math.PI));
  const rows = [0, 1, 2, 3, 4, 5];
  const scale = 6 * 48;
  const correlation = mean(
    rows.map((i) => {
      const joint = rows.reduce((sum, j) => sum + density(i, j, 0) * density(i, j, 1), 0) / scale;
      const marginals = [0, 1].map((k) => rows.reduce((sum, j) => sum + density(i, j, k), 0) / scale);
      return Math.log(joint) - Math.log(marginals[0]) - Math.log(marginals[1]);
    }),
  );
  expect((await lossOf(model, 48)).totalCorrelation).toBeCloseTo(correlation, 4);
});
