import { describe, expect, test } from "vitest";
import { rowsInMemory } from "../../src/io/index.js";
import type { Matrix } from "../../src/matrix.js";
import { prepareData } from "../../src/preparation/index.js";
import { evaluate } from "../../src/quality/index.js";
import { embedLandmarks, runTsne, Tsne } from "../../src/tsne/index.js";
import { useFolder } from "../io/folder.js";
import { digest, makeGroups, makeUniform, mapValues, nearestNeighborAccuracy } from "./points.js";

const path = useFolder();
const [n, d] = [150, 6];
const data = makeGroups(n, d);
const sigma = makeUniform(n, d, 0.1, 1);
const settings = { sigma, distance: "likelihood-ratio", perplexity: 10, iterations: 250, threads: 2 } as const;
const scaled = (matrix: Matrix, factor: number) => mapValues(matrix, (value) => value * factor);

describe("the likelihood ratio", () => {
  test("gives the same bytes for data and sigma in other units, and with any number of threads", async () => {
    const few = { ...settings, iterations: 50 };
    const { embedding } = await runTsne(data, few);
    const other = await runTsne(scaled(data, 2 ** 30), { ...few, sigma: scaled(sigma, 2 ** 30), threads: 1 });
    expect(digest(other.embedding)).toBe(digest(embedding));
  });

  test("ignores columns and values without information", async () => {
    const isUseless = (i: number, k: number) => k === 4 || (i + k) % 5 === 0;
    const noisy = mapValues(data, (value, i, k) => (isUseless(i, k) ? 1e3 * Math.sin(i * i + k) : value));
    const known = mapValues(sigma, (value, i, k) => (isUseless(i, k) ? 1e3 : value));
    const { embedding } = await runTsne(noisy, { ...settings, sigma: known });
    expect(nearestNeighborAccuracy(embedding, 3)).toBeGreaterThan(0.9);
  });

  test("places new points, also into a saved run, which continues to the same bytes", async () => {
    const run = new Tsne(data, settings);
    const { embedding } = await run.fit(120);
    await run.save(path("ratio.tsne"));
    const again = await Tsne.load(path("ratio.tsne"), { threads: 1 });
    const placed = await again.place(data, { sigma, uncertainty: 3 });
    expect(digest(placed.embedding)).toBe(digest((await run.place(data, { sigma })).embedding));
    // Most points are placed next to points of their own group.
    const nearest = Array.from({ length: n }, (_, i) =>
      Math.hypot(placed.embedding.at(i, 0) - embedding.at(i, 0), placed.embedding.at(i, 1) - embedding.at(i, 1)),
    );
    expect(nearest.filter((distance) => distance < 3).length).toBeGreaterThan(0.8 * n);
    expect(digest((await again.fit()).embedding)).toBe(digest((await run.fit()).embedding));
  });

  test("works for landmarks, cells and evaluations", async () => {
    const many = makeGroups(1500, d);
    const manySigma = makeUniform(1500, d, 0.1, 1);
    const few = { distance: "likelihood-ratio", perplexity: 8, iterations: 20, threads: 2 } as const;
    const { embedding } = await embedLandmarks(rowsInMemory(many), {
      ...few,
      landmarks: 100,
      sigma: rowsInMemory(manySigma),
    });
    expect(embedding.data.every(Number.isFinite)).toBe(true);
    const { neighbors } = await runTsne(many, { ...few, sigma: manySigma, neighbors: "cells" });
    expect(neighbors).toMatchObject({ method: "cells", recall: expect.closeTo(1, 1) });
    const quality = await evaluate(many, many, {
      sigma: manySigma,
      distance: "likelihood-ratio",
      perplexity: 8,
      k: 10,
    });
    expect(quality.neighborhoods[0]?.trustworthiness.value).toBeGreaterThan(0.6);
    expect(quality.distanceCorrelation.spearman?.value).toBeGreaterThan(0.5);
  });

  test.each<[string, Matrix, Matrix]>([
    ["sigma of zero", data, scaled(sigma, 0)],
    ["sigma far beyond the data", data, scaled(sigma, 1e200)],
    ["data of 1e30 beside sigma of 1", scaled(data, 1e30), sigma],
    ["equal points", scaled(data, 0), sigma],
    ["three points", data.slice(0, 3), sigma.slice(0, 3)],
  ])("gives a finite embedding with %s", async (_, points, deviations) => {
    const perplexity = points.rows === 3 ? 1 : 10;
    const { embedding, kl } = await runTsne(points, { ...settings, sigma: deviations, perplexity, iterations: 30 });
    expect(embedding.data.every(Number.isFinite) && Number.isFinite(kl)).toBe(true);
  });
});

describe("posteriors", () => {
  test("are converted to the measurements that lead to them", () => {
    // y with variance lambda and the prior N(0, S) has the posterior mean y S / (S + lambda).
    const truth = makeUniform(2000, 2, -1, 1, 5);
    const lambda = (i: number) => 0.01 + (i % 10) / 10;
    const noise = makeUniform(2000, 2, -1, 1, 6);
    const measured = mapValues(truth, (x, i, k) => x + Math.sqrt(3 * lambda(i)) * noise.at(i, k));
    const prior = 1 / 3;
    const means = mapValues(measured, (y, i) => (y * prior) / (prior + lambda(i)));
    const deviations = mapValues(measured, (_, i) => Math.sqrt(1 / (1 / prior + 1 / lambda(i))));
    const found = prepareData(means, { sigma: deviations, sigmaIs: "posterior" });
    for (const i of [0, 7, 1234]) {
      expect(found.sigma?.at(i, 0) as number).toBeCloseTo(Math.sqrt(lambda(i)), 1);
      expect(found.means.at(i, 0)).toBeCloseTo(measured.at(i, 0), 1);
    }
  });

  test("as wide as the prior carry no information, and stay finite", () => {
    const means = mapValues(sigma, (_, i, k) => (k === 0 ? 0 : (i % 7) - 3));
    const { means: values, sigma: deviations } = prepareData(means, {
      sigma: mapValues(sigma, (_, __, k) => (k === 0 ? 1 : 0.5)),
      sigmaIs: "posterior",
    });
    expect(values.data.every(Number.isFinite)).toBe(true);
    expect(deviations?.at(3, 0)).toBeGreaterThan(30);
    expect(deviations?.at(3, 1)).toBeCloseTo(0.5, 1);
  });
});

test("a saved run of posteriors places new posteriors in the same way as its own", async () => {
  const posteriors = { means: mapValues(data, (x) => x / 2), sigma: mapValues(sigma, (s) => s / 2) };
  const prepared = prepareData(posteriors.means, { sigma: posteriors.sigma, sigmaIs: "posterior" });
  const run = new Tsne(prepared.means, { ...settings, sigma: prepared.sigma as Matrix });
  await run.fit(60);
  await run.save(path("posterior.tsne"), { preparation: prepared.preparation });
  const again = await Tsne.load(path("posterior.tsne"));
  const placed = await again.place(posteriors.means, { sigma: posteriors.sigma });
  const direct = await run.place(prepared.means, { sigma: prepared.sigma as Matrix });
  expect(digest(placed.embedding)).toBe(digest(direct.embedding));
});
