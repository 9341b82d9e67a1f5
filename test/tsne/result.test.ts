import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { pca } from "../../src/pca/index.js";
import { runBhTsne } from "../../src/tsne/index.js";
import { makeGroups, makeUniform, nearestNeighborAccuracy } from "./points.js";

const data = makeGroups(120, 6);

test("every option has its documented default", async () => {
  const { options } = await runBhTsne(data, { iterations: 0 });
  expect(options).toEqual({
    method: "barnes-hut",
    meshSpacing: 0.4,
    distance: "euclidean",
    neighbors: "auto",
    varianceFloor: "auto",
    perplexity: 30,
    theta: 0.5,
    degreesOfFreedom: 1,
    outputDimensions: 2,
    iterations: 0,
    seed: 42,
    pca: undefined,
    init: "pca",
    optimizer: "curvature",
    earlyExaggeration: 12,
    earlyExaggerationIterations: 90,
    exaggeration: 1,
    threads: availableParallelism(),
  });
});

test("a run ends when it has converged by default, and after 1000 iterations with the momentum optimizer", async () => {
  const result = await runBhTsne(makeGroups(120, 2));
  expect(result).toMatchObject({ stopped: "converged", options: { iterations: "auto" } });
  expect(result.iterations).toBeGreaterThanOrEqual(300);
  expect(result.iterations).toBeLessThan(1000);
  const momentum = await runBhTsne(makeGroups(12, 2), { optimizer: "momentum" });
  expect(momentum).toMatchObject({ iterations: 1000, options: { iterations: 1000 } });
});

test("an option that is undefined counts as left out", async () => {
  const { options } = await runBhTsne(data, {
    iterations: 0,
    sigma: undefined,
    perplexity: undefined,
    init: undefined,
    pca: undefined,
    signal: undefined,
  });
  expect(options).toEqual((await runBhTsne(data, { iterations: 0 })).options);
});

test("defaults depend on the data as documented", async () => {
  const sigma = makeUniform(120, 6, 0.1, 1);
  expect((await runBhTsne(data, { iterations: 0, sigma })).options.distance).toBe("inverse-variance");
  expect((await runBhTsne(makeGroups(40, 3), { iterations: 0 })).options.perplexity).toBe(13);
  expect((await runBhTsne(makeGroups(91, 3), { iterations: 0 })).options.perplexity).toBe(30);
  expect((await runBhTsne(data, { iterations: 0, pca: true })).options.pca).toBe(6);
  expect((await runBhTsne(makeGroups(70, 60), { iterations: 0, pca: true })).options.pca).toBe(50);
  expect((await runBhTsne(data, { iterations: 0, init: makeUniform(120, 2, -1, 1) })).options.init).toBe("given");
});

test.each([
  [30, {}, 50, 50],
  [1200, {}, 100, 1200],
  [1200, { earlyExaggeration: 4 }, 300, 1200],
  [1200, { learningRate: "auto" as const }, 100, 1200],
  [1200, { learningRate: 7 }, 7, 7],
])("%i points with %o have the learning rate %d at first, then %d", async (n, options, early, late) => {
  const { options: used } = await runBhTsne(makeGroups(n, 2), { optimizer: "momentum", ...options, iterations: 0 });
  expect(used.learningRate).toBe(early);
  expect(used.finalLearningRate).toBe(late);
});

test.each([1, 2, 3])(
  "the embedding has a row for each point and %i columns, finite and centered",
  async (outputDimensions) => {
    const { embedding, kl, iterations, options } = await runBhTsne(data, { outputDimensions, iterations: 100 });
    expect(embedding.shape).toEqual([120, outputDimensions]);
    expect(embedding.data).toBeInstanceOf(Float32Array);
    expect(embedding.data.every(Number.isFinite)).toBe(true);
    expect(kl).toBeGreaterThan(0);
    expect(iterations).toBe(100);
    expect(options.outputDimensions).toBe(outputDimensions);
    for (let axis = 0; axis < outputDimensions; axis++) {
      const mean = embedding.toArrays().reduce((sum, row) => sum + row[axis], 0) / 120;
      const largest = Math.max(...embedding.data.map(Math.abs));
      expect(Math.abs(mean)).toBeLessThan(1e-5 * largest);
    }
  },
);

test("the method is exact at theta 0 and Barnes-Hut above", async () => {
  expect((await runBhTsne(data, { iterations: 1, theta: 0 })).method).toBe("exact");
  expect((await runBhTsne(data, { iterations: 1, theta: 0.1 })).method).toBe("barnes-hut");
});

test("seconds are reported for each stage and in total", async () => {
  const { seconds } = await runBhTsne(data, { iterations: 50 });
  const { total, ...stages } = seconds;
  expect(Object.keys(stages)).toEqual(["pca", "neighbors", "affinities", "initialization", "optimization"]);
  expect(stages.pca).toBe(0);
  const sum = Object.values(stages).reduce((a, b) => a + b);
  expect(sum).toBeGreaterThan(0);
  expect(total).toBeGreaterThanOrEqual(sum);
  expect((await runBhTsne(data, { iterations: 0, pca: true })).seconds.pca).toBeGreaterThan(0);
});

describe("quality", () => {
  const groups = makeGroups(240, 8, 4);

  test.each([0, 0.5])("separated groups are separated in the embedding, theta %s", async (theta) => {
    const { embedding } = await runBhTsne(groups, { theta, iterations: 350 });
    expect(nearestNeighborAccuracy(embedding, 4)).toBeGreaterThan(0.98);
  });

  test.each([
    ["sigma", { sigma: makeUniform(240, 8, 0.1, 0.5) }],
    ["a random start", { init: "random" as const }],
    ["principal components", { pca: 4 }],
    ["three dimensions", { outputDimensions: 3 }],
  ])("separated groups are separated in the embedding with %s", async (_, options) => {
    const { embedding } = await runBhTsne(groups, { ...options, iterations: 350 });
    expect(nearestNeighborAccuracy(embedding, 4)).toBeGreaterThan(0.98);
  });

  test.each([1, 2, 3])(
    "Barnes-Hut reaches the same KL divergence as the exact gradient, %i dimensions",
    async (outputDimensions) => {
      const exact = await runBhTsne(groups, { outputDimensions, theta: 0, iterations: 500 });
      const approximate = await runBhTsne(groups, { outputDimensions, theta: 0.5, iterations: 500 });
      expect(Math.abs(approximate.kl - exact.kl)).toBeLessThan(0.05 * exact.kl);
    },
  );

  test("more iterations bring the KL divergence down", async () => {
    const init = makeUniform(240, 2, -1e-4, 1e-4);
    const [first, later] = [
      await runBhTsne(groups, { init, iterations: 0 }),
      await runBhTsne(groups, { init, iterations: 500 }),
    ];
    expect(later.kl).toBeLessThan(0.7 * first.kl);
  });
});

describe("principal components", () => {
  const init = makeUniform(120, 2, -5, 5);
  const atInit = { init, iterations: 0, theta: 0 };

  test("do not change the affinities if all are used", async () => {
    const reduced = await runBhTsne(data, { ...atInit, pca: true });
    expect(reduced.kl).toBeCloseTo((await runBhTsne(data, atInit)).kl, 4);
  });

  test("equal those of pca() if few are used", async () => {
    const reduced = await runBhTsne(data, { ...atInit, pca: 2 });
    const { scores } = await pca(data, 2);
    expect(reduced.kl).toBeCloseTo((await runBhTsne(scores, atInit)).kl, 4);
    expect(Math.abs(reduced.kl - (await runBhTsne(data, atInit)).kl)).toBeGreaterThan(1e-3);
  });
});
