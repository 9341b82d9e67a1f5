import { describe, expect, it } from "vitest";
import { explain } from "../../src/demo/explanation.js";
import type { DemoSummary, Difference } from "../../src/demo/index.js";

const same = <T>(value: T) => ({ all: value, lowDose: value, highDose: value });
const scores = (accuracy: number, kept: number) => ({
  kl: 1,
  iterations: 1000,
  accuracy: same(accuracy),
  neighborsKept: same(kept),
});

function findings(accuracy: Difference, lowDoseAccuracy: DemoSummary["lowDoseAccuracy"]) {
  return {
    n: 100,
    d: 25,
    seed: 42,
    acquisitions: 8,
    dose: { least: 3, median: 30, most: 300 },
    sigma: { all: 0.1, lowDose: 0.2, highDose: 0.04 },
    maps: { standard: scores(0.8, 0.4), sigma: scores(0.8 + accuracy.mean, 0.4) },
    gain: { accuracy: same(accuracy), neighborsKept: same({ mean: 0, standardError: 0.01 }) },
    noiseFreeAccuracy: 0.9,
    agreement: 0.5,
    lowDoseAccuracy,
    files: [],
  };
}

describe("explain", () => {
  it("calls a clear gain better, a clear loss worse, and all else no clear difference", () => {
    const sentence = (mean: number) => explain(findings({ mean, standardError: 0.01 }, []))[2];
    expect(sentence(0.05)).toContain("85.0 % in the sigma-aware one (+5.0 ± 1.0 points: better)");
    expect(sentence(-0.05)).toContain("75.0 % in the sigma-aware one (-5.0 ± 1.0 points: worse)");
    expect(sentence(0.015)).toContain("no clear difference");
    expect(sentence(0)).toContain("no clear difference");
  });

  it("names the class that changed most, for better or worse", () => {
    const none = { mean: 0, standardError: 0 };
    const sentence = (...classes: DemoSummary["lowDoseAccuracy"]) => explain(findings(none, classes))[4];
    const particles = { label: "particles", standard: 0.6, sigma: 0.7 };
    const fibres = { label: "fibres", standard: 0.9, sigma: 0.7 };
    expect(sentence(particles, fibres)).toMatch(/"fibres".*90\.0 % .*70\.0 %/);
    expect(sentence({ ...fibres, sigma: 0.9 })).toMatch(/^No class differs/);
  });
});
