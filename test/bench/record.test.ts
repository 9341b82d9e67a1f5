import { expect, test } from "vitest";
import { boundOf } from "../../bench/kernels.js";
import { nameMachine } from "../../bench/machine.js";
import { median, percent, significant } from "../../bench/markdown.js";
import { formatNeighbors, type NeighborRun } from "../../bench/neighbors.js";
import type { Race, RaceRun } from "../../bench/race.js";
import { formatRaces, mergeRaces, ratiosTo } from "../../bench/race-table.js";
import { fillSection, formatPublished, nameForInstructions } from "../../bench/record.js";
import { sizesUpTo } from "../../bench/scaling.js";

const run = (implementation: string, seconds: number, more: Partial<RaceRun> = {}): RaceRun => ({
  implementation,
  round: 0,
  seconds,
  peakMib: 100,
  load: 0,
  kl: 2,
  kept10: 0.25,
  ...more,
});

const race = (more: Partial<Race> = {}): Race => ({
  date: "2026-01-02T03:04:05.000Z",
  machine: { cpu: "A processor", cores: 2, memoryGib: 8, system: "Linux 6", load: 0.1 },
  versions: { "sigma-tsne": "1.0.0" },
  dataset: { name: "stem", n: 19769, d: 50 },
  settings: { perplexity: 30, iterations: 1000, threads: 2, seed: 42, rounds: 2, timeout: 60, ours: {} },
  implementations: [
    { name: "ours", label: "sigma-tsne" },
    { name: "peer", label: "Peer" },
    { name: "broken", label: "Broken", failure: "no | memory" },
  ],
  runs: [
    run("ours", 2, { method: "fft", iterations: 300, stages: { pca: 0, neighbors: 0.5, optimization: 1.5 } }),
    run("peer", 20, { kl: 2.5, peakMib: 1500.4 }),
    run("ours", 4, { method: "fft", iterations: 300, stages: { pca: 0, neighbors: 1.5, optimization: 2.5 } }),
    run("peer", 20, { kl: 2.5, peakMib: 1500.4 }),
  ],
  ...more,
});

test("a run is compared with this project's run directly before it", () => {
  expect(ratiosTo(race(), "peer")).toEqual([10, 5]);
  expect(ratiosTo(race(), "ours")).toEqual([]);
});

test("the table has medians, the ratio with its range, failures, and the facts about the measurement", () => {
  const text = formatRaces([race()]);
  expect(text).toContain("| **stem**, 19,769 x 50 | sigma-tsne (fft) | 3.00 | 1 | 300 | 2.000 | 0.250 | 100 |");
  expect(text).toContain("|  | Peer | 20.0 | **7.50** (5.00 to 10.00) | 1,000 | 2.500 | 0.250 | 1,500 |");
  expect(text).toContain("|  | Broken | failed: no \\| memory |  |  |  |  |  |");
  expect(text).toContain("| data | program | neighbors | optimization |");
  expect(text).toContain("| stem | sigma-tsne (fft) | 1.00 | 2.00 |");
  expect(text).toContain(
    "Measured on 2026-01-02 on A processor, 2 processors, 8 GiB, Linux 6. Versions: sigma-tsne 1.0.0.",
  );
});

test("the processor is named with its instruction set and caches, and with a note if the instruction set is limited", () => {
  const machine = { ...race().machine, instructions: "avx2", caches: ["L1 32K", "L2 1024K"] };
  expect(nameMachine(machine)).toBe("A processor, avx2, L1 32K, L2 1024K, 2 processors, 8 GiB, Linux 6");
  expect(nameMachine({ ...machine, isLimited: true })).toContain("avx2 (limited by SIGMA_TSNE_ISA)");
});

test("a race that is run again replaces its earlier record and keeps all others", () => {
  const other = race({ dataset: { name: "mnist", n: 70000, d: 50 } });
  const exact = race({ settings: { ...race().settings, ours: { theta: 0 } } });
  const again = race({ date: "2026-02-03T00:00:00.000Z", settings: { ...race().settings, rounds: 9 } });
  expect(mergeRaces([race(), other, exact], [again])).toEqual([again, other, exact]);
});

test("the section of the README between two markers is replaced", () => {
  const text = "a\n<!-- table:start -->\nold\n<!-- table:end -->\nb\n";
  expect(fillSection(text, "table", "new\n")).toBe("a\n<!-- table:start -->\n\nnew\n\n<!-- table:end -->\nb\n");
  expect(() => fillSection(text, "other", "")).toThrow("other:start");
});

test("records of several instruction sets are listed one after the other, each under its name", async () => {
  const records: Record<string, string> = {
    [nameForInstructions("race", "avx2")]: "slow",
    [nameForInstructions("race", "avx512")]: "fast",
  };
  const format = (record: string, name: string) => `${record} (${name})`;
  const read = async (name: string) => records[name];
  expect(await formatPublished("race", format, read)).toBe(
    "### AVX-512: race\n\nfast (race-avx512)\n\n### AVX2: race\n\nslow (race-avx2)",
  );
  expect(await formatPublished("sigma", format, read)).toBe("");
});

test("numbers have three significant digits", () => {
  expect([0, 0.01234, 0.1234, 1.234, 12.34, 123.4, 1234.5].map(significant)).toEqual([
    "0",
    "0.0123",
    "0.123",
    "1.23",
    "12.3",
    "123",
    "1,235",
  ]);
  expect([0.004, 0.152, 0.994, 0.9952, 1, 1.234].map(percent)).toEqual([
    "0.40 %",
    "15 %",
    "99 %",
    "100 %",
    "100 %",
    "123 %",
  ]);
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test("searches are compared with this project's search in cells, or with its exact search if it has no cells", () => {
  const search = (dataset: string, program: string, seconds: number): NeighborRun => ({
    ...{ dataset, n: 1000, program, seconds, cpuSeconds: 1, recall: 1, setting: "defaults" },
  });
  const text = formatNeighbors({
    ...{ date: race().date, machine: race().machine, versions: {} },
    settings: { threads: 2, perplexity: 30, recall: 0.99, rounds: 1, seed: 1 },
    runs: [search("few", "ours, exact", 1), search("many", "ours, exact", 4), search("many", "ours, cells", 2)],
  });
  expect(text).toContain("| few, 1,000 | ours, exact | 1.00 | 1.00 | 1.00x | 100 % | defaults |");
  expect(text).toContain("| many, 1,000 | ours, exact | 4.00 | 1.00 | 2.00x | 100 % | defaults |");
});

test("sizes grow by a factor of about three up to the largest", () => {
  expect(sizesUpTo(1000)).toEqual([1000]);
  expect(sizesUpTo(50000)).toEqual([1000, 3000, 10000, 30000, 50000]);
  expect(sizesUpTo(1e6)).toEqual([1000, 3000, 10000, 30000, 100000, 300000, 1e6]);
});

test("a kernel is limited by the work that takes longest, with the bandwidth of the memory level that holds its data", () => {
  const limits = {
    instructionSet: "any",
    multipliesPerSecond: 100,
    operationsPerSecond: 200,
    indexedLoadsPerSecond: 10,
    triad: [
      { bytes: 1000, bytesPerSecond: 50 },
      { bytes: 9000, bytesPerSecond: 5 },
    ],
  };
  const timing = { dataset: "", kernel: "", n: 1, unit: "", units: 1, seconds: 4, otherwise: "" };
  const work = { multiplies: 100, additions: 100, loads: 0, bytes: 50, footprint: 1000 };
  expect(boundOf({ ...timing, ...work }, limits)).toEqual({ by: "arithmetic", share: 0.25 });
  expect(boundOf({ ...timing, ...work, additions: 400 }, limits)).toEqual({ by: "arithmetic", share: 0.625 });
  expect(boundOf({ ...timing, ...work, loads: 20 }, limits)).toEqual({ by: "loads", share: 0.5 });
  expect(boundOf({ ...timing, ...work, footprint: 2000 }, limits)).toEqual({ by: "memory", share: 2.5 });
});
