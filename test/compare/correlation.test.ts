import { expect, test } from "vitest";
import { correlateRanks } from "../../src/compare/correlation.js";
import fixture from "../fixtures/scipy-comparison.json" with { type: "json" };

test("rho equals scipy.stats.spearmanr, including ties, and lies in its interval", async () => {
  const { x, y, rho } = fixture.spearman;
  const found = await correlateRanks(x, y, 42);
  expect(found?.rho).toBeCloseTo(rho, 12);
  const [lower, upper] = found?.interval ?? [Number.NaN, Number.NaN];
  expect(lower).toBeGreaterThan(rho - 0.4);
  expect(lower).toBeLessThan(rho);
  expect(upper).toBeGreaterThan(rho);
  expect(upper).toBeLessThanOrEqual(1);
  expect(await correlateRanks(x, y, 42)).toEqual(found);
});

test("a monotonic relation has rho 1 or -1, whatever its shape", async () => {
  const x = Array.from({ length: 30 }, (_, i) => i);
  expect(
    await correlateRanks(
      x,
      x.map((v) => Math.exp(v)),
      1,
    ),
  ).toMatchObject({ rho: 1, interval: [1, 1], count: 30 });
  expect(
    (
      await correlateRanks(
        x,
        x.map((v) => -(v ** 3)),
        1,
      )
    )?.rho,
  ).toBe(-1);
});

test("points with NaN are left out, and a constant has no correlation", async () => {
  const x = [1, 2, 3, 4, Number.NaN];
  expect(await correlateRanks(x, [1, 2, 3, 4, -100], 1)).toMatchObject({ rho: 1, count: 4 });
  expect(await correlateRanks(x, [5, 5, 5, 5, 5], 1)).toBeNull();
  expect(await correlateRanks([1, 2], [1, 2], 1)).toBeNull();
});

test("an interval narrows as the number of points grows", async () => {
  const make = (n: number) => {
    const x = Array.from({ length: n }, (_, i) => Math.sin(i * i));
    return correlateRanks(
      x,
      x.map((value, i) => value + Math.cos(7.3 * i * i)),
      5,
    );
  };
  const width = ({ interval: [lower, upper] }: { interval: [number, number] }) => upper - lower;
  const [few, many] = await Promise.all([make(100), make(2500)]);
  if (!few || !many) throw new Error("no correlation");
  expect(width(many) / width(few)).toBeGreaterThan(0.1);
  expect(width(many) / width(few)).toBeLessThan(0.4);
});
