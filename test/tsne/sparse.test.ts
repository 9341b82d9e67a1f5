import { describe, expect, test } from "vitest";
import { Matrix } from "../../src/matrix.js";
import { pca } from "../../src/pca/index.js";
import { SparseMatrix } from "../../src/sparse-matrix.js";
import { runTsne } from "../../src/tsne/index.js";
import { nearestNeighborAccuracy, uniformNumbers } from "./points.js";

const groups = 4;

/** n x d counts. Each group has more counts in its own quarter of the columns. */
function makeCounts(n: number, d: number, filled = 0.05): SparseMatrix {
  const uniform = uniformNumbers(n + d);
  const rows = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => j).filter((j) => uniform() < (j % groups === i % groups ? 4 : 0.5) * filled),
  );
  const indices = rows.flat();
  const indptr = [0];
  for (const row of rows) indptr.push((indptr.at(-1) as number) + row.length);
  return new SparseMatrix({
    indptr,
    indices,
    data: Float32Array.from(indices, () => 1 + Math.floor(5 * uniform())),
    shape: [n, d],
  });
}

describe("principal components of sparse data", () => {
  test.each([
    [400, 300, 3],
    [200, 1500, 3],
  ])("are those of the dense data: %i x %i", async (n, d, k) => {
    const sparse = makeCounts(n, d);
    const [found, expected] = [await pca(sparse, k), await pca(sparse.toDense(), Math.min(n, d) / 2)];
    expect(found.warnings).toEqual([]);
    for (let j = 0; j < d; j++) expect(found.mean[j]).toBeCloseTo(expected.mean[j], 5);
    for (let c = 0; c < k; c++) {
      expect(found.variances[c] / expected.variances[c]).toBeCloseTo(1, 3);
      const dot = Array.from(found.components.row(c)).reduce((sum, x, j) => sum + x * expected.components.at(c, j), 0);
      expect(dot).toBeGreaterThan(0.99);
      for (let i = 0; i < n; i++) expect(found.scores.at(i, c)).toBeCloseTo(expected.scores.at(i, c), 0);
    }
  });

  test("do not depend on the threads, nor on the order in which numbers are stored", async () => {
    const sparse = makeCounts(300, 1200);
    const shuffled = reverseRows(sparse);
    const [one, three, other] = await Promise.all([
      pca(sparse, 3, { threads: 1 }),
      pca(sparse, 3, { threads: 3 }),
      pca(shuffled, 3),
    ]);
    expect(three).toEqual(one);
    for (let c = 0; c < 3; c++) expect(other.variances[c] / one.variances[c]).toBeCloseTo(1, 5);
  });

  test.each([1e30, 1e-30, 1e200])("are accurate at a scale of %s", async (scale) => {
    const sparse = makeCounts(150, 400);
    const data = Float64Array.from(sparse.data, (value) => value * scale);
    const scaled = await pca({ ...sparse, shape: sparse.shape, data }, 2);
    const plain = await pca(sparse, 2);
    for (let at = 0; at < 300; at++) expect(scaled.scores.data[at] / scale).toBeCloseTo(plain.scores.data[at], 3);
  });

  test("equal those of the dense data if nearly as many as columns are requested", async () => {
    const sparse = makeCounts(40, 30);
    expect(await pca(sparse, 25)).toEqual(await pca(sparse.toDense(), 25));
  });

  test("report a number that is not finite with its row and column", async () => {
    const sparse = makeCounts(100, 200);
    const data = sparse.data.slice();
    data[sparse.indptr[7]] = Number.NaN;
    const bad = { ...sparse, shape: sparse.shape, data };
    await expect(pca(bad, 2)).rejects.toMatchObject({
      code: "NOT_FINITE",
      row: 7,
      column: sparse.indices[sparse.indptr[7]],
    });
  });
});

const reverseRows = ({ rows, indptr, indices, data, shape }: SparseMatrix): SparseMatrix => {
  const order = Array.from({ length: rows }, (_, i) => range(indptr[i], indptr[i + 1]).reverse()).flat();
  return new SparseMatrix({
    indptr,
    indices: order.map((at) => indices[at]),
    data: Float32Array.from(order, (at) => data[at]),
    shape,
  });
};

const range = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, k) => start + k);

describe("a run of sparse data", () => {
  const quick = { perplexity: 10, iterations: 250 };

  test.each(["euclidean", "cosine"] as const)(
    "with few columns equals the run of the dense data, %s",
    async (distance) => {
      const sparse = makeCounts(150, 60, 0.2);
      const [found, expected] = [
        await runTsne(sparse, { ...quick, distance }),
        await runTsne(sparse.toDense(), { ...quick, distance }),
      ];
      expect(found.embedding).toEqual(expected.embedding);
      expect(found.options).toEqual(expected.options);
      expect(found.warnings).toEqual([]);
    },
  );

  test("with many columns is reduced to 50 principal components, and reports it", async () => {
    const sparse = makeCounts(160, 1200);
    const { embedding, options, warnings } = await runTsne(sparse, quick);
    expect(options.pca).toBe(50);
    expect(warnings).toEqual([expect.stringContaining("1200 sparse columns were reduced to 50 principal components")]);
    expect(nearestNeighborAccuracy(embedding, groups)).toBeGreaterThan(0.8);
    const chosen = await runTsne(sparse, { ...quick, pca: 8 });
    expect(chosen.warnings).toEqual([]);
    expect(chosen.options.pca).toBe(8);
    await expect(runTsne(sparse, { pca: 161 })).rejects.toMatchObject({ argument: "pca", received: 161 });
    await expect(runTsne(sparse, { pca: false })).rejects.toMatchObject({ argument: "pca" });
  });

  test("accepts the arrays of a matrix as a plain object", async () => {
    const { embedding } = await runTsne(
      { indptr: [0, 1, 2, 3, 4], indices: [0, 1, 0, 1], data: [1, 2, 3, 4], shape: [4, 2] },
      { iterations: 10 },
    );
    expect(embedding.shape).toEqual([4, 2]);
  });
});

test("a slice of a sparse matrix contains the requested rows", () => {
  const sparse = makeCounts(20, 15, 0.3);
  expect(sparse.slice(5, 12).toDense()).toEqual(new Matrix(sparse.toDense().data.slice(5 * 15, 12 * 15), 7, 15));
});
