import { describe, expect, test } from "vitest";
import { Matrix } from "../../src/matrix.js";
import { pca } from "../../src/pca/index.js";
import { evaluate } from "../../src/quality/index.js";
import { nearest } from "../../src/search/index.js";
import { runTsne } from "../../src/tsne/index.js";
import { makeGroups, makeUniform, mapValues } from "./points.js";

const SEEDS = [1, 2, 3, 4];
const n = 300;
const data = makeGroups(n, 6);
const withValue = (value: number): Matrix =>
  mapValues(data, (own, row, column) => (row === 17 && column === 3 ? value : own));
const kept = async (embedding: Matrix): Promise<number> =>
  (await evaluate(data, embedding, { k: [10] })).neighborhoods[0].kept.value;

describe("one value far beyond all others", () => {
  test.each([1e10, 1e12, 9.97e36, -1e300])(
    "%s does not change the neighbors of the other rows in the embedding",
    async (value) => {
      // The mean of several starts, because single embeddings of slightly different data differ by some hundredths.
      const meanKept = async (points: Matrix): Promise<number> => {
        let sum = 0;
        for (const seed of SEEDS) {
          const { embedding } = await runTsne(points, { perplexity: 10, iterations: 300, init: "random", seed });
          expect(embedding.data.every(Number.isFinite)).toBe(true);
          sum += (await kept(embedding)) / SEEDS.length;
        }
        return sum;
      };
      expect(await meanKept(withValue(value))).toBeGreaterThan((await meanKept(data)) - 0.02);
    },
  );

  test.each([1e10, 1e12, 9.97e36, -1e300])(
    "%s does not change the exact neighbors of the other rows",
    async (value) => {
      const others = (lists: Uint32Array) => Array.from(lists).filter((_, at) => Math.floor(at / 10) !== 17);
      const rows = Int32Array.from({ length: n }, (_, row) => row);
      const found = async (points: Matrix) => others((await nearest(points, rows, { k: 10 })).indices);
      const [before, after] = [await found(data), await found(withValue(value))];
      // Each list that contained row 17 has lost it and kept all other rows.
      const lost = before.filter((index, at) => {
        const start = at - (at % 10);
        return index !== 17 && !after.slice(start, start + 10).includes(index);
      });
      expect(lost).toEqual([]);
    },
  );

  test("is named by its row and column in the warnings of all results", async () => {
    const far = withValue(1e30);
    const embedding = makeUniform(n, 2, 0, 1);
    const expected = [expect.stringMatching(/^Row 17 lies about \de\+\d+ times .* column 3 is 1e\+30\./)];
    expect((await runTsne(far, { iterations: 0 })).warnings).toEqual(expected);
    expect((await evaluate(far, embedding, { k: [5] })).warnings).toEqual(expected);
    expect((await pca(far, 2)).warnings).toEqual(expected);
  });

  test("does not hide the principal components of the other rows", async () => {
    // The first component is along the column of the far value. The other components are those of the data without this
    // column.
    const others = mapValues(data, (value, _, column) => (column === 3 ? 0 : value));
    const [plain, far] = [await pca(others, 2), await pca(withValue(1e12), 3)];
    for (const component of [0, 1]) {
      const ratio = far.variances[component + 1] / plain.variances[component];
      expect(ratio).toBeGreaterThan(0.8);
      expect(ratio).toBeLessThan(1.2);
    }
    for (const component of [0, 1, 2]) {
      const mean = Array.from(far.scores.data).reduce(
        (sum, score, at) => (at % 3 === component ? sum + score / n : sum),
        0,
      );
      expect(Math.abs(mean)).toBeLessThan(1e-5 * Math.sqrt(far.variances[component]));
    }
  });

  test("does not change the measures of a good embedding", async () => {
    const { embedding } = await runTsne(data, { perplexity: 10, iterations: 300 });
    const [plain, far] = [await evaluate(data, embedding), await evaluate(withValue(9.97e36), embedding)];
    expect(far.neighborhoods[0].kept.value).toBeCloseTo(plain.neighborhoods[0].kept.value, 1);
    expect(far.neighborhoods[0].trustworthiness.value).toBeCloseTo(plain.neighborhoods[0].trustworthiness.value, 1);
  });
});

test("data without such values give no warning", async () => {
  expect((await runTsne(data, { iterations: 0 })).warnings).toEqual([]);
  expect((await runTsne(withValue(1e3), { iterations: 0 })).warnings).toEqual([]);
});

test.each([5, 40, 99])(
  "method fft uses Barnes-Hut for %i points, which are too few for its mesh, and gives a warning",
  async (count) => {
    const result = await runTsne(data.slice(0, count), { method: "fft", iterations: 50 });
    expect(result.method).toBe("barnes-hut");
    expect(result.warnings).toEqual([expect.stringContaining('needs at least 100 points; "barnes-hut" was used')]);
  },
);

describe("a given start", () => {
  test("of points at one position, or on a line of constant x or y, is an error", async () => {
    const points = { argument: "init", message: expect.stringContaining("different values in each column") };
    await expect(runTsne(data, { init: new Matrix(new Float32Array(2 * n), n, 2) })).rejects.toMatchObject(points);
    const line = Float64Array.from({ length: 2 * n }, (_, at) => (at % 2 === 0 ? at : 5 + 1e-12 * at));
    await expect(runTsne(data, { init: new Matrix(line, n, 2) })).rejects.toMatchObject({ ...points, column: 1 });
  });

  test("that is wide gives a warning unless it is rescaled", async () => {
    const init = makeUniform(n, 2, -1e4, 1e4);
    const wide = await runTsne(data, { init, iterations: 0 });
    expect(wide.warnings).toEqual([expect.stringMatching(/standard deviation of 5\.\d+e\+3.*rescaleInit/)]);
    const { warnings, embedding } = await runTsne(data, { init, iterations: 0, rescaleInit: true });
    expect(warnings).toEqual([]);
    const squares = Array.from(embedding.data).reduce((sum, y, at) => (at % 2 === 0 ? sum + (y * y) / n : sum), 0);
    expect(Math.sqrt(squares)).toBeCloseTo(1e-4, 8);
  });

  test("can only be rescaled if it is given", async () => {
    await expect(runTsne(data, { rescaleInit: true })).rejects.toMatchObject({ argument: "rescaleInit" });
  });
});
