import type { Recipe } from "./model.js";

/** How most models are trained: 20 epochs of Adam. */
export const PLAIN_RECIPE: Recipe = {
  epochs: 20,
  batchSize: 128,
  learningRate: 0.001,
  schedule: "constant",
  beta1Decay: false,
  augmentation: "none",
};
