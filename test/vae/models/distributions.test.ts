import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  BernoulliLikelihood,
  GaussianLikelihood,
  inverseSoftplus,
  klBetweenNormals,
  klToStandardNormal,
  logNormal,
  logStandardNormal,
} from "../../../src/vae/models/distributions.js";
import { createModel, MODELS, type Model } from "../../../src/vae/models/index.js";
import { dense, Network } from "../../../src/vae/models/network.js";
import { Pass } from "../../../src/vae/models/pass.js";
import { WeightPosterior } from "../../../src/vae/models/weight-posterior.js";
import { Random } from "../../../src/vae/random.js";
import { bars, useCpuBackend } from "../tiny-dataset.js";

beforeAll(useCpuBackend);

const logDensity = (x: number, mean: number, sd: number) =>
  -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd * Math.sqrt(2 * Math.PI));
const density = (x: number, mean: number, sd: number) => Math.exp(logDensity(x, mean, sd));

/** KL(N(mean, sd^2) || N(priorMean, priorSd^2)) by the rectangle rule. */
function numericKl(mean: number, sd: number, priorMean: number, priorSd: number): number {
  const step = sd / 200;
  let sum = 0;
  for (let x = mean - 12 * sd; x <= mean + 12 * sd; x += step) {
    sum += density(x, mean, sd) * (logDensity(x, mean, sd) - logDensity(x, priorMean, priorSd)) * step;
  }
  return sum;
}

const cases = [
  [0, 1, 0, 1],
  [0.7, 0.2, 0, 1],
  [-1.5, 2, 0.5, 0.6],
  [3, 0.05, 2.9, 0.5],
] as const;

describe("closed forms", () => {
  it.each(cases)("KL of N(%f, %f^2) from N(%f, %f^2) is the integral", async (mean, sd, priorMean, priorSd) => {
    const of = (value: number) => tf.tensor2d([[value]]);
    const [kl] = await klBetweenNormals(of(mean), of(sd), of(priorMean), of(priorSd)).data();
    expect(kl).toBeCloseTo(numericKl(mean, sd, priorMean, priorSd), 3);
    const [standard] = await klToStandardNormal(of(mean), of(sd)).data();
    expect(standard).toBeCloseTo(numericKl(mean, sd, 0, 1), 3);
  });

  it("log densities are sums over dimensions", async () => {
    const x = tf.tensor2d([[0.3, -2]]);
    const [log] = await logNormal(x, tf.tensor2d([[1, -1]]), tf.tensor2d([[0.5, 3]])).data();
    expect(log).toBeCloseTo(Math.log(density(0.3, 1, 0.5) * density(-2, -1, 3)), 5);
    const [standard] = await logStandardNormal(x).data();
    expect(standard).toBeCloseTo(Math.log(density(0.3, 0, 1) * density(-2, 0, 1)), 5);
  });

  it("inverseSoftplus is the inverse of softplus", () => {
    for (const x of [1e-6, 0.01, 1, 30]) expect(Math.log1p(Math.exp(inverseSoftplus(x)))).toBeCloseTo(x, 9);
  });
});

describe("likelihoods", () => {
  const values = [0, 1, 0.25, 0.8];
  const raws = [-30, 2, 0.5, -1];
  const tensors = () => [tf.tensor4d(values, [1, 2, 2, 1]), tf.tensor4d(raws, [1, 2, 2, 1])] as const;
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

  it("the Bernoulli likelihood equals its formula", async () => {
    const [log] = await new BernoulliLikelihood().logProbability(...tensors()).data();
    const expected = values.map((x, i) => x * Math.log(sigmoid(raws[i])) + (1 - x) * Math.log(sigmoid(-raws[i])));
    expect(log).toBeCloseTo(
      expected.reduce((a, b) => a + b),
      4,
    );
  });

  it.each([false, true])(
    "the Gaussian likelihood equals its formula, with a learned variance: %s",
    async (isLearnt) => {
      const [log] = await new GaussianLikelihood(0.04, isLearnt).logProbability(...tensors()).data();
      const expected = values.map((x, i) => Math.log(density(x, sigmoid(raws[i]), 0.2)));
      expect(log).toBeCloseTo(
        expected.reduce((a, b) => a + b),
        3,
      );
    },
  );
});

describe("a posterior of weights", () => {
  const network = () => new Network("n", [3], [dense("layer", 2)], [{ name: "out", layers: [] }], new Random(1, 2, 3));

  it("has the divergence of the formula", async () => {
    const net = network();
    const posterior = new WeightPosterior([net], 0.5);
    const rho = posterior.variables.get("n/layer/kernel_rho") as tf.Variable;
    rho.assign(tf.tensor2d([-1, 0, 1, 2, 0.5, -3], [3, 2]));
    const means = net.variables.get("n/layer/kernel")?.variable as tf.Variable;
    const kernel = Array.from(await means.data());
    const sigmas = Array.from(await tf.softplus(rho).data());
    const weights = [...kernel.map((mean, i) => [mean, sigmas[i]]), [0, 0.01], [0, 0.01]] as [number, number][];
    const expected = weights.reduce((sum, [mean, sigma]) => sum + numericKl(mean, sigma, 0, 0.5), 0);
    expect((await posterior.klDivergence().data())[0]).toBeCloseTo(expected, 2);
  });

  it("gives outputs with the same distribution as drawn weights", async () => {
    const net = network();
    const posterior = new WeightPosterior([net], 1);
    for (const rho of posterior.variables.values()) rho.assign(tf.fill(rho.shape, inverseSoftplus(0.3)));
    const x = [0.5, -1, 2];
    const draws = 20_000;
    const [out] = net.raw(tf.tile(tf.tensor2d([x]), [draws, 1]), new Pass(new Random(5, 6, 7)), posterior);
    const { mean, variance } = tf.moments(out, 0);
    const [expected] = net.infer(tf.tensor2d([x]));
    const spread = 0.3 ** 2 * (1 + x.reduce((sum, value) => sum + value * value, 0));
    for (const j of [0, 1]) {
      expect((await mean.data())[j]).toBeCloseTo((await expected.data())[j], 1);
      expect((await variance.data())[j]).toBeCloseTo(spread, 1);
    }
  });
});

/**
 * Sets biases other than 0. If all units before a ReLU are 0, its input is its bias, and a bias of 0 is the point
 * without a gradient.
 */
function leaveBorders(model: Model): void {
  const random = new Random(5, 5, 5);
  for (const [key, variable] of model.variables) {
    if (!key.endsWith("/bias")) continue;
    const values = random.normals(variable.size).subarray(0, variable.size);
    tf.tidy(() => variable.assign(tf.add(variable, tf.mul(tf.tensor(values, variable.shape), 0.05))));
  }
}

describe.each(MODELS)("gradients of %s", (name) => {
  it("are those of finite differences", async () => {
    // Few units are used, so that a small step rarely crosses the zero of a ReLU, where differences do not equal
    // gradients.
    const tiny = { height: 4, width: 4, zDim: 2, hiddenDim: 3, filters: [2], kernelSize: 3, seed: 7 };
    const { filters, kernelSize, ...plain } = tiny;
    const isPlain = !name.startsWith("conv") && name !== "micrograph-vae";
    const mixture = name.endsWith("gmvae") ? { clusters: 3, pretrainEpochs: 0 } : {};
    const model = createModel(name, { ...(isPlain ? plain : tiny), ...mixture });
    // Some draws of iwae switch off all units of a layer.
    if (name.endsWith("iwae")) leaveBorders(model);
    const x = tf.tensor4d(await bars(6, 4).read([0, 1, 2, 3, 4, 5]), [6, 4, 4, 1]);
    for (const phase of model.phases()) {
      const parts = () => phase.loss(x, x, new Pass(new Random(1, 1, 1), { training: true, trainingCount: 2 }));
      const variables = phase.variables.map((key) => model.variables.get(key) as tf.Variable);
      const partNames = Object.keys(tf.tidy(() => ({ ...parts().parts })));
      for (const part of partNames) {
        const loss = () => parts().parts[part];
        const { grads } = tf.variableGrads(() => tf.mul(loss(), 1), variables);
        // The difference is taken along a random direction in the space of all variables.
        const random = new Random(3, 3, 3);
        const directions = variables.map((variable) =>
          tf.tensor(random.normals(variable.size).subarray(0, variable.size), variable.shape),
        );
        const move = (by: number) =>
          tf.tidy(() => {
            variables.forEach((variable, i) => {
              variable.assign(tf.add(variable, tf.mul(directions[i], by)));
            });
          });
        // Batch normalization over few images makes the loss of micrograph-vae strongly curved.
        const step = name === "micrograph-vae" ? 5e-5 : 2e-3;
        move(step);
        const above = (await tf.tidy(loss).data())[0];
        move(-2 * step);
        const below = (await tf.tidy(loss).data())[0];
        move(step);
        const slope = variables.reduce((sum, variable, i) => {
          const gradient = grads[variable.name];
          return gradient ? sum + tf.sum(tf.mul(gradient, directions[i])).dataSync()[0] : sum;
        }, 0);
        const difference = (above - below) / (2 * step);
        expect(Math.abs(slope - difference), `${phase.name}: ${part}, ${slope} and ${difference}`).toBeLessThan(
          0.03 * Math.abs(difference) + 0.02,
        );
      }
    }
    model.dispose();
  });
});
