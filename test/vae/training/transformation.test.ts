import { describe, expect, it } from "vitest";
import { Random } from "../../../src/vae/random.js";
import { scheduleAt } from "../../../src/vae/training/schedule.js";
import { binarize, shiftImages } from "../../../src/vae/training/transformation.js";

const random = () => new Random(1, 2, 3);

describe("binarize", () => {
  it("draws 1 with the value as its probability", () => {
    const drawn = binarize(new Float32Array(50_000).fill(0.3), random());
    expect(drawn.reduce((sum, value) => sum + value) / drawn.length).toBeCloseTo(0.3, 2);
    expect(new Set(drawn)).toEqual(new Set([0, 1]));
  });
});

describe("shiftImages", () => {
  it("shifts images slightly and keeps the range of values", () => {
    const size = 20;
    const image = new Float32Array(size * size);
    image[10 * size + 10] = 1;
    const view = shiftImages(image, { height: size, width: size, channels: 1 }, random());
    const total = view.reduce((sum, value) => sum + value);
    expect(total).toBeCloseTo(1, 0);
    const row = view.reduce((sum, value, i) => sum + value * Math.floor(i / size), 0) / total;
    expect(Math.abs(row - 10)).toBeLessThan(3);
    expect(view.every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});

describe("scheduleAt", () => {
  it("halves the learning rate and beta1 after every sixth of the training", () => {
    const settings = { learningRate: 1, schedule: "halving", beta1Decay: true, warmupSteps: 0 } as const;
    const rates = [0, 9, 10, 25, 59].map((step) => scheduleAt(step, 60, settings));
    expect(rates.map(({ learningRate }) => learningRate)).toEqual([1, 1, 0.5, 0.25, 1 / 32]);
    expect(rates.map(({ beta1 }) => beta1)).toEqual([0.9, 0.9, 0.45, 0.225, 0.9 / 32]);
  });

  it("decreases along a cosine, or stays constant", () => {
    const at = (schedule: "cosine" | "constant") =>
      [0, 30, 60].map(
        (step) => scheduleAt(step, 60, { learningRate: 2, schedule, beta1Decay: false, warmupSteps: 0 }).learningRate,
      );
    expect(at("cosine").map((rate) => Math.round(rate * 1e9) / 1e9)).toEqual([2, 1, 0]);
    expect(at("constant")).toEqual([2, 2, 2]);
  });
});
