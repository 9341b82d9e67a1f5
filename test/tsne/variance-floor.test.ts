import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compare } from "../../src/compare/index.js";
import type { Matrix } from "../../src/matrix.js";
import { evaluate } from "../../src/quality/index.js";
import { nearest } from "../../src/search/index.js";
import { type DistanceName, estimateNoiseModel, runTsne, Tsne } from "../../src/tsne/index.js";
import { digest, makeGroups, makeUniform, mapValues } from "./points.js";

const [n, d] = [120, 4];
const data = makeGroups(n, d);
const sigma = makeUniform(n, d, 0.1, 1);
const settings = { sigma, perplexity: 10, iterations: 60, threads: 2 };
const scaled = (matrix: Matrix, factor: number) => mapValues(matrix, (value) => value * factor);
const floorOfAll = async () => (await estimateNoiseModel(data, sigma)).varianceFloor;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-floor-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("the automatic variance floor", () => {
  test.each<[DistanceName, number]>([
    ["inverse-variance", 1],
    ["mahalanobis", 1],
    ["bhattacharyya", 0.5],
    ["jeffreys", 0.5],
  ])("is estimated and reported for %s", async (distance, share) => {
    const { varianceFloor, options, embedding } = await runTsne(data, { ...settings, distance });
    expect(varianceFloor).toBeCloseTo(share * (await floorOfAll()), 12);
    expect(options.varianceFloor).toBe("auto");
    const given = await runTsne(data, { ...settings, distance, varianceFloor: varianceFloor as number });
    expect(digest(given.embedding)).toBe(digest(embedding));
    expect(given.varianceFloor).toBe(varianceFloor);
  });

  test.each<DistanceName>(["euclidean", "expected", "wasserstein"])("is undefined for %s", async (distance) => {
    expect((await runTsne(data, { ...settings, distance })).varianceFloor).toBeUndefined();
  });

  test("gives the same bytes for data and sigma in other units", async () => {
    const { embedding, varianceFloor } = await runTsne(data, settings);
    for (const factor of [2 ** -7, 2 ** 40]) {
      const other = await runTsne(scaled(data, factor), { ...settings, sigma: scaled(sigma, factor) });
      expect(digest(other.embedding)).toBe(digest(embedding));
      expect(other.varianceFloor).toBeCloseTo((varianceFloor as number) * factor ** 2, 12);
    }
  });

  test("gives the same KL divergence for units in which the values are rounded", async () => {
    const atStart = { ...settings, iterations: 0 };
    const { kl } = await runTsne(data, atStart);
    const other = await runTsne(scaled(data, 0.01), { ...atStart, sigma: scaled(sigma, 0.01) });
    expect(other.kl).toBeCloseTo(kl, 5);
  });

  test("does not change when the rows are moved or the columns are exchanged or mirrored", async () => {
    const mirror = (matrix: Matrix, sign: number) =>
      mapValues(matrix, (_, i, k) => matrix.at(i, d - 1 - k) * (k === 0 ? sign : 1) + (sign < 0 ? 3 : 0));
    const { varianceFloor } = await estimateNoiseModel(mirror(data, -1), mirror(sigma, 1));
    expect(varianceFloor).toBeCloseTo(await floorOfAll(), 5);
  });

  test("is the same in every function", async () => {
    const floor = await floorOfAll();
    const { embedding } = await runTsne(data, settings);
    expect((await evaluate(data, embedding, { sigma })).varianceFloor).toBe(floor);
    expect((await nearest(data, 3, { sigma })).varianceFloor).toBe(floor);
    const { references, maps } = await compare(data, { sigma, perplexity: 10, iterations: 20 });
    expect(references.map(({ varianceFloor }) => varianceFloor)).toEqual([undefined, floor]);
    expect(maps.map(({ options }) => options.varianceFloor)).toEqual(["auto", "auto"]);
  });

  test("is kept in a saved run, which continues and places points as before", async () => {
    const run = new Tsne(data, settings);
    const { varianceFloor } = await run.fit(20);
    const file = join(folder, "run.tsne");
    await run.save(file);
    const again = await Tsne.load(file, { threads: 2 });
    const others = { sigma: makeUniform(5, d, 0.1, 1, 3) };
    const points = makeUniform(5, d, -2, 2);
    expect(await again.place(points, others)).toMatchObject({
      embedding: (await run.place(points, others)).embedding,
    });
    expect((await nearest(again, 3)).varianceFloor).toBe(varianceFloor);
    const [restored, straight] = [await again.fit(), await run.fit()];
    expect(digest(restored.embedding)).toBe(digest(straight.embedding));
    expect(restored.varianceFloor).toBe(varianceFloor);
  });

  test.each<[string, Matrix, Matrix]>([
    ["sigma of zero", data, scaled(sigma, 0)],
    ["almost no sigma", data, scaled(sigma, 1e-200)],
    ["sigma far beyond the data", data, scaled(sigma, 1e200)],
    ["equal points", scaled(data, 0), sigma],
    [
      "a column without information",
      mapValues(data, (v, i, k) => (k === 2 ? 1e6 * Math.sin(i * i) : v)),
      mapValues(sigma, (v, _, k) => (k === 2 ? 1e6 : v)),
    ],
  ])("is positive, and the embedding finite, with %s", async (_, points, deviations) => {
    const { embedding, varianceFloor } = await runTsne(points, { ...settings, sigma: deviations });
    const { varianceFloor: estimated } = await estimateNoiseModel(points, deviations);
    expect(estimated > 0 && Number.isFinite(estimated)).toBe(true);
    expect(varianceFloor).toBe(estimated);
    expect(embedding.data.every(Number.isFinite)).toBe(true);
  });

  test.each([3, 4, 15])("works for %s points", async (count) => {
    const few = { sigma: makeUniform(count, d, 0.1, 1), iterations: 20 };
    const { embedding, varianceFloor } = await runTsne(makeGroups(count, d), few);
    expect(varianceFloor).toBeGreaterThan(0);
    expect(embedding.data.every(Number.isFinite)).toBe(true);
  });

  test("works for a search for one point", async () => {
    const one = { sigma: makeUniform(1, d, 0.1, 1), querySigma: makeUniform(1, d, 0.1, 1, 5) };
    const found = await nearest(makeUniform(1, d, -1, 1), makeUniform(1, d, -1, 1, 9), one);
    expect(Array.from(found.indices)).toEqual([0]);
    expect(found.distances.at(0, 0)).toBeGreaterThan(0);
  });
});
