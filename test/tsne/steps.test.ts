import { describe, expect, test } from "vitest";
import { Matrix } from "../../src/matrix.js";
import { runBhTsne, type Stage, Tsne, type TsneOptions } from "../../src/tsne/index.js";
import { digest, makeGroups, makeUniform } from "./points.js";

const data = makeGroups(200, 6);
const sigma = makeUniform(200, 6, 0.1, 1);
const options = { sigma, iterations: 320, threads: 2 };

describe("Tsne", () => {
  test("fitted in steps ends at the embedding of one fit, bit for bit", async () => {
    const whole = await runBhTsne(data, options);
    const tsne = new Tsne(data, options);
    for (const iterations of [0, 1, 49, 50, 0, 151]) await tsne.fit(iterations);
    const last = await tsne.fit();
    expect(last.iterations).toBe(320);
    expect(digest(last.embedding)).toEqual(digest(whole.embedding));
    expect(last.kl).toBe(whole.kl);
  });

  test("counts its iterations", async () => {
    const tsne = new Tsne(data, options);
    expect(tsne.iteration).toBe(0);
    await tsne.fit(0);
    expect(tsne.iteration).toBe(0);
    expect((await tsne.fit(70)).iterations).toBe(70);
    expect(tsne.iteration).toBe(70);
    await tsne.fit();
    expect(tsne.iteration).toBe(320);
  });

  test("returns the start, with its KL divergence, after no iterations", async () => {
    const { embedding, kl } = await new Tsne(data, options).fit(0);
    const spread = Math.max(...embedding.data.map(Math.abs));
    expect(spread).toBeGreaterThan(1e-5);
    expect(spread).toBeLessThan(1e-2);
    expect(kl).toBeGreaterThan(0);
  });

  test("exceeds the option iterations only on request", async () => {
    const tsne = new Tsne(data, { ...options, iterations: 20 });
    expect((await tsne.fit(60)).iterations).toBe(60);
    expect((await tsne.fit()).iterations).toBe(60);
    const whole = await runBhTsne(data, { ...options, iterations: 60 });
    expect(digest((await tsne.fit(0)).embedding)).toEqual(digest(whole.embedding));
  });

  test("returns a separate embedding for each step", async () => {
    const tsne = new Tsne(data, options);
    const first = await tsne.fit(50);
    const before = digest(first.embedding);
    await tsne.fit(50);
    expect(digest(first.embedding)).toEqual(before);
  });

  test("shows the options in use", () => {
    expect(new Tsne(data, options).options).toMatchObject({
      distance: "inverse-variance",
      iterations: 320,
      outputDimensions: 2,
    });
  });

  test("rejects a second fit during the first, which continues", async () => {
    const tsne = new Tsne(data, options);
    const first = tsne.fit(100);
    await expect(tsne.fit(1)).rejects.toMatchObject({ name: "SigmaTsneError", code: "BUSY" });
    expect((await first).iterations).toBe(100);
    expect((await tsne.fit(1)).iterations).toBe(101);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "10", null])(
    "rejects a fit of %s iterations",
    async (bad) => {
      const tsne = new Tsne(data, options);
      await expect(tsne.fit(bad as number)).rejects.toMatchObject({
        name: "ArgumentError",
        code: "OUT_OF_RANGE",
        argument: "iterations",
        received: bad,
      });
    },
  );

  test("continues after an error of the caller's onProgress", async () => {
    let isThrowing = true;
    const tsne = new Tsne(data, {
      ...options,
      onProgress: ({ iteration }) => {
        if (isThrowing && iteration >= 50) throw new Error("from the caller");
      },
    });
    await expect(tsne.fit()).rejects.toThrow("from the caller");
    isThrowing = false;
    const { embedding } = await tsne.fit();
    expect(digest(embedding)).toEqual(digest((await runBhTsne(data, options)).embedding));
  });

  test("sums its seconds over all steps", async () => {
    const tsne = new Tsne(data, options);
    const { seconds: first } = await tsne.fit(100);
    const { seconds: second } = await tsne.fit(100);
    expect(second.neighbors).toBe(first.neighbors);
    expect(second.optimization).toBeGreaterThan(first.optimization);
    expect(second.total).toBeGreaterThan(first.total);
  });
});

describe("stop", () => {
  test("ends the fit at the embedding so far; a later fit ends at the embedding of an uninterrupted run", async () => {
    const long = { ...options, iterations: 3000 };
    const tsne = new Tsne(data, {
      ...long,
      onProgress: ({ iteration }) => {
        if (iteration === 100) tsne.stop();
      },
    });
    const stopped = await tsne.fit();
    expect(stopped.iterations).toBeGreaterThanOrEqual(100);
    expect(stopped.iterations).toBeLessThan(3000);
    expect(tsne.iteration).toBe(stopped.iterations);
    expect(stopped.kl).toBeGreaterThan(0);
    const sameLength = await runBhTsne(data, { ...options, iterations: stopped.iterations });
    expect(digest(stopped.embedding)).toEqual(digest(sameLength.embedding));
    const whole = await runBhTsne(data, long);
    expect(digest((await tsne.fit()).embedding)).toEqual(digest(whole.embedding));
  });

  test.each<[Stage, TsneOptions]>([
    ["pca", { pca: 20, init: "random" }],
    ["neighbors", {}],
    ["affinities", {}],
    ["initialization", {}],
  ])(
    "in %s, where there is no embedding yet, rejects; a later fit ends at the embedding of an uninterrupted run",
    async (stage, extra) => {
      // The data have enough columns for the randomized search for principal components.
      const wide = makeUniform(800, 1000, -1, 1);
      const few = { ...extra, iterations: 30 };
      let isStopping = true;
      const tsne = new Tsne(wide, {
        ...few,
        onProgress: (progress) => {
          if (isStopping && progress.stage === stage) tsne.stop();
        },
      });
      // A short stage may already be finished when its report arrives. Then the optimization has begun, and the fit is
      // not aborted.
      const outcome = await tsne.fit(1e6).catch((error: unknown) => error);
      if (tsne.iteration === 0) expect(outcome).toMatchObject({ name: "AbortError", code: "ABORTED" });
      isStopping = false;
      const { embedding, iterations } = await tsne.fit();
      expect(digest(embedding)).toEqual(digest((await runBhTsne(wide, { ...few, iterations: iterations })).embedding));
    },
  );

  test("without a fit does nothing", async () => {
    const tsne = new Tsne(data, options);
    tsne.stop();
    expect((await tsne.fit(10)).iterations).toBe(10);
    tsne.stop();
    expect((await tsne.fit(10)).iterations).toBe(20);
  });
});

test("concurrent runs give the same embeddings as consecutive runs", async () => {
  const jobs = [
    { outputDimensions: 1 },
    { outputDimensions: 2, theta: 0 },
    { outputDimensions: 3 },
    { sigma },
    { init: "random" as const, seed: 9 },
    { pca: 3 },
  ].map((job) => ({ ...job, iterations: 100, threads: 2 }));
  const alone = [];
  for (const job of jobs) alone.push(await runBhTsne(data, job));
  const together = await Promise.all(jobs.map((job) => runBhTsne(data, job)));
  expect(together.map(({ embedding }) => digest(embedding))).toEqual(alone.map(({ embedding }) => digest(embedding)));
});

describe("the embedding of extreme data is finite:", () => {
  const constant = new Matrix(new Float64Array(40 * 3).fill(5), 40, 3);
  const EDGES: Record<string, Matrix> = {
    "three points": new Matrix(Float64Array.of(0, 1, 5), 3, 1),
    "four points": new Matrix(Float64Array.of(0, 0, 0, 1, 1, 0, 1, 1), 4, 2),
    "three equal points": new Matrix(new Float64Array(6), 3, 2),
    "constant data": constant,
    zeros: new Matrix(new Float64Array(40 * 3), 40, 3),
    "one column": makeUniform(40, 1, 0, 1),
    "a constant column": new Matrix(
      Float64Array.from({ length: 80 }, (_, at) => (at % 2 ? 3 : Math.sin(at))),
      40,
      2,
    ),
    "each point twice": new Matrix(
      Float64Array.from({ length: 160 }, (_, at) => Math.sin(at % 80)),
      80,
      2,
    ),
    "all points but one equal": new Matrix(
      Float64Array.from({ length: 120 }, (_, at) => (at < 3 ? 1 : 0)),
      40,
      3,
    ),
    "an outlier of 1e12": new Matrix(
      Float64Array.from({ length: 120 }, (_, at) => (at === 0 ? 1e12 : Math.sin(at))),
      40,
      3,
    ),
    "more columns than points": makeUniform(10, 400, -1, 1),
    "numbers near the limit of float64": makeUniform(40, 3, -1, 1),
  };
  const last = EDGES["numbers near the limit of float64"];
  last.data.forEach((value, at) => {
    last.data[at] = value * Number.MAX_VALUE;
  });

  test.each(
    Object.entries(EDGES).flatMap(([name, points]) =>
      [0, 0.5].flatMap((theta) => [1, 2, 3].map((outputDimensions) => ({ name, points, theta, outputDimensions }))),
    ),
  )("$name, theta $theta, $outputDimensions dimensions", async ({ points, theta, outputDimensions }) => {
    const result = await runBhTsne(points, { theta, outputDimensions, iterations: 150 });
    expect(result.embedding.shape).toEqual([points.rows, outputDimensions]);
    expect(result.embedding.data.every(Number.isFinite)).toBe(true);
    expect(result.kl).toBeTypeOf("number");
    expect(result.kl).not.toBeNaN();
    const random = await runBhTsne(points, { theta, outputDimensions, iterations: 20, init: "random", perplexity: 1 });
    expect(random.embedding.data.every(Number.isFinite)).toBe(true);
  });

  test.each([
    ["zero sigma", new Float64Array(120)],
    ["sigma from 0 to 1e200", Float64Array.from({ length: 120 }, (_, at) => [0, 1e-200, 1, 1e200][at % 4])],
    ["the largest sigma", new Float64Array(120).fill(Number.MAX_VALUE)],
  ])("%s", async (_, deviations) => {
    const points = makeGroups(40, 3);
    const result = await runBhTsne(points, { sigma: { data: deviations, rows: 40, cols: 3 }, iterations: 100 });
    expect(result.embedding.data.every(Number.isFinite)).toBe(true);
    expect(result.kl).toBeGreaterThan(0);
  });
});
