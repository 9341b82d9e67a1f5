import { expect, test } from "vitest";
import { backend } from "../../src/backend.js";
import { SigmaTsneError } from "../../src/errors.js";
import { estimateMemory, type TsneOptions } from "../../src/tsne/index.js";
import { estimatePlacement, requireMemory, requirePlacementMemory } from "../../src/tsne/memory.js";
import { resolveTsneOptions } from "../../src/tsne/options.js";

/** WebAssembly has its own limit, which is less than the memory of most machines. */
const LIMIT =
  backend.name === "wasm"
    ? /need about [\d.]+ GiB, but (WebAssembly can use only [\d.]+ GiB|only [\d.]+ GiB are free)/
    : /need about [\d.]+ GiB, but only [\d.]+ GiB are free/;

test("the estimate grows with points, dimensions, perplexity and sigma", () => {
  const base = estimateMemory(10_000, 50).peak;
  expect(estimateMemory(20_000, 50).peak).toBeGreaterThan(1.9 * base);
  expect(estimateMemory(10_000, 500).peak).toBeGreaterThan(base);
  expect(estimateMemory(10_000, 50, { perplexity: 60 }).peak).toBeGreaterThan(1.5 * base);
  const several = estimateMemory(10_000, 50, { perplexity: [60, 10] }).peak;
  expect(several).toBeGreaterThanOrEqual(estimateMemory(10_000, 50, { perplexity: 60 }).peak);
  expect(estimateMemory(10_000, 50, { sigma: [] }).data).toBe(2 * estimateMemory(10_000, 50).data);
});

test("the copies that a search makes of wide data and of sigma are counted", () => {
  const neighbors = (options: TsneOptions) => estimateMemory(6400, 1024, options).neighbors;
  const sigma: number[][] = [];
  const copy = 6400 * 1024 * 4;
  // Sorting needs two copies of the compared numbers. A distance with sigma compares twice as many, and prepares a
  // third copy.
  expect(neighbors({ sigma })).toBe(3 * 2 * copy + 6400 * 16);
  expect(neighbors({})).toBe(2 * copy + 6400 * 16);
  expect(neighbors({ sigma, distance: "cosine" })).toBe(3 * copy + 6400 * 16);
  expect(neighbors({ pca: 50 })).toBeLessThan(neighbors({}));
});

test("ten million points of 50 dimensions are estimated to fit into 16 GiB with the data at perplexity 10", () => {
  const data = 10_000_000 * 50 * 4;
  expect(estimateMemory(10_000_000, 50, { perplexity: 10 }).peak + data).toBeLessThan(13 * 2 ** 30);
  expect(estimateMemory(1_000_000, 50).peak).toBeLessThan(3 * 2 ** 30);
});

test("sizes beyond 2^32 are counted exactly", () => {
  expect(estimateMemory(100_000_000, 128).data).toBe(100_000_000 * 128 * 4);
});

test("a run that does not fit into memory is rejected with the facts, before anything is allocated", () => {
  const [n, d] = [2_000_000_000, 1000];
  let failure: unknown;
  try {
    requireMemory(n, d, 0, resolveTsneOptions({}, n, d));
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(SigmaTsneError);
  expect(failure).toMatchObject({
    code: "OUT_OF_MEMORY",
    message: expect.stringMatching(LIMIT),
  });
});

test("a placement holds the neighbors of only one block at a time, and is rejected if these do not fit into memory", () => {
  const grows = (count: number) => estimatePlacement(60_000, 32, count, 32, 2, 30, 16_384);
  expect(grows(1_000_000) - grows(900_000)).toBe(100_000 * 6 * 4);
  expect(() => requirePlacementMemory(2_000_000_000, 1000, 10, 0, 2, 30, 16_384)).toThrow(
    expect.objectContaining({ code: "OUT_OF_MEMORY", message: expect.stringMatching(/need.* about [\d.]+ GiB/) }),
  );
});

test("an estimate rejects invalid numbers of points and dimensions", () => {
  for (const bad of [10n, "10", Number.NaN, -1, 0.5, undefined]) {
    expect(() => estimateMemory(bad as number, 5)).toThrow(expect.objectContaining({ argument: "n" }));
    expect(() => estimateMemory(100, bad as number)).toThrow(expect.objectContaining({ argument: "d" }));
  }
  expect(() => estimateMemory(100, 5, null as never)).toThrow(expect.objectContaining({ argument: "options" }));
});
