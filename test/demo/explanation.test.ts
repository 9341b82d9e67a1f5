import { describe, expect, it } from "vitest";
import { explainAcquisitions, explainCodes } from "../../src/demo/explanation.js";
import type { Difference } from "../../src/demo/scores.js";
import type { AcquisitionsSummary } from "../../src/demo/summary.js";

const same = <T>(value: T) => ({ all: value, lowDose: value, highDose: value });
const scores = (accuracy: number, kept: number) => ({
  kl: 1,
  iterations: 1000,
  accuracy: same(accuracy),
  neighborsKept: same(kept),
});

function findings(accuracy: Difference, lowDoseAccuracy: AcquisitionsSummary["lowDoseAccuracy"]) {
  return {
    data: "acquisitions" as const,
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

describe("explainAcquisitions", () => {
  it("calls a clear gain better, a clear loss worse, and everything else no clear difference", () => {
    const sentence = (mean: number) => explainAcquisitions(findings({ mean, standardError: 0.01 }, []))[2];
    expect(sentence(0.05)).toContain("85.0 % in the sigma-aware one (+5.0 ± 1.0 points: better)");
    expect(sentence(-0.05)).toContain("75.0 % in the sigma-aware one (-5.0 ± 1.0 points: worse)");
    expect(sentence(0.015)).toContain("no clear difference");
    expect(sentence(0)).toContain("no clear difference");
  });

  it("names the class that changed most, for better or worse", () => {
    const none = { mean: 0, standardError: 0 };
    const sentence = (...classes: AcquisitionsSummary["lowDoseAccuracy"]) =>
      explainAcquisitions(findings(none, classes))[4];
    const particles = { label: "particles", standard: 0.6, sigma: 0.7 };
    const fibers = { label: "fibers", standard: 0.9, sigma: 0.7 };
    expect(sentence(particles, fibers)).toMatch(/"fibers".*90\.0 % .*70\.0 %/);
    expect(sentence({ ...fibers, sigma: 0.9 })).toMatch(/^No class differs/);
  });
});

describe("explainCodes", () => {
  const text = (mean: number, rho: number, high: number) =>
    explainCodes({
      ...{ data: "codes", n: 100, classes: 8, seed: 42, files: [] },
      model: { name: "vae", parameters: 5, zDim: 20, activeDimensions: 3, epochs: 1, loss: 0, backend: "here" },
      sigma: { mean: 0.3, low: 0.2, high },
      maps: { standard: { kl: 1, accuracy: 0.5 }, sigma: { kl: 1, accuracy: 0.5 + mean } },
      gain: { mean, standardError: 0.01 },
      changed: { k: 15, mean: 0.4 },
      uncertainty: { rho, interval: [rho - 0.05, rho + 0.05], count: 100 },
      separation: { evenness: 0.1, evennessBefore: 1, keptNeighbors: 0.7, rows: 10, columns: 10 },
    }).join(" ");

  it("describes positive and negative results", () => {
    expect(text(0.05, 0.2, 0.9)).toMatch(/\+5\.0 ± 1\.0 points: better/);
    expect(text(0.05, 0.2, 0.9)).toMatch(/move more than.*factor of 4\.5/);
    expect(text(-0.05, -0.2, 0.3)).toMatch(/move less than.*points: worse.*That is little/);
    expect(text(0, 0.01, 0.3)).toMatch(/neither more nor less.*no clear difference/);
  });
});
