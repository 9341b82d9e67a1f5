import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SparseMatrix } from "../../src/sparse-matrix.js";
import { type NeighborGraph, runTsne, Tsne } from "../../src/tsne/index.js";
import { makeGroups, makePermutation, nearestNeighborAccuracy } from "./points.js";

const n = 150;
const data = makeGroups(n, 6);
const distances = Array.from({ length: n }, (_, i) =>
  Array.from({ length: n }, (_, j) => Math.hypot(...data.row(i).map((x, k) => x - data.at(j, k)))),
);
const quick = { perplexity: 10, iterations: 250 };

/** The `k` nearest other points of each point as a sparse matrix, in arbitrary order. */
function nearestAsSparse(k: number, value: (distance: number) => number = (distance) => distance): SparseMatrix {
  const lists = distances.map((row, i) =>
    row
      .map((distance, j) => ({ distance, j }))
      .filter(({ j }) => j !== i)
      .sort((a, b) => a.distance - b.distance)
      .slice(0, k)
      .sort((a, b) => ((a.j * 7) % n) - ((b.j * 7) % n)),
  );
  return new SparseMatrix({
    indptr: Array.from({ length: n + 1 }, (_, i) => i * k),
    indices: lists.flatMap((list) => list.map(({ j }) => j)),
    data: lists.flatMap((list) => list.map(({ distance }) => value(distance))),
    shape: [n, n],
  });
}

describe("a run without data", () => {
  test("of distances has the affinities of the data, and a spectral start", async () => {
    const init = makeGroups(n, 2);
    const start = { ...quick, init, iterations: 0 };
    expect((await runTsne({ distances }, start)).kl).toBeCloseTo((await runTsne(data, start)).kl, 5);
    const { embedding, options, neighbors, warnings } = await runTsne({ distances }, quick);
    expect(options).toMatchObject({ init: "spectral", distance: "given", neighbors: "given" });
    expect(neighbors.method).toBe("given");
    expect(warnings).toEqual([]);
    expect(nearestNeighborAccuracy(embedding, 3)).toBeGreaterThan(0.98);
  });

  test.each<[string, NeighborGraph]>([
    ["squared distances", { distances: distances.map((row) => row.map((x) => x * x)), squared: true }],
    ["a sparse matrix of the nearest", { distances: nearestAsSparse(30) }],
    ["distances in which the others are Infinity", { distances: withoutFar(30) }],
  ])("of %s is the same", async (_, graph) => {
    const [{ embedding: expected }, { embedding }] = [await runTsne({ distances }, quick), await runTsne(graph, quick)];
    expect(Math.max(...embedding.data.map((y, at) => Math.abs(y - expected.data[at])))).toBeLessThan(1e-2);
  });

  test("of affinities uses them without calibration, in any unit", async () => {
    const weights = nearestAsSparse(12, (distance) => Math.exp(-distance));
    const scaled = { ...weights, shape: weights.shape, data: weights.data.map((w) => 1e-20 * w) };
    const results = [await runTsne({ affinities: weights }, { iterations: 250 })];
    results.push(await runTsne({ affinities: scaled }, { iterations: 250 }));
    expect(results[0].kl).toBeCloseTo(results[1].kl, 2);
    expect(nearestNeighborAccuracy(results[0].embedding, 3)).toBeGreaterThan(0.98);
    expect(results[0].options.perplexity).toBeGreaterThan(8);
    expect(results[0].options.perplexity).toBeLessThan(12);
  });

  test("gives the same embedding for points in another order", async () => {
    const order = makePermutation(n);
    const permuted = order.map((i) => order.map((j) => distances[i][j]));
    // With this number of neighbors, all groups are connected.
    const options = { perplexity: 40, iterations: 0 };
    const [one, other] = [await runTsne({ distances }, options), await runTsne({ distances: permuted }, options)];
    // Spectral starts are equal except for the signs of the axes and the added noise, whose size is a hundredth.
    for (const axis of [0, 1]) {
      const dot = order.reduce((sum, i, r) => sum + one.embedding.at(i, axis) * other.embedding.at(r, axis), 0);
      expect(Math.abs(dot) / n / 1e-8).toBeGreaterThan(0.99);
    }
  });

  test("is saved, and the restored run ends at the same bytes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graph-"));
    const path = join(folder, "run.tsne");
    const run = new Tsne({ distances }, { ...quick, iterations: 60 });
    await run.fit(30);
    await run.save(path);
    const restored = await Tsne.load(path);
    expect(restored.shape).toEqual([n, 0]);
    expect((await restored.fit()).embedding).toEqual((await run.fit()).embedding);
    const given = new Tsne({ affinities: nearestAsSparse(5) }, { iterations: 10 });
    await given.fit();
    await expect(given.save(path)).rejects.toThrow("given affinities");
    await rm(folder, { recursive: true });
  });

  test.each([
    ["init", { init: "pca" as const }],
    ["pca", { pca: 2 }],
    ["sigma", { sigma: data }],
    ["distance", { distance: "euclidean" as const }],
    ["neighbors", { neighbors: "exact" as const }],
  ])("refuses %s, which needs data", async (argument, options) => {
    await expect(runTsne({ distances }, options)).rejects.toMatchObject({ argument });
  });
});

/** All distances, with Infinity for all pairs except the `k` nearest points. */
function withoutFar(k: number): number[][] {
  return distances.map((row) => {
    const limit = row.toSorted((a, b) => a - b)[k];
    return row.map((x) => (x > limit ? Number.POSITIVE_INFINITY : x));
  });
}

test("the default perplexity follows from the shortest list, and a warning reports it", async () => {
  const { options, warnings } = await runTsne({ distances: nearestAsSparse(14) }, { iterations: 0 });
  expect(options.perplexity).toBeCloseTo(14 / 3);
  expect(warnings).toEqual(["Perplexity 4.67 is used instead of 30.00, because the shortest list has 14 neighbors."]);
  await expect(runTsne({ distances: nearestAsSparse(14) }, { perplexity: 10 })).rejects.toThrow(
    "at least 30 other points",
  );
});

test("slightly negative distances count as zero, others are errors", async () => {
  const change = (value: number) => distances.map((row, i) => row.map((x, j) => (i === 3 && j === 9 ? value : x)));
  await runTsne({ distances: change(-1.19e-7) }, { iterations: 0 });
  await expect(runTsne({ distances: change(-0.1) }, { iterations: 0 })).rejects.toMatchObject({ row: 3, column: 9 });
});

test.each([
  [
    {
      affinities: [
        [0, 1, 0],
        [1, 0, 0],
        [0, 0, 0],
      ],
    },
    "row 2 has no edges",
  ],
  [
    {
      affinities: [
        [0, 1, 1],
        [1, 0, -1],
        [0, 0, 0],
      ],
    },
    "received -1 at row 1, column 2",
  ],
  [
    {
      affinities: [
        [0, 1, 1],
        [1, 0, 1],
        [1, 1, 0],
        [1, 1, 1],
      ],
    },
    "expected 4 x 4",
  ],
  [{ distances: { indptr: [0, 1, 1, 2], indices: [1, 5], data: [1, 1], shape: [3, 3] } }, "columns from 0 to 2"],
  [{ distances: { indptr: [0, 2, 1, 2], indices: [1, 0], data: [1, 1], shape: [3, 3] } }, "ascending positions"],
])("an invalid graph is an error: %j", async (graph, message) => {
  await expect(runTsne(graph as NeighborGraph)).rejects.toThrow(message);
});

test("a spectral start of data does not depend on the threads", async () => {
  const options = { ...quick, init: "spectral" as const };
  const embeddings = await Promise.all([1, 3].map((threads) => runTsne(data, { ...options, threads })));
  expect(embeddings[0].embedding).toEqual(embeddings[1].embedding);
  expect(nearestNeighborAccuracy(embeddings[0].embedding, 3)).toBeGreaterThan(0.98);
});
