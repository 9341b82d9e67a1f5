import { expect, test } from "vitest";
import {
  firstToReach,
  formatTimeToQuality,
  mergeQualityRaces,
  type QualityRace,
  type QualityRun,
  targetOf,
} from "../../bench/time-to-quality.js";

const run = (implementation: string, iterations: number, seconds: number, kl: number, isFinal = false): QualityRun => ({
  implementation,
  round: 0,
  iterations,
  isFinal,
  seconds,
  kl,
});

const race = (more: Partial<QualityRace> = {}): QualityRace => ({
  date: "2026-01-02T03:04:05.000Z",
  machine: { cpu: "A processor", cores: 2, memoryGib: 8, system: "Linux 6", load: 0.1 },
  versions: { "sigma-tsne": "1.0.0" },
  dataset: { name: "stem", n: 19769, d: 50 },
  settings: {
    perplexity: 30,
    iterations: 1000,
    threads: 2,
    seed: 42,
    rounds: 2,
    timeout: 60,
    ours: {},
    counts: [300, 1000],
    ownCounts: [100],
  },
  implementations: [
    { name: "ours", label: "sigma-tsne" },
    { name: "good", label: "Good" },
    { name: "poor", label: "Poor" },
    { name: "broken", label: "Broken", failure: "no memory" },
  ],
  runs: [
    run("ours", 100, 1, 2.3),
    run("ours", 300, 2, 1.9, true),
    run("good", 300, 10, 2.009),
    run("good", 1000, 30, 2, true),
    run("poor", 300, 5, 3),
    run("poor", 1000, 15, 2.5, true),
  ],
  ...more,
});

test("the target lies 0.5 % above the least final KL divergence of the peers", () => {
  expect(targetOf(race())).toBeCloseTo(2.01, 10);
  const alone = race({ implementations: [{ name: "ours", label: "sigma-tsne" }] });
  expect(targetOf(alone)).toBeCloseTo(1.9095, 10);
});

test("the time of a program to the target is that of its shortest run below the target", () => {
  expect(firstToReach(race(), "good", 2.01)).toMatchObject({ iterations: 300, seconds: 10 });
  expect(firstToReach(race(), "ours", 2.01)).toMatchObject({ iterations: 300, seconds: 2 });
  expect(firstToReach(race(), "poor", 2.01)).toBeUndefined();
});

test("medians over the rounds are compared, even if final runs differ in length", () => {
  const runs = [...race().runs, run("ours", 100, 3, 2.1), run("ours", 350, 4, 1.8, true)];
  const both = race({ runs });
  expect(firstToReach(both, "ours", 2.01)).toMatchObject({ iterations: 325, seconds: 3 });
  expect(firstToReach(both, "ours", 2.2)).toMatchObject({ iterations: 100, seconds: 2 });
});

test("the table has seconds to the target, failures and programs that do not reach it", () => {
  const text = formatTimeToQuality([race()]);
  expect(text).toContain("| **stem**, 19,769 x 50, to KL 2.010 | sigma-tsne | 2.00 | 1 | 300 | 1.900 | 2.00 |");
  expect(text).toContain("|  | Good | 10.0 | 5.00 | 300 | 2.000 | 30.0 |");
  expect(text).toContain("|  | Poor | not reached |  |  | 2.500 | 15.0 |");
  expect(text).toContain("|  | Broken | failed: no memory |  |  |  |  |");
  expect(text).toContain("Runs of 300, 1000 iterations, of sigma-tsne 100 and until it has converged.");
});

test("a race on the same data replaces the earlier one", () => {
  const other = race({ dataset: { name: "mnist", n: 70000, d: 50 } });
  const again = race({ date: "2026-02-03T00:00:00.000Z" });
  expect(mergeQualityRaces([race(), other], [again])).toEqual([again, other]);
});
