import { expect, test } from "vitest";
import { binding } from "../src/binding.js";
import { Tsne } from "../src/tsne/index.js";

const rows = Array.from({ length: 12 }, (_, i) => [Math.sin(i), i / 10, Math.cos(i)]);
const [n, k] = [rows.length, 3];
const matrix = { data: Float64Array.from(rows.flat()), rows: n, cols: 3 };
const tsne = new Tsne(rows, { perplexity: 1, threads: 1 });
const options = { ...tsne.options };
const each = (count: number, last: number) =>
  Uint32Array.from({ length: count }, (_, i) => (i === count - 1 ? last : 0));

/**
 * Memory that is shared with other threads may change after the library has checked the indices. The test passes such
 * indices to the core directly.
 */
test.each([n, 2 ** 31, 2 ** 32 - 1])("the core rejects indices that are not rows: %i", async (index) => {
  const expected = `expected indices below ${n}`;
  const lists = { indices: each(n * k, index), squared: new Float32Array(n * k), k };
  const given = { data: matrix, sigma: undefined, start: undefined, options };
  expect(() => new binding.Run({ ...given, neighbors: lists })).toThrow(expected);

  const search = { k: 1, distance: "euclidean", varianceFloor: 0, threads: 1 };
  const queries = { queries: matrix, querySigma: undefined, own: each(n, index) };
  const plain = { data: matrix, sigma: undefined, onProgress: undefined };
  expect(() => binding.nearest({ ...plain, ...queries, options: search })).toThrow(expected);

  const evaluation = { ...tsne.options, neighbors: "exact", k: [2], sample: 5 } as const;
  // Classes are numbered from 1.
  const classes = each(n, Math.max(index, n + 1));
  expect(() => binding.evaluate({ ...plain, embedding: matrix, classes, options: evaluation })).toThrow(
    `expected indices below ${n + 1}`,
  );

  const run = new binding.Run({ ...given, neighbors: undefined });
  await run.advance({ until: 1, untilConverged: false, wantsKl: false, onProgress: undefined, snapshotEvery: 0 });
  const drawing = { perplexity: 1, iterations: 1, draws: 2, neighbors: 1, seed: 1, prior: "none" as const };
  const uncertainty = { points: each(2, index), options: drawing, onProgress: undefined };
  expect(() => run.measureUncertainty(uncertainty)).toThrow(expected);
});

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("the core rejects invalid squared distances: %d", (squared) => {
  const lists = { indices: each(n * k, 1), squared: new Float32Array(n * k).fill(squared), k };
  const given = { data: matrix, sigma: undefined, start: undefined, options, neighbors: lists };
  expect(() => new binding.Run(given)).toThrow("finite squared distances");
});

test("a diverged run reports that it has diverged when it is continued or saved", async () => {
  const diverging = new Tsne(rows, { perplexity: 1, learningRate: 1e30 });
  const expected = {
    code: "DIVERGED",
    message: expect.stringMatching(/at iteration \d+. Use a smaller learningRate$/),
  };
  await expect(diverging.fit()).rejects.toMatchObject(expected);
  await expect(diverging.fit(0)).rejects.toMatchObject(expected);
  await expect(diverging.save("never.tsne")).rejects.toMatchObject(expected);
});
