import { expect, test } from "vitest";
import {
  formatSeparations,
  generateEmbedding,
  type SeparationRecord,
  scoreSeparation,
} from "../../bench/separation.js";
import { Matrix } from "../../src/matrix.js";

const run = { embedding: "made up", n: 1000, round: 0, load: 0, evenness: 0.1, kept: 0.75, lost: 0, peakMib: 50 };

const RECORD: SeparationRecord = {
  date: "2026-01-02T00:00:00Z",
  machine: { cpu: "a processor", cores: 2, memoryGib: 8, system: "Linux", load: 0 },
  versions: { node: "20" },
  settings: { threads: 2, rounds: 2, timeout: 10 },
  before: { "made up": 1 },
  runs: [
    { ...run, separator: "flow", seconds: 1 },
    { ...run, separator: "numpy", seconds: 3 },
    { ...run, separator: "flow", seconds: 2, round: 1 },
    { ...run, separator: "numpy", seconds: 10, round: 1 },
  ],
};

test("the time of a method is divided by the time of the flow in the same round", () => {
  const table = formatSeparations(RECORD);
  expect(table).toContain("| **made up**, 1,000 points | as it was |  |  | 1.000 | 1.000 | 0 |  |");
  expect(table).toContain("| numpy, iterative (Ede 2020) | 6.50 | 4.00 | 0.100 | 0.750 | 0 | 50 |");
});

test("an unchanged embedding keeps all neighbors, and lost points are counted", () => {
  const side = 32;
  const even = Float64Array.from({ length: 2 * side * side }, (_, e) => {
    const i = e >> 1;
    return ((e % 2 === 0 ? i % side : Math.floor(i / side)) + 0.5 + 0.001 * Math.sin(i)) / side;
  });
  const before = new Matrix(even, side * side, 2);
  expect(scoreSeparation(before, before)).toEqual({ evenness: 0, kept: 1, lost: 0 });
  const holed = Float64Array.from(even);
  holed[7] = Number.NaN;
  expect(scoreSeparation(before, new Matrix(holed, side * side, 2)).lost).toBe(1);
  expect(scoreSeparation(before, generateEmbedding(side * side).points).kept).toBeLessThan(0.05);
});
