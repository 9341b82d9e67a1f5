import { join } from "node:path";
import { expect, test } from "vitest";
import { affinities, findNearest, keptNeighbors, klDivergence, type Points, toPoints } from "../../bench/score.js";
import { readMatrix } from "../../src/io/index.js";
import summary from "../fixtures/golden/summary.json" with { type: "json" };

const fixture = (name: string) => readMatrix(join(import.meta.dirname, "..", "fixtures", "golden", `${name}.npy`));
const mu = await fixture("mu");
const sigma = await fixture("sigma");
const y = await fixture("y");
const { n, k, perplexity } = summary;

test("the KL divergence of a given embedding is that of the reference", () => {
  const p = affinities(findNearest(toPoints(mu), k, 0, n), perplexity);
  expect(klDivergence(p, toPoints(y))).toBeCloseTo(summary.euclidean_kl_at_y, 9);
});

test("the KL divergence with standard deviations is that of the reference", () => {
  const p = affinities(findNearest(toPoints(mu, sigma), k, 0, n), perplexity);
  expect(klDivergence(p, toPoints(y))).toBeCloseTo(summary.sigma_kl_at_y, 9);
});

test.each([
  ["Euclidean", "euclidean_knn", undefined],
  ["weighted", "sigma_knn", sigma],
])("the nearest neighbors are those of the reference, %s", async (_, name, deviations) => {
  const reference = await fixture(name);
  expect(Array.from(findNearest(toPoints(mu, deviations), k, 0, n).indices)).toEqual(Array.from(reference.data));
});

test("the neighbors of a range of rows equal these rows of the whole result", () => {
  const whole = findNearest(toPoints(mu), k, 0, n);
  const part = findNearest(toPoints(mu), k, 100, 200);
  expect(part.indices).toEqual(whole.indices.subarray(100 * k, 200 * k));
  expect(part.squared).toEqual(whole.squared.subarray(100 * k, 200 * k));
});

test("the affinities are symmetric and sum to 1", () => {
  const { offsets, columns, values } = affinities(findNearest(toPoints(mu), k, 0, n), perplexity);
  const dense = new Map<string, number>();
  for (let i = 0; i < n; i++) {
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      dense.set(`${i},${columns[e]}`, values[e]);
    }
  }
  expect(values.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  for (const [pair, value] of dense) expect(dense.get(pair.split(",").reverse().join())).toBe(value);
});

test("kept neighbors are the share of the nearest points in the data that are also nearest in the embedding", () => {
  const line = (at: readonly number[]): Points => ({ data: Float64Array.from(at), rows: at.length, cols: 1 });
  const nearest = (at: readonly number[]) => findNearest(line(at), 1, 0, at.length);
  const data = nearest([0, 1, 10, 11]);
  expect(keptNeighbors(data, nearest([5, 6, 20, 21]), 1)).toBe(1);
  expect(keptNeighbors(data, nearest([0, 10, 1, 11]), 1)).toBe(0);
  expect(keptNeighbors(data, nearest([0, 1, 1.5, 20]), 1)).toBe(0.5);
});
