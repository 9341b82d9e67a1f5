import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelHits, nearestNeighbors, sharedNeighbors } from "../../src/demo/scores.js";
import { AbortError } from "../../src/errors.js";
import { Matrix } from "../../src/matrix.js";

const line = (...positions: number[]) => new Matrix(Float32Array.from(positions), positions.length, 1);

describe("nearestNeighbors", () => {
  it("lists the nearest points first, and never the point itself", async () => {
    expect([...(await nearestNeighbors(line(0, 1, 3, 10), 2))]).toEqual([1, 2, 0, 2, 1, 0, 2, 1]);
  });

  it("prefers the lower row for equal distances", async () => {
    expect([...(await nearestNeighbors(line(5, 5, 5, 5), 2))]).toEqual([1, 2, 0, 2, 0, 1, 0, 1]);
  });

  it("finds the same neighbors as sorting all distances", async () => {
    const coordinates = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 24, maxLength: 24 });
    await fc.assert(
      fc.asyncProperty(coordinates, async (values) => {
        const points = new Matrix(Float32Array.from(values), 8, 3);
        const distance = (i: number, j: number) =>
          [0, 1, 2].reduce((sum, c) => sum + (points.at(i, c) - points.at(j, c)) ** 2, 0);
        const sorted = Array.from({ length: 8 }, (_, i) =>
          [0, 1, 2, 3, 4, 5, 6, 7]
            .filter((j) => j !== i)
            .sort((a, b) => distance(i, a) - distance(i, b))
            .slice(0, 3),
        );
        expect([...(await nearestNeighbors(points, 3))]).toEqual(sorted.flat());
      }),
      { numRuns: 50 },
    );
  });

  it("stops when it is aborted", async () => {
    await expect(nearestNeighbors(line(0, 1, 2), 1, AbortSignal.abort())).rejects.toThrow(AbortError);
  });
});

describe("labelHits", () => {
  it("compares the most frequent label, and the nearest neighbor decides a tie", () => {
    const neighbors = Int32Array.of(1, 2, 3, 2, 3, 0, 3, 0, 1, 2, 1, 0);
    expect([...labelHits(neighbors, ["a", "a", "b", "b"])]).toEqual([0, 0, 0, 0]);
    expect([...labelHits(Int32Array.of(1, 2, 0, 2, 3, 0, 2, 1), ["a", "a", "b", "b"])]).toEqual([1, 1, 1, 1]);
  });
});

describe("sharedNeighbors", () => {
  it("returns the share of common neighbors independent of their order", () => {
    const one = Int32Array.of(1, 2, 0, 2, 0, 1);
    const other = Int32Array.of(2, 1, 2, 3, 3, 4);
    expect([...sharedNeighbors(one, other, 3)]).toEqual([1, 0.5, 0]);
  });
});
