import { beforeAll, describe, expect, it } from "vitest";
import { describeTrust, type PerplexityComparison, trust } from "../../src/trust/index.js";
import { findElbow } from "../../src/trust/perplexities.js";
import { runTsne, Tsne } from "../../src/tsne/index.js";
import { makeGroups, makeUniform } from "../tsne/points.js";

const n = 120;
const data = makeGroups(n, 5);
const sigma = makeUniform(n, 5, 0.1, 0.5);

describe("trust with perplexities", () => {
  let compared: PerplexityComparison;
  beforeAll(async () => {
    const run = new Tsne(data, { sigma, perplexity: 8, iterations: 150, seed: 3, threads: 2 });
    await run.fit();
    const report = await trust(run, { draws: 2, perplexities: [20, 5, 10] });
    compared = report.perplexities as PerplexityComparison;
    expect(describeTrust(report).at(-1)?.sentence).toMatch(
      /^Perplexities: the embedding has perplexity 8; tried: 5, 10, 20\./,
    );
  });

  it("scores each perplexity, in ascending order", () => {
    expect(compared.scores.map(({ perplexity }) => perplexity)).toEqual([5, 10, 20]);
    for (const { perplexity, kl, criterion, singularity, recovered } of compared.scores) {
      expect(criterion).toBeCloseTo(2 * kl + (Math.log(n) * perplexity) / n, 10);
      expect(singularity).toBeGreaterThan(0);
      expect(recovered).toBeGreaterThan(0.6);
      expect(recovered).toBeLessThanOrEqual(1);
    }
    const [best] = [...compared.scores].sort((a, b) => (b.recovered as number) - (a.recovered as number));
    expect(compared.bestRecovered).toBe(best.perplexity);
    expect(compared.own).toBe(8);
  });

  it("embeds the data of the run with its other options", async () => {
    const { kl } = await runTsne(data, { sigma, perplexity: 10, iterations: 150, seed: 3, threads: 2 });
    expect(compared.scores[1].kl).toBeCloseTo(kl, 4);
  });
});

it("embeds principal components if the run reduces the data to them", async () => {
  const run = new Tsne(data, { pca: 3, perplexity: 8, iterations: 100, method: "exact" });
  await run.fit();
  const { perplexities } = await trust(run, { perplexities: [5, 10] });
  const { kl } = await runTsne(data, { pca: 3, perplexity: 10, iterations: 100, method: "exact" });
  expect(perplexities?.scores[1].kl).toBeCloseTo(kl, 3);
  expect(perplexities?.bestRecovered).toBeUndefined();
  expect(perplexities?.scores[0].recovered).toBeUndefined();
});

it("finds the elbow of falling scores, and none of straight or infinite ones", () => {
  const of = (...scores: number[]) =>
    findElbow(scores.map((singularity, i) => ({ perplexity: 5 * 2 ** i, singularity })));
  expect(of(1000, 100, 10, 9, 8)).toBe(20);
  expect(of(16, 8, 4, 2)).toBeUndefined();
  expect(of(1, 2, 3)).toBeUndefined();
  expect(of(Number.POSITIVE_INFINITY, 10, 1)).toBeUndefined();
});

it.each([
  [[10], "two or more different perplexities"],
  [[10, 10], "two or more different perplexities"],
  [[10, 100], "perplexities: expected 1 to (n - 1) / 3"],
  [[0.5, 10], "perplexities: expected 1 to (n - 1) / 3"],
  ["10,20", "two or more different perplexities"],
])("rejects perplexities of %j", async (perplexities, message) => {
  const run = new Tsne(data, { perplexity: 8, iterations: 1 });
  await run.fit();
  await expect(trust(run, { perplexities } as object)).rejects.toThrow(message);
});
