import { expect, test } from "vitest";
import { countOf, createDrawOrder, levelsOf } from "../../src/explorer/web/map/draw-order.js";
import { FrameBudget } from "../../src/explorer/web/map/frame-budget.js";

const reversed = (n: number) => Uint32Array.from({ length: n }, (_, i) => n - 1 - i);

test("each subset of a draw order has about half the rows of the previous one, in the same order", () => {
  const n = 100_000;
  const order = createDrawOrder(reversed(n));
  expect(countOf(order, 0)).toBe(n);
  expect(levelsOf(order)).toBeGreaterThan(4);
  let before = order.rows.subarray(0, n);
  for (let level = 1; level < levelsOf(order); level++) {
    const rows = order.rows.subarray(order.starts[level], order.starts[level + 1]);
    expect(rows.length / before.length).toBeCloseTo(0.5, 1);
    expect(rows).toEqual(Uint32Array.from(rows).sort().reverse());
    const known = new Set(before);
    expect(rows.every((row) => known.has(row))).toBe(true);
    before = rows;
  }
  expect(before.length).toBeLessThanOrEqual(4000);
});

test("a subset contains the same share of every range of rows", () => {
  const n = 200_000;
  const order = createDrawOrder(reversed(n));
  const rows = order.rows.subarray(order.starts[3], order.starts[4]);
  for (let part = 0; part < 4; part++) {
    const count = rows.filter((row) => Math.floor((4 * row) / n) === part).length;
    expect(count / rows.length).toBeCloseTo(0.25, 1);
  }
});

test("few rows have no subsets, and no rows make an empty order", () => {
  expect(levelsOf(createDrawOrder(reversed(100)))).toBe(1);
  const empty = createDrawOrder(new Uint32Array());
  expect([countOf(empty, 0), levelsOf(empty)]).toEqual([0, 1]);
});

test("a frame budget draws fewer points after a slow picture and more after fast ones", () => {
  const order = createDrawOrder(reversed(1_000_000));
  const budget = new FrameBudget(50_000);
  const first = countOf(order, budget.levelFor(order));
  expect(first).toBeLessThanOrEqual(50_000);
  budget.measure(first, 400);
  expect(countOf(order, budget.levelFor(order))).toBeLessThanOrEqual(first / 8);
  for (let picture = 0; picture < 20; picture++) budget.measure(countOf(order, budget.levelFor(order)), 2);
  expect(budget.levelFor(order)).toBe(0);
});
