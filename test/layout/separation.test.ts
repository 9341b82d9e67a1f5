import { describe, expect, it } from "vitest";
import { readMatrix } from "../../src/io/index.js";
import {
  SEPARATION_METHODS,
  type SeparationMethod,
  type SeparationOptions,
  separateUniformly,
} from "../../src/layout/index.js";
import { Matrix } from "../../src/matrix.js";

const golden = (name: string) => readMatrix(new URL(`../fixtures/golden/${name}.npy`, import.meta.url).pathname);

/** Three round clusters, identical in every call. */
function makeEmbedding(n: number): Matrix {
  let state = 12345;
  const uniform = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const bell = () => uniform() + uniform() + uniform() - 1.5;
  return new Matrix(
    Float64Array.from({ length: 2 * n }, (_, e) => bell() + ((e >> 1) % 3) * (e % 2 === 0 ? 4 : 1)),
    n,
    2,
  );
}

function countDistinct(points: Matrix): number {
  return new Set(points.toArrays().map(String)).size;
}

it("spreads an embedding evenly and keeps its neighbors", async () => {
  const embedding = makeEmbedding(3000);
  const found = await separateUniformly(embedding);
  expect(found.points.shape).toEqual([3000, 2]);
  expect(found.points.data).toBeInstanceOf(Float64Array);
  expect(found.points.data.every((at: number) => at >= 0 && at <= 1)).toBe(true);
  expect(found.evenness).toBeLessThan(Math.min(0.45, found.evennessBefore / 2));
  expect(found.keptNeighbors).toBeGreaterThan(0.6);
  expect(found.meanMove).toBeGreaterThan(0);
  expect(found).toMatchObject({ converged: true, fallbacks: 0, options: { method: "flow", relaxations: 16 } });
});

it("measures evenness and kept neighbors as defined", async () => {
  const embedding = makeEmbedding(400);
  const { points, evenness, keptNeighbors } = await separateUniformly(embedding);
  const counts = new Float64Array(1024);
  for (const [x, y] of points.toArrays() as [number, number][]) {
    const at = Math.min(31, Math.floor(x * 32)) * 32 + Math.min(31, Math.floor(y * 32));
    counts[at] = counts[at] + 1;
  }
  const mean = 400 / 1024;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / 1024;
  expect(evenness).toBeCloseTo(Math.sqrt(variance) / mean, 10);
  const nearest = (of: Matrix, i: number) => {
    const far = (j: number) => (of.at(i, 0) - of.at(j, 0)) ** 2 + (of.at(i, 1) - of.at(j, 1)) ** 2;
    const others = Array.from({ length: 400 }, (_, j) => j).filter((j) => j !== i);
    return new Set(others.sort((a, b) => far(a) - far(b)).slice(0, 10));
  };
  let kept = 0;
  for (let i = 0; i < 400; i++) {
    const after = nearest(points, i);
    for (const j of nearest(embedding, i)) kept += after.has(j) ? 1 : 0;
  }
  expect(keptNeighbors).toBeCloseTo(kept / 4000, 10);
});

it("implements the definition of the iterative method", async () => {
  const [points, expected] = [await golden("uniform_points"), await golden("uniform_iterative")];
  const found = await separateUniformly(points, { method: "iterative" });
  for (const [e, at] of found.points.data.entries()) expect(at).toBeCloseTo(expected.data[e], 9);
  expect(found).toMatchObject({ iterations: 100, converged: false });
  const soon = await separateUniformly(points, { method: "iterative", tolerance: 1 });
  expect(soon).toMatchObject({ iterations: 1, converged: true });
});

it("keeps every point with the conditional method, and counts points without surrounding points", async () => {
  const found = await separateUniformly(makeEmbedding(2000), { method: "conditional" });
  expect(found.points.data.every(Number.isFinite)).toBe(true);
  expect(found.fallbacks).toBeGreaterThan(0);
  expect(found.fallbacks).toBeLessThan(200);
  expect(found.evenness).toBeLessThan(found.evennessBefore);
});

describe.each(SEPARATION_METHODS)("%s", (method: SeparationMethod) => {
  it("gives the same bytes with any number of threads, and from float32", async () => {
    const embedding = makeEmbedding(1500);
    const single = new Matrix(Float32Array.from(embedding.data), 1500, 2);
    const one = await separateUniformly(single, { method, threads: 1 });
    const wide = new Matrix(Float64Array.from(single.data), 1500, 2);
    expect((await separateUniformly(wide, { method, threads: 3 })).points.data).toEqual(one.points.data);
  });

  it.each([
    [
      "four points",
      [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ],
    ],
    ["points at one position", Array(50).fill([3, -2])],
    ["points on a line", Array.from({ length: 300 }, (_, i) => [i, 2 * i])],
    ["points on a line along an axis", Array.from({ length: 300 }, (_, i) => [5, i * i])],
    ["pairs at one position", Array.from({ length: 200 }, (_, i) => [Math.cos(i >> 1), i >> 1])],
    ["huge numbers", Array.from({ length: 60 }, (_, i) => [1.7e308 * Math.sin(i), -1.7e308 * Math.cos(i)])],
    ["tiny numbers", Array.from({ length: 60 }, (_, i) => [1e-300 * Math.sin(i), 1e-300 * i])],
  ])("spreads %s", async (_, points: number[][]) => {
    const { points: spread } = await separateUniformly(points, { method });
    expect(spread.data.every((at: number) => at >= 0 && at <= 1)).toBe(true);
    expect(countDistinct(spread)).toBe(points.length);
  });
});

it.each<[string, unknown, unknown, Record<string, unknown>]>([
  [
    "NaN",
    [
      [0, 1],
      [2, 3],
      [4, Number.NaN],
      [5, 6],
    ],
    {},
    { code: "NOT_FINITE", argument: "points", row: 2, column: 1 },
  ],
  [
    "infinity",
    [
      [0, 1],
      [2, 3],
      [4, 7],
      [-Infinity, 6],
    ],
    {},
    { code: "NOT_FINITE", row: 3, column: 0 },
  ],
  [
    "three points",
    [
      [0, 1],
      [2, 3],
      [4, 7],
    ],
    {},
    { code: "TOO_FEW_POINTS" },
  ],
  ["no points", { data: new Float32Array(0), rows: 0, cols: 2 }, {}, { code: "TOO_FEW_POINTS" }],
  ["three columns", { data: new Float32Array(30), rows: 10, cols: 3 }, {}, { code: "SHAPE_MISMATCH" }],
  ["no matrix", "map.npy", {}, { code: "INVALID_ARGUMENT", argument: "points" }],
  ["an unknown method", makeEmbedding(9), { method: "flows" }, { code: "INVALID_ARGUMENT", argument: "method" }],
  ["an unknown option", makeEmbedding(9), { relaxation: 3 }, { code: "UNKNOWN_OPTION" }],
  ["an option of another method", makeEmbedding(9), { bins: 3 }, { code: "INVALID_ARGUMENT", argument: "bins" }],
  ["no threads", makeEmbedding(9), { threads: 0 }, { code: "OUT_OF_RANGE", argument: "threads" }],
  ["gamma 0", makeEmbedding(9), { method: "iterative", gamma: 0 }, { code: "OUT_OF_RANGE", argument: "gamma" }],
  ["NaN as tolerance", makeEmbedding(9), { method: "iterative", tolerance: Number.NaN }, { code: "OUT_OF_RANGE" }],
  ["one bin", makeEmbedding(9), { method: "conditional", bins: 1 }, { code: "OUT_OF_RANGE", argument: "bins" }],
  [
    "a callback that is not a function",
    makeEmbedding(9),
    { onProgress: 1 },
    { code: "INVALID_ARGUMENT", argument: "onProgress" },
  ],
])("refuses %s", async (_, points, options, facts) => {
  await expect(separateUniformly(points as Matrix, options as SeparationOptions)).rejects.toMatchObject(facts);
});

it("reports progress and stops when its signal is aborted", async () => {
  const fractions: number[] = [];
  const controller = new AbortController();
  const endless = { method: "iterative", tolerance: 0, iterations: 1e6, signal: controller.signal } as const;
  const onProgress = ({ fraction }: { fraction: number }) => {
    fractions.push(fraction);
    if (fractions.length === 2) controller.abort("enough");
  };
  const work = separateUniformly(makeEmbedding(2000), { ...endless, onProgress });
  await expect(work).rejects.toMatchObject({ code: "ABORTED", cause: "enough" });
  expect(fractions[1]).toBeGreaterThan(fractions[0]);
  await expect(separateUniformly(makeEmbedding(9), { signal: controller.signal })).rejects.toMatchObject({
    code: "ABORTED",
  });
});
