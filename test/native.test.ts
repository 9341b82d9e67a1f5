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

/** As they would be if memory that is shared with other threads changed after the library's own checks. */
test.each([n, 2 ** 31, 2 ** 32 - 1])("the core takes no index that is no row: %i", async (index) => {
  const expected = `expected indices below ${n}`;
  const lists = { indices: each(n * k, index), squared: new Float32Array(n * k), k };
  expect(() => new binding.Run(matrix, undefined, undefined, options, lists)).toThrow(expected);

  const search = { k: 1, distance: "euclidean", varianceFloor: 0, threads: 1 };
  expect(() => binding.nearest(matrix, undefined, matrix, undefined, each(n, index), search, undefined)).toThrow(
    expected,
  );

  const evaluation = { ...tsne.options, neighbors: "exact", k: [2], sample: 5 } as const;
  // Classes are counted from 1.
  const classes = each(n, Math.max(index, n + 1));
  expect(() => binding.evaluate(matrix, undefined, matrix, classes, evaluation, undefined)).toThrow(
    `expected indices below ${n + 1}`,
  );

  const run = new binding.Run(matrix, undefined, undefined, options, undefined);
  await run.advance(1, false, undefined, 0);
  const sampling = { perplexity: 1, iterations: 1, samples: 2, neighbors: 1, seed: 1 };
  expect(() => run.measureUncertainty(each(2, index), sampling, undefined)).toThrow(expected);
});

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])(
  "the core takes no squared distance that is none: %d",
  (squared) => {
    const lists = { indices: each(n * k, 1), squared: new Float32Array(n * k).fill(squared), k };
    expect(() => new binding.Run(matrix, undefined, undefined, options, lists)).toThrow("finite squared distances");
  },
);

test("a run that diverged says so whenever it is asked to go on or to be saved", async () => {
  const diverging = new Tsne(rows, { perplexity: 1, learningRate: 1e30 });
  const expected = {
    code: "DIVERGED",
    message: expect.stringMatching(/at iteration \d+; take a smaller learningRate$/),
  };
  await expect(diverging.fit()).rejects.toMatchObject(expected);
  await expect(diverging.fit(0)).rejects.toMatchObject(expected);
  await expect(diverging.save("never.tsne")).rejects.toMatchObject(expected);
});
