import { expect, it } from "vitest";
import { Matrix } from "../../../src/matrix.js";
import { fitGaussianMixture } from "../../../src/vae/models/gmvae/gaussian-mixture.js";
import { Random } from "../../../src/vae/random.js";

it("finds the means and variances of separate Gaussians", async () => {
  const truth = [
    { mean: [-5, 0], sd: [0.5, 1] },
    { mean: [5, 1], sd: [1, 0.3] },
    { mean: [0, 9], sd: [0.8, 0.8] },
  ];
  const random = new Random(1, 1, 1);
  const points = Float32Array.from({ length: 6000 }, (_, i) => {
    const { mean, sd } = truth[Math.floor(i / 2) % 3] as { mean: number[]; sd: number[] };
    return (mean[i % 2] as number) + (sd[i % 2] as number) * random.normal();
  });
  const { means, variances, shares } = await fitGaussianMixture(new Matrix(points, 3000, 2), 3, new Random(2, 2, 2));
  for (const { mean, sd } of truth) {
    const k = [0, 1, 2].findIndex((j) => Math.abs((means[2 * j] as number) - (mean[0] as number)) < 0.5);
    expect(k).toBeGreaterThanOrEqual(0);
    for (const j of [0, 1]) {
      expect(means[2 * k + j]).toBeCloseTo(mean[j] as number, 0);
      expect(Math.sqrt(variances[2 * k + j] as number)).toBeCloseTo(sd[j] as number, 1);
    }
    expect(shares[k]).toBeCloseTo(1 / 3, 2);
  }
});

it("copes with fewer different points than components", async () => {
  const points = new Matrix(Float32Array.from([1, 1, 1, 1, 2, 2]), 3, 2);
  const { means, variances, shares } = await fitGaussianMixture(points, 5, new Random(1, 1, 1));
  for (const values of [means, variances, shares]) expect(values.every(Number.isFinite)).toBe(true);
  expect(variances.every((variance) => variance > 0)).toBe(true);
});
