import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AbortError, type CompareOptions, compare, runTsne, writeComparison } from "../../src/index.js";
import { digest, makeGroups, makeUniform, mapValues } from "../tsne/points.js";

const data = makeGroups(150, 6);
const sigma = makeUniform(150, 6, 0.01, 1.5);
const labels = Array.from({ length: 150 }, (_, i) => i % 3);
const quick = { iterations: 400, perplexity: 10, threads: 2 };

/** Finds the k nearest other points, with ties ordered by index, by comparing all pairs. */
function neighbors(rows: number[][], i: number, k: number): number[] {
  const squared = (j: number) => rows[i].reduce((sum, value, c) => sum + (value - rows[j][c]) ** 2, 0);
  return rows
    .map((_, j) => j)
    .filter((j) => j !== i)
    .sort((a, b) => squared(a) - squared(b) || a - b)
    .slice(0, k);
}

describe("standard and sigma-aware maps", () => {
  const comparison = compare(data, { ...quick, sigma, labels });

  test("equal the maps of runTsne from the same initial embedding", async () => {
    const { maps } = await comparison;
    expect(maps.map(({ name, options }) => [name, options.distance])).toEqual([
      ["standard", "euclidean"],
      ["sigma-aware", "inverse-variance"],
    ]);
    const first = await runTsne(data, { ...quick, sigma, distance: "euclidean" });
    expect(maps[0]?.embedding.data).toEqual(first.embedding.data);
    const start = (await runTsne(data, { ...quick, iterations: 0 })).embedding;
    const second = await runTsne(data, { ...quick, sigma, init: start });
    expect(maps[1]?.kl).toBe(second.kl);
  });

  test("are compared by displacements and neighbors of the aligned maps", async () => {
    const { maps, pairs, k } = await comparison;
    const [a, b] = maps.map(({ embedding }) => embedding.toArrays()) as [number[][], number[][]];
    const radius = Math.sqrt(a.flat().reduce((sum, value) => sum + value * value, 0) / a.length);
    expect(k).toBe(15);
    for (const i of [0, 1, 77, 149]) {
      const [p, q] = [a[i], b[i]] as [number[], number[]];
      const moved = Math.hypot(...p.map((value, axis) => value - q[axis])) / radius;
      expect(pairs[0]?.displacement[i]).toBeCloseTo(moved, 4);
      const before = neighbors(a, i, k);
      const after = new Set(neighbors(b, i, k));
      const changed = before.filter((j) => !after.has(j)).length / k;
      expect(pairs[0]?.changed[i]).toBeCloseTo(changed, 5);
    }
  });

  test("are each measured under both distances, and best under its own", async () => {
    const { quality, maps, references } = await comparison;
    expect(references.map(({ distance }) => distance)).toEqual(["euclidean", "inverse-variance"]);
    for (const [i, map] of maps.entries()) {
      expect(quality[i]?.[i]?.kl).toBeCloseTo(map.kl, 2);
      expect(quality[i]?.[i]?.kl).toBeLessThan(quality[1 - i]?.[i]?.kl);
      expect(map.accuracy?.value).toBeGreaterThan(0.3);
    }
  });

  test("are correlated with the uncertainty of the points", async () => {
    const { pairs, meanSigma } = await comparison;
    const mean = Array.from(sigma.row(5)).reduce((sum, value) => sum + value, 0) / 6;
    expect(meanSigma?.[5]).toBeCloseTo(mean, 6);
    for (const found of Object.values(pairs[0]?.uncertainty ?? {})) {
      expect(found?.count).toBe(150);
      expect(found?.interval[0]).toBeLessThanOrEqual(found?.rho as number);
    }
  });

  test("have the same bytes with another number of threads", async () => {
    const again = await compare(data, { ...quick, sigma, labels, threads: 1 });
    const first = await comparison;
    expect(again.maps.map(({ embedding }) => digest(embedding))).toEqual(
      first.maps.map(({ embedding }) => digest(embedding)),
    );
    expect(again.pairs).toEqual(first.pairs);
    expect(again.quality).toEqual(first.quality);
  });
});

test("the same sigma everywhere gives identical maps: no displacement, no change, no correlation", async () => {
  const { pairs, maps } = await compare(data, { ...quick, sigma: mapValues(data, () => 0.7) });
  expect(maps[0]?.kl).toBe(maps[1]?.kl);
  expect(pairs[0]?.disparity).toBeLessThan(1e-12);
  expect(Math.max(...(pairs[0]?.displacement ?? [1]))).toBeLessThan(1e-5);
  expect(pairs[0]?.changed.every((share) => share === 0)).toBe(true);
  expect(pairs[0]?.uncertainty).toEqual({ displacement: null, changed: null });
});

test("any variants can be compared, without sigma and in any number of dimensions", async () => {
  const variants = [5, 10, 20].map((perplexity) => ({ name: `p${perplexity}`, options: { perplexity } }));
  const { maps, pairs, references, meanSigma } = await compare(data, {
    iterations: 60,
    outputDimensions: 3,
    k: 4,
    variants,
  });
  expect(maps.map(({ embedding }) => embedding.shape)).toEqual([
    [150, 3],
    [150, 3],
    [150, 3],
  ]);
  expect(pairs.map(({ first, second }) => [first, second])).toEqual([
    [0, 1],
    [0, 2],
    [1, 2],
  ]);
  expect(references.map(({ perplexity }) => perplexity)).toEqual([5, 10, 20]);
  expect(meanSigma).toBeUndefined();
  expect(pairs[0]?.uncertainty).toBeUndefined();
});

test("three points can be compared, and so can points that are all equal", async () => {
  const few = await compare(
    [
      [0, 0],
      [1, 0],
      [5, 5],
    ],
    {
      sigma: [
        [1, 1],
        [0, 2],
        [1, 0],
      ],
      iterations: 20,
    },
  );
  expect(few.k).toBe(1);
  const same = await compare(
    mapValues(data, () => 3),
    { sigma, iterations: 20, perplexity: 10 },
  );
  expect(same.pairs[0]?.displacement.every(Number.isFinite)).toBe(true);
});

test.each<[CompareOptions, string]>([
  [{}, "sigma"],
  [{ sigma, k: 75 }, "k"],
  [{ sigma, labels: [1, 2] }, "labels"],
  [{ sigma: [[1, 2]] }, "sigma"],
  [{ sigma, distance: "euclidean" }, "distance"],
  [{ variants: [{ name: "one", options: {} }] }, "variants"],
  [
    {
      variants: [
        { name: "a", options: {} },
        { name: "a", options: {} },
      ],
    },
    "variants[1].name",
  ],
  [
    {
      variants: [
        { name: "a", options: {} },
        { name: "b", options: { perplexity: 1e6 } },
      ],
    },
    "variants[1].options.perplexity",
  ],
  [
    {
      variants: [
        { name: "a", options: {} },
        { name: "b", options: { seed: 1 } as object },
      ],
    },
    "variants[1].options.seed",
  ],
  [{ sigma, perplexty: 3 } as CompareOptions, "perplexty"],
])("invalid options are rejected with the name of the option: case %#", async (options, argument) => {
  await expect(compare(data, options)).rejects.toMatchObject({ argument });
});

test("an aborted signal stops the work in any step", async () => {
  for (const step of ["embedding", "quality", "neighborhoods"]) {
    const controller = new AbortController();
    const onProgress: CompareOptions["onProgress"] = (progress) => {
      if (progress.step === step) controller.abort();
    };
    await expect(compare(data, { ...quick, sigma, signal: controller.signal, onProgress })).rejects.toThrow(AbortError);
  }
});

test("every map is written to a separate file, even if names are similar", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-compare-"));
  try {
    const variants = ["a-3", "a", "A!", "μ"].map((name, i) => ({ name, options: { perplexity: 5 + i } }));
    await writeComparison(
      join(folder, "out"),
      await compare(data.slice(0, 40), { variants, iterations: 5, threads: 2 }),
    );
    const maps = (await readdir(join(folder, "out"))).filter((name) => name.startsWith("map_"));
    expect(maps.sort()).toEqual(["map_a-3.npy", "map_a-4.npy", "map_a.npy", "map_map-4.npy"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("writeComparison rejects values that are not comparisons", async () => {
  for (const none of [undefined, null, {}, []]) {
    await expect(writeComparison("nowhere", none as never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      argument: "comparison",
    });
  }
});
