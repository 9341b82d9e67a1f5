import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { describeCollapse, measureCodes } from "../../../src/vae/evaluation/collapse.js";
import { createModel, type Model } from "../../../src/vae/models/index.js";
import { bars, useCpuBackend } from "../tiny-dataset.js";

beforeAll(useCpuBackend);

const size = { height: 4, width: 4, hiddenDim: 6 };
const images = bars(100, 4);
const report = (model: Model) => describeCollapse(model, images, undefined);

/** Makes the codes of a model `kernel` times its hidden units, plus `bias`. */
function changeCodes(model: Model, change: (kernel: tf.Tensor) => tf.Tensor, bias?: readonly number[]): void {
  const variable = (key: string) => model.variables.get(`encoder/mean/${key}`) as tf.Variable;
  tf.tidy(() => {
    variable("kernel").assign(change(variable("kernel")));
    if (bias) variable("bias").assign(tf.tensor1d([...bias]));
  });
}

it("reports nothing if codes vary in all dimensions", async () => {
  const model = createModel("ae", { ...size, zDim: 2 });
  changeCodes(model, (kernel) => tf.mul(kernel, 5));
  expect(await report(model)).toEqual([]);
  expect(await measureCodes(model, images, 50, undefined)).toEqual({ activeDimensions: 2 });
  model.dispose();
});

it("reports inactive dimensions and codes that are equal for all images", async () => {
  const model = createModel("vae", { ...size, zDim: 3 });
  changeCodes(model, (kernel) => tf.mul(kernel, tf.tensor2d([[5, 0, 5]])));
  expect(await report(model)).toEqual([expect.stringMatching(/^1 of the 3 dimensions of the code are inactive/)]);
  changeCodes(model, tf.zerosLike);
  expect(await report(model)).toEqual([expect.stringMatching(/^All images have nearly the same code: none of its 3/)]);
  model.dispose();
});

it("reports clusters without images", async () => {
  const model = createModel("gmvae", { ...size, zDim: 2, clusters: 3 });
  changeCodes(model, (kernel) => tf.mul(kernel, 5), [0, 0]);
  const centers = model.variables.get("prior/mean/bias") as tf.Variable;
  centers.assign(tf.tensor1d([0, 0, 1e4, 1e4, -1e4, 1e4]));
  expect(await report(model)).toEqual([expect.stringMatching(/^2 of the 3 clusters have no images \(1, 2, counted/)]);
  model.dispose();
});

it("reports codes of an adversarial autoencoder that do not match its prior", async () => {
  const model = createModel("aae", { ...size, zDim: 2 });
  changeCodes(model, (kernel) => tf.mul(kernel, 2), [3, 0]);
  const { means } = await model.encode(images);
  // KL of the fitted Gaussian, by the formula with trace and determinant.
  const mean = [0, 1].map((j) => Array.from({ length: 100 }, (_, i) => means.at(i, j)).reduce((x, y) => x + y) / 100);
  const moment = (a: number, b: number) =>
    Array.from({ length: 100 }, (_, i) => (means.at(i, a) - mean[a]) * (means.at(i, b) - mean[b])).reduce(
      (x, y) => x + y,
    ) / 100;
  const [xx, xy, yy] = [moment(0, 0), moment(0, 1), moment(1, 1)];
  const expected = (xx + yy + mean[0] ** 2 + mean[1] ** 2 - 2 - Math.log(xx * yy - xy * xy)) / 2;
  const { divergenceFromPrior } = await measureCodes(model, images, 100, undefined);
  expect(divergenceFromPrior).toBeCloseTo(expected, 1);
  expect(await report(model)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^The codes do not match their prior: .* diverges from the prior by/),
    ]),
  );
  expect(await measureCodes(model, images, 19, undefined)).not.toHaveProperty("divergenceFromPrior");
  model.dispose();
});
