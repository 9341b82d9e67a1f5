import { beforeAll, describe, expect, it } from "vitest";
import { AbortError } from "../../src/errors.js";
import { Matrix } from "../../src/matrix.js";
import { describeTrust, type Trust, trust, trustColumns } from "../../src/trust/index.js";
import { Tsne, type TsneOptions } from "../../src/tsne/index.js";
import { makeGroups, mapValues } from "../tsne/points.js";

const n = 240;
const quick: TsneOptions = { perplexity: 15, threads: 2 };
/** Three groups, and point 0 halfway between two of them. */
const data = makeGroups(n, 6);
for (let c = 0; c < data.cols; c++) data.data[c] = (data.at(3, c) + data.at(4, c)) / 2;
const sigma = mapValues(data, (_, row) => (row % 10 === 0 ? 3 : 0.05));

async function fitted(options: TsneOptions = {}, points: Matrix = data): Promise<Tsne> {
  const run = new Tsne(points, { ...quick, ...options });
  await run.fit();
  return run;
}

describe("trust", () => {
  let run: Tsne;
  let report: Trust;
  beforeAll(async () => {
    run = await fitted();
    report = await trust(run);
  });

  it("computes the scores of each point", () => {
    expect(report.embedding.shape).toEqual([n, 2]);
    const { perturbation, singularity, reliability, measurement, doubts } = report;
    for (const values of [perturbation?.scores, singularity.scores, reliability.scores, reliability.classes, doubts]) {
      expect(values).toHaveLength(n);
    }
    expect(perturbation?.scores.every((score) => score >= 0)).toBe(true);
    expect(singularity.scores.every((score) => score > 0)).toBe(true);
    expect(reliability.scores.every((score) => Math.abs(score) <= 1)).toBe(true);
    expect(singularity.repulsion).toBe("exact");
    expect(measurement).toBeUndefined();
    expect(perturbation).toMatchObject({ directions: 3, threshold: report.radius / 4 });
  });

  it("finds that a point between two groups jumps farther than almost all others", () => {
    const scores = report.perturbation?.scores as Float32Array;
    expect(scores.filter((score) => score > scores[0]).length).toBeLessThan(n / 20);
  });

  it("counts the scores that fail their thresholds as doubts", () => {
    const { perturbation, singularity, reliability, doubts } = report;
    for (let i = 0; i < n; i++) {
      const jumps = perturbation !== undefined && perturbation.scores[i] > perturbation.threshold;
      const isLoose = singularity.scores[i] > singularity.threshold;
      const isDubious = reliability.scores[i] < reliability.dubiousBelow;
      expect(reliability.classes[i] === "dubious").toBe(isDubious);
      expect(doubts[i]).toBe([jumps, isLoose, isDubious].filter(Boolean).length);
    }
  });

  it("explains each score in a sentence with its threshold, and names scores that were not measured", () => {
    const findings = describeTrust(report);
    expect(findings.map(({ score }) => score)).toEqual([
      "perturbation",
      "singularity",
      "reliability",
      "measurement",
      "doubts",
    ]);
    for (const { sentence } of findings) expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(findings[3]).toEqual({
      score: "measurement",
      flagged: undefined,
      threshold: undefined,
      sentence: "Measurement: not assessed, because the run has no standard deviations.",
    });
    expect(findings[0].flagged).toBe(report.perturbation?.scores.filter((score) => score > report.radius / 4).length);
  });

  it("gives the same numbers with any number of threads", async () => {
    const again = await trust(await fitted({ threads: 1 }));
    expect(trustColumns(again)).toEqual(trustColumns(report));
  });

  it("does not change the run", async () => {
    const { embedding } = await run.fit(0);
    expect(embedding.data).toEqual(report.embedding.data);
  });

  it("moves the points by the given length", async () => {
    const { perturbation } = await trust(run, { perturbation: 1e-4 });
    expect(perturbation?.length).toBe(1e-4);
    const sorted = Float32Array.from(perturbation?.scores ?? []).sort();
    expect(sorted[n / 2]).toBeLessThan(0.05 * report.radius);
  });
});

it("assesses the measurement of points with sigma", async () => {
  const report = await trust(await fitted({ sigma }), { draws: 6 });
  expect(report.measurement).toMatchObject({ draws: 6 });
  const share = report.measurement?.share as Float32Array;
  const mean = (wanted: boolean) => {
    const some = share.filter((_, i) => (i % 10 === 0) === wanted);
    return some.reduce((sum, value) => sum + value, 0) / some.length;
  };
  expect(mean(true)).toBeLessThan(mean(false));
  const [, , , measurement] = describeTrust(report);
  expect(measurement.flagged).toBe(share.filter((value) => value < 0.5).length);
});

it("scores embeddings of one and of three dimensions", async () => {
  for (const outputDimensions of [1, 3]) {
    const { embedding, perturbation, singularity } = await trust(await fitted({ outputDimensions, iterations: 100 }));
    expect(embedding.cols).toBe(outputDimensions);
    expect(perturbation?.scores.every(Number.isFinite)).toBe(true);
    expect(singularity.scores).toHaveLength(n);
  }
});

it("reports that points cannot be placed into embeddings with other degrees of freedom", async () => {
  const report = await trust(await fitted({ degreesOfFreedom: 0.5, iterations: 100 }));
  expect(report.perturbation).toBeUndefined();
  expect(describeTrust(report)[0].sentence).toContain("one degree of freedom");
  expect(trustColumns(report)).not.toHaveProperty("perturbation");
});

it("rejects runs without an embedding, without data, of too few points, and bad options", async () => {
  await expect(trust(new Tsne(data, quick))).rejects.toThrow(/no embedding yet/);
  const distances = new Matrix(
    Float64Array.from({ length: 144 }, (_, at) => Math.abs((at % 12) - Math.floor(at / 12))),
    12,
    12,
  );
  const without = new Tsne({ distances }, { perplexity: 3, iterations: 10 });
  await without.fit();
  await expect(trust(without)).rejects.toThrow(/Fit it with data and a distance/);
  const few = await fitted({ perplexity: 2, iterations: 10 }, makeGroups(8, 3));
  await expect(trust(few)).rejects.toThrow(/at least 10 points/);
  const run = await fitted({ iterations: 10 });
  await expect(trust(run, { draws: 1 })).rejects.toThrow(/draws/);
  await expect(trust(run, { perturbation: 0 })).rejects.toThrow(/perturbation/);
  await expect(trust(run, { drows: 3 } as object)).rejects.toThrow(/draws/);
});

it("reports its stages in order and stops when the signal is aborted", async () => {
  const run = await fitted({ sigma });
  const stages: string[] = [];
  await trust(run, {
    draws: 2,
    onProgress: ({ stage, fraction }) => {
      expect(fraction).toBeGreaterThanOrEqual(0);
      expect(fraction).toBeLessThanOrEqual(1);
      if (stages.at(-1) !== stage) stages.push(stage);
    },
  });
  expect(stages.slice(0, 3)).toEqual(["singularity", "perturbation", "reliability"]);
  for (const stage of ["singularity", "perturbation", "reliability"]) {
    const controller = new AbortController();
    const onProgress = (progress: { stage: string }) => progress.stage === stage && controller.abort();
    await expect(trust(run, { signal: controller.signal, onProgress })).rejects.toBeInstanceOf(AbortError);
  }
});
