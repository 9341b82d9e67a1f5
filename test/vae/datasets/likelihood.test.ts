import { expect, it } from "vitest";
import { imagesInMemory, suitableLikelihood } from "../../../src/vae/datasets/index.js";

const datasetOf = (values: readonly number[], likelihood?: "bernoulli" | "learned-gaussian") => {
  const train = imagesInMemory(Float32Array.from(values), [1, values.length, 1]);
  const none = imagesInMemory(new Float32Array(0), [1, values.length, 1]);
  const shape = { height: 1, width: values.length, channels: 1 };
  return { name: "mine", ...shape, train, validation: none, test: none, all: train, likelihood, close: async () => {} };
};

it("chooses a Gaussian likelihood for gray images", async () => {
  const found = await suitableLikelihood(datasetOf([0, 0.4, 0.5, 0.6, 1, 0, 0.3, 1, 0.5, 0.5]));
  expect(found).toEqual({ likelihood: "learned-gaussian", reason: "because 60 % of the pixels are gray" });
});

it("chooses a Bernoulli likelihood for black and white images", async () => {
  const found = await suitableLikelihood(datasetOf([0, 0, 0.05, 1, 1, 0.97, 0.5, 0, 1, 1]));
  expect(found).toEqual({ likelihood: "bernoulli", reason: "because only 10 % of the pixels are gray" });
});

it("chooses the usual likelihood of a named data set, whatever its values", async () => {
  const found = await suitableLikelihood(datasetOf([0.5, 0.5], "bernoulli"));
  expect(found).toEqual({ likelihood: "bernoulli", reason: "as is customary for mine" });
});
