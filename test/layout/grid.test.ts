import fc from "fast-check";
import { expect, it } from "vitest";
import { assignToGrid, type GridOptions } from "../../src/layout/index.js";
import type { MatrixLike } from "../../src/matrix.js";

const point = fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));

it("assigns every point to its own cell, at a cost of at least the bound", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(point, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      async (points, columns) => {
        const found = await assignToGrid(points, { columns });
        expect(found.rows).toBe(Math.ceil(points.length / columns));
        const cells = points.map((_, i) => found.row[i] * columns + found.column[i]);
        expect(new Set(cells).size).toBe(points.length);
        expect(Math.max(...cells)).toBeLessThan(found.rows * columns);
        expect(found.bound).toBeLessThanOrEqual(found.cost);
        expect(found.factor).toBeCloseTo(1, 6);
      },
    ),
    { numRuns: 60 },
  );
});

it("assigns points that already form a grid to their positions, with row 0 at the top", async () => {
  const [rows, columns] = [5, 7];
  const points = Array.from({ length: rows * columns }, (_, i) => [i % columns, -Math.floor(i / columns)]);
  const found = await assignToGrid(points, { rows, columns });
  expect([...found.row]).toEqual(points.map(([, y]) => -y || 0));
  expect([...found.column]).toEqual(points.map(([x]) => x));
});

it("chooses a square grid by default, and the missing side if only one side is given", async () => {
  const points = Array.from({ length: 101 }, (_, i) => [Math.sin(i), Math.cos(i * i)]);
  expect(await assignToGrid(points)).toMatchObject({ rows: 10, columns: 11 });
  expect(await assignToGrid(points, { rows: 3 })).toMatchObject({ rows: 3, columns: 34 });
  expect(await assignToGrid([[1, 2]])).toMatchObject({ rows: 1, columns: 1, row: Uint32Array.of(0), factor: 1 });
});

it("assigns the same cells with any number of threads on a grid that is solved in parts", async () => {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const points = Array.from({ length: 5000 }, () => [uniform(), uniform()]);
  const one = await assignToGrid(points, { threads: 1 });
  expect(await assignToGrid(points, { threads: 3 })).toEqual(one);
  expect(one.factor).toBeLessThan(1.3);
});

it.each<[string, unknown, unknown, Record<string, unknown>]>([
  [
    "a grid too small",
    [
      [0, 0],
      [1, 1],
      [2, 2],
    ],
    { rows: 1, columns: 2 },
    { code: "OUT_OF_RANGE", argument: "rows" },
  ],
  [
    "a grid too large",
    [
      [0, 0],
      [1, 1],
    ],
    { rows: 2 ** 20, columns: 2 ** 20 },
    { code: "OUT_OF_RANGE" },
  ],
  [
    "no rows",
    [
      [0, 0],
      [1, 1],
    ],
    { rows: 0 },
    { code: "OUT_OF_RANGE", argument: "rows" },
  ],
  [
    "half a column",
    [
      [0, 0],
      [1, 1],
    ],
    { columns: 1.5 },
    { code: "OUT_OF_RANGE", argument: "columns" },
  ],
  ["an unknown option", [[0, 0]], { cols: 3 }, { code: "UNKNOWN_OPTION" }],
  ["no points", [], {}, { argument: "points" }],
  [
    "NaN",
    [
      [0, 0],
      [Number.NaN, 1],
    ],
    {},
    { code: "NOT_FINITE", row: 1, column: 0 },
  ],
])("refuses %s", async (_, points, options, facts) => {
  await expect(assignToGrid(points as MatrixLike, options as GridOptions)).rejects.toMatchObject(facts);
});

it("stops when its signal is aborted", async () => {
  const signal = AbortSignal.abort("enough");
  await expect(assignToGrid([[0, 0]], { signal })).rejects.toMatchObject({ code: "ABORTED", cause: "enough" });
});
