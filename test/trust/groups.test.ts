import { beforeAll, describe, expect, it } from "vitest";
import { Matrix } from "../../src/matrix.js";
import { isEvidence } from "../../src/trust/groups.js";
import { describeGroups, describeTrust, type TrustGroups, trust, trustColumns } from "../../src/trust/index.js";
import { Tsne, type TsneOptions } from "../../src/tsne/index.js";
import { makeGroups, mapValues, uniformNumbers } from "../tsne/points.js";

const n = 300;
const data = makeGroups(n, 6);
const labels = Array.from({ length: n }, (_, i) => `kind ${i % 3}`);

async function examine(points: Matrix, options: TsneOptions = {}, given?: readonly string[]): Promise<TrustGroups> {
  const run = new Tsne(points, { perplexity: 15, threads: 2, ...options });
  await run.fit();
  const report = await trust(run, { groups: true, reruns: 5, draws: 4, labels: given });
  return report.groups as TrustGroups;
}

describe("trust with groups", () => {
  let tested: TrustGroups;
  beforeAll(async () => {
    tested = await examine(data, {}, labels);
  });

  it("finds the groups of the data and that they are stable", () => {
    expect(tested.groups).toHaveLength(3);
    for (const [i, group] of tested.of.entries()) expect(group).toBe(tested.of[i % 3]);
    for (const { size, verdict, reruns, draws, separation } of tested.groups) {
      expect(size).toBe(n / 3);
      expect(verdict).toBe("stable");
      expect(reruns.together).toBeGreaterThan(0.9);
      expect(reruns.mixed).toBeLessThan(0.1);
      expect(draws).toBeUndefined();
      expect(separation).toBeGreaterThan(0.5);
    }
    // Five reruns keep almost every point at least once.
    const known = tested.staying.filter((share) => !Number.isNaN(share));
    expect(known.length).toBeGreaterThan(0.95 * n);
    expect(known.every((share) => share > 0.5 && share <= 1)).toBe(true);
    expect(tested).toMatchObject({ reruns: 5, draws: 0 });
    expect(tested.nullSeparations).toHaveLength(19);
  });

  it("tests labels in the same way", () => {
    expect(tested.labels.map(({ name }) => name)).toEqual(["kind 0", "kind 1", "kind 2"]);
    for (const { verdict, separation } of tested.labels) {
      expect({ verdict, separation }).toEqual({ verdict: "stable", separation: undefined });
    }
  });

  it("explains each group and each label in a sentence", () => {
    const sentences = describeGroups(tested);
    expect(sentences).toHaveLength(6);
    expect(sentences[0]).toMatch(/^Group 1 \(100 points\) is stable: in 5 reruns, \d+\.\d % of its pairs .*\.$/);
    expect(sentences[3]).toMatch(/^Label kind 0 /);
  });

  it("gives the same groups with any number of threads", async () => {
    expect(await examine(data, { threads: 1 }, labels)).toEqual(tested);
  });
});

it("finds that labels which do not follow the groups are unstable", async () => {
  const uniform = uniformNumbers(3);
  const { labels: random } = await examine(
    data,
    {},
    Array.from({ length: n }, () => (uniform() < 0.5 ? "a" : "b")),
  );
  for (const { verdict, reruns } of random) {
    expect(verdict).toBe("unstable");
    expect(reruns.mixed).toBeCloseTo(0.5, 1);
  }
});

it("reports no group for one Gaussian", async () => {
  const uniform = uniformNumbers(5);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const one = new Matrix(Float64Array.from({ length: 4 * n }, normal), n, 4);
  const tested = await examine(one);
  expect(tested.groups.map(({ verdict }) => verdict)).not.toContain("stable");
  expect(describeGroups(tested)[0]).toMatch(/no separate groups|no evidence/);
});

it("counts where the draws of points with sigma land", async () => {
  const sigma = mapValues(data, (_, row) => (row % 3 === 0 ? 6 : 0.05));
  const { groups, of, draws } = await examine(data, { sigma, distance: "euclidean" });
  expect(draws).toBe(4);
  const vague = groups[of[0]];
  const sharp = groups[of[1]];
  expect(sharp.draws?.together).toBeGreaterThan(0.95);
  expect(vague.draws?.together).toBeLessThan(0.75);
  expect(vague.verdict).toBe("unstable");
});

it("adds a finding and columns to the report", async () => {
  const run = new Tsne(data, { perplexity: 15, threads: 2, iterations: 200 });
  await run.fit();
  const report = await trust(run, { groups: true, reruns: 2 });
  const finding = describeTrust(report).at(-1);
  expect(finding).toMatchObject({ score: "groups" });
  expect(finding?.sentence).toMatch(/^Groups: \d of the 3 groups of the map are stable/);
  const columns = trustColumns(report);
  expect(Object.keys(columns).slice(-3)).toEqual(["map_group", "map_group_verdict", "staying"]);
  expect(trustColumns(await trust(run))).not.toHaveProperty("map_group");
});

it("finds groups of embeddings of one and of three dimensions", async () => {
  for (const outputDimensions of [1, 3]) {
    const { groups } = await examine(data, { outputDimensions });
    expect(groups.length).toBeGreaterThanOrEqual(3);
  }
});

it("examines the smallest number of points that a report accepts", async () => {
  const { groups } = await examine(makeGroups(10, 3), { perplexity: 3 });
  for (const { verdict } of groups) expect(verdict).toMatch(/stable|no evidence/);
});

it.each([
  [0.9, 0.1, 3, [0, 0.5], true],
  [0.55, 0.1, 3, [0, 0.5], false],
  [0.4, 0.1, 2, [0, 0, 0], true],
  [1, 0, 1, [0, 0], false],
  [1, 0.01, 2, [0, 1], false],
  [1, 0, 2, [0, 1], true],
])(
  "decides whether a separation of %d and an outflow of %d are evidence, with %i groups and null separations of %j: %s",
  (...given) => {
    const [separation, outflow, groups, nulls, is] = given;
    expect(isEvidence({ separation, outflow }, groups, Float64Array.from(nulls))).toBe(is);
  },
);

it("finds that groups without neighbors in each other are stable, also along one line", async () => {
  const far = mapValues(data, (value, row, column) => value + (column === 0 && row % 2 === 0 ? 1000 : 0));
  const { groups, of } = await examine(far);
  expect(groups.length).toBeGreaterThan(1);
  for (const { verdict } of groups) expect(verdict).toBe("stable");
  for (let i = 0; i < n; i++) expect(of[i]).not.toBe(of[(i + 1) % n]);
});

it("rejects labels without groups, a wrong number of labels, and bad reruns", async () => {
  const run = new Tsne(data, { perplexity: 15, iterations: 10 });
  await run.fit();
  await expect(trust(run, { labels })).rejects.toThrow(/labels: cannot be used without groups/);
  await expect(trust(run, { groups: true, labels: ["a"] })).rejects.toThrow(/300 labels, one per point/);
  await expect(trust(run, { groups: true, reruns: 1 })).rejects.toThrow(/reruns/);
});
