import { describe, expect, test } from "vitest";
import { Matrix } from "../../src/matrix.js";
import { DISTANCES, positionUncertainty, Tsne, type TsneOptions } from "../../src/tsne/index.js";
import { digest, makeGroups, makeUniform, takeRows, uniformNumbers } from "./points.js";

const groups = 3;
const all = makeGroups(260, 6, groups);
const [data, fresh] = [all.slice(0, 200), all.slice(200, 260)];
const allSigma = makeUniform(260, 6, 0.1, 1);
const [sigma, freshSigma] = [allSigma.slice(0, 200), allSigma.slice(200, 260)];
const quick: TsneOptions = { iterations: 300, earlyExaggerationIterations: 100, perplexity: 15, threads: 2 };

async function fitted(options: TsneOptions = {}): Promise<Tsne> {
  const run = new Tsne(data, { ...quick, ...options });
  await run.fit();
  return run;
}

/** Share of new points whose nearest point in the embedding belongs to their group. */
function shareAtHome(positions: Matrix, embedding: Matrix): number {
  const home = Array.from({ length: positions.rows }, (_, q) => {
    const distances = Array.from({ length: embedding.rows }, (_, i) =>
      Math.hypot(...Array.from(embedding.row(i), (value, axis) => value - positions.at(q, axis))),
    );
    return distances.indexOf(Math.min(...distances)) % groups === (200 + q) % groups;
  });
  return home.filter(Boolean).length / home.length;
}

describe("place", () => {
  test.each([1, 2, 3])("puts new points among those of their group in %i dimensions", async (outputDimensions) => {
    const run = await fitted({ outputDimensions });
    const { embedding, divergence } = await run.place(fresh);
    expect(embedding.shape).toEqual([60, outputDimensions]);
    expect(divergence.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
    expect(shareAtHome(embedding, (await run.fit(0)).embedding)).toBeGreaterThan(0.95);
  });

  test.each(DISTANCES)("works with the %s distance", async (distance) => {
    const run = await fitted({ distance, sigma });
    const { embedding } = await run.place(fresh, { sigma: freshSigma });
    expect(shareAtHome(embedding, (await run.fit(0)).embedding)).toBeGreaterThan(0.8);
  });

  test("gives each point the same position alone, in any order, and for any threads", async () => {
    const run = await fitted({ sigma });
    const whole = await run.place(fresh, { sigma: freshSigma });
    const order = Array.from({ length: 60 }, (_, i) => (i * 7) % 60);
    const shuffled = await run.place(takeRows(fresh, order), { sigma: takeRows(freshSigma, order) });
    expect(digest(shuffled.embedding)).toBe(
      digest(new Matrix(Float32Array.from(takeRows(whole.embedding, order).data), 60, 2)),
    );
    const one = await (await fitted({ sigma, threads: 1 })).place(fresh.slice(11, 12), {
      sigma: freshSigma.slice(11, 12),
    });
    expect(Array.from(one.embedding.data)).toEqual(Array.from(whole.embedding.row(11)));
    expect(one.divergence[0]).toBe(whole.divergence[11]);
  });

  test("projects new points onto the run's principal components", async () => {
    const run = await fitted({ pca: 3 });
    const { embedding } = await run.place(fresh);
    expect(shareAtHome(embedding, (await run.fit(0)).embedding)).toBeGreaterThan(0.95);
  });

  test("does not change the embedding and the run, and uses the new embedding after further iterations", async () => {
    const run = new Tsne(data, quick);
    await run.fit(150);
    const early = await run.place(fresh);
    const rest = await run.fit();
    expect(digest(rest.embedding)).toBe(digest((await (await fitted()).fit(0)).embedding));
    expect(digest((await run.place(fresh)).embedding)).not.toBe(digest(early.embedding));
  });

  test("places points at the median of their neighbors with 0 iterations, and accepts an empty set of points", async () => {
    const run = await fitted();
    const start = await run.place(fresh, { iterations: 0 });
    const coordinates = (await run.fit(0)).embedding;
    const [low, high] = [Math.min(...coordinates.data), Math.max(...coordinates.data)];
    expect(start.embedding.data.every((value) => value >= low && value <= high)).toBe(true);
    const empty = await run.place(new Matrix(new Float32Array(0), 0, 6));
    expect(empty.embedding.shape).toEqual([0, 2]);
    expect(empty.divergence).toHaveLength(0);
    expect((await run.place([])).embedding.shape).toEqual([0, 2]);
  });

  test("gives points that are unlike all others a high divergence, and keeps them near the embedding", async () => {
    const run = await fitted();
    const strange = new Matrix(Float64Array.of(1e300, -1e300, 0, 0, 1e300, 0), 1, 6);
    const { embedding } = await run.place(strange);
    const coordinates = (await run.fit(0)).embedding;
    const reach = Math.max(...coordinates.data.map(Math.abs));
    expect(embedding.data.every((value) => Math.abs(value) < 1.2 * reach + 1)).toBe(true);
  });

  test("queues calls, and reports BUSY during fit", async () => {
    const run = await fitted();
    const [a, b] = await Promise.all([run.place(fresh), run.place(fresh)]);
    expect(digest(a.embedding)).toBe(digest(b.embedding));
    const placing = run.place(fresh);
    await expect(run.fit(1)).rejects.toMatchObject({ code: "BUSY" });
    await placing;
    const fitting = run.fit(50);
    await expect(run.place(fresh)).rejects.toMatchObject({ code: "BUSY" });
    await fitting;
  });

  test("can be aborted, and passes on the errors of the caller's onProgress", async () => {
    const run = await fitted();
    await expect(run.place(fresh, { signal: AbortSignal.abort("why") })).rejects.toMatchObject({ code: "ABORTED" });
    const controller = new AbortController();
    const many = new Matrix(new Float64Array(6 * 200_000), 200_000, 6);
    const long = run.place(many, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(long).rejects.toMatchObject({ name: "AbortError" });
    const failing = run.place(many, {
      onProgress: () => {
        throw new Error("from the caller");
      },
    });
    await expect(failing).rejects.toThrow("from the caller");
    expect((await run.place(fresh)).embedding.rows).toBe(60);
  });

  test("rejects points that it cannot place, with the reason", async () => {
    const plain = await fitted();
    const aware = await fitted({ sigma });
    const refusal = (code: string, argument: string, message?: RegExp) => ({
      code,
      argument,
      ...(message && { message: expect.stringMatching(message) }),
    });
    await expect(plain.place(fresh.toArrays().map((row) => row.slice(1)))).rejects.toMatchObject(
      refusal("SHAPE_MISMATCH", "newMeans", /60 x 6/),
    );
    await expect(plain.place(fresh, { sigma: freshSigma })).rejects.toMatchObject(
      refusal("INVALID_ARGUMENT", "sigma", /cannot be used/),
    );
    await expect(aware.place(fresh)).rejects.toMatchObject(refusal("INVALID_ARGUMENT", "sigma", /standard deviations/));
    await expect(aware.place(fresh, { sigma })).rejects.toMatchObject(refusal("SHAPE_MISMATCH", "sigma"));
    await expect(plain.place(fresh, { perplexity: 67 })).rejects.toMatchObject(refusal("OUT_OF_RANGE", "perplexity"));
    await expect(plain.place(fresh, { iterations: -1 })).rejects.toMatchObject(refusal("OUT_OF_RANGE", "iterations"));
    await expect(plain.place(fresh, { itertions: 5 } as never)).rejects.toMatchObject({ code: "UNKNOWN_OPTION" });
    const bad = new Matrix(Float64Array.from(fresh.data), 60, 6);
    bad.data[6 * 41 + 2] = Number.NaN;
    await expect(plain.place(bad)).rejects.toMatchObject({ code: "NOT_FINITE", row: 41, column: 2 });
    const negative = new Matrix(Float64Array.from(freshSigma.data), 60, 6);
    negative.data[7] = -1;
    await expect(aware.place(fresh, { sigma: negative })).rejects.toMatchObject({ code: "NEGATIVE_SIGMA", row: 1 });
    await expect(new Tsne(data, quick).place(fresh)).rejects.toMatchObject({
      message: expect.stringMatching(/no embedding yet/),
    });
    const distances = Array.from({ length: 200 }, (_, i) => Array.from({ length: 200 }, (_, j) => Math.abs(i - j)));
    const given = new Tsne(data, { ...quick, neighbors: { distances } });
    await given.fit(10);
    await expect(given.place(fresh)).rejects.toMatchObject({
      message: expect.stringMatching(/given without the name of their distance/),
    });
  });
});

/** Rank correlation (Spearman 1904). */
function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const ranks = (values: ArrayLike<number>) => {
    const order = Array.from(values, (value, i) => ({ value, i })).sort((x, y) => x.value - y.value);
    const result = new Float64Array(order.length);
    for (const [rank, { i }] of order.entries()) result[i] = rank;
    return result;
  };
  const [x, y] = [ranks(a), ranks(b)];
  const difference = x.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0);
  return 1 - (6 * difference) / (x.length * (x.length ** 2 - 1));
}

/** Clusters whose points have individual noise, from almost none to the distance between clusters. */
function noisyClusters(n: number, d: number): { means: Matrix; sigma: Matrix; noise: Float64Array } {
  const uniform = uniformNumbers(5);
  const bell = () => 2 * (uniform() + uniform() + uniform() - 1.5);
  const noise = Float64Array.from({ length: n }, () => 0.05 * 40 ** uniform());
  const means = new Matrix(new Float64Array(n * d), n, d);
  const sigma = new Matrix(new Float64Array(n * d), n, d);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < d; k++) {
      means.data[i * d + k] = (k % 4 === i % 4 ? 4 : 0) + 0.3 * bell() + 0.3 * noise[i] * bell();
      sigma.data[i * d + k] = noise[i];
    }
  }
  return { means, sigma, noise };
}

describe("positionUncertainty", () => {
  test("grows with the noise of the points", async () => {
    const { means, sigma, noise } = noisyClusters(400, 8);
    const run = new Tsne(means, { sigma, threads: 2, iterations: 400 });
    await run.fit();
    const { displacement, share } = await positionUncertainty(run);
    expect(rankCorrelation(displacement, noise)).toBeGreaterThan(0.7);
    expect(rankCorrelation(share, noise)).toBeLessThan(-0.5);
  });

  test.each([1, 2, 3])(
    "gives covariances of %i dimensions, which are the same for some points as for all",
    async (outputDimensions) => {
      const run = await fitted({ sigma, outputDimensions });
      const whole = await positionUncertainty(run, { draws: 5, neighbors: 7 });
      expect(whole.covariance.shape).toEqual([200, (outputDimensions * (outputDimensions + 1)) / 2]);
      expect(whole.mean.shape).toEqual([200, outputDimensions]);
      // The moments are about the position of the point. They exceed the moments about the mean of the draws by the
      // square of the distance between position and mean.
      const { embedding } = await run.fit(0);
      for (let i = 0; i < 200; i++) {
        expect(whole.covariance.at(i, 0)).toBeGreaterThan(
          (whole.mean.at(i, 0) - embedding.at(i, 0)) ** 2 * 0.999 - 1e-6,
        );
      }
      expect(whole.share.every((share) => share >= 0 && share <= 1)).toBe(true);
      const some = await positionUncertainty(run, { draws: 5, neighbors: 7, points: [150, 3] });
      expect(Array.from(some.points)).toEqual([150, 3]);
      expect(some.displacement[0]).toBe(whole.displacement[150]);
      expect(Array.from(some.covariance.row(1))).toEqual(Array.from(whole.covariance.row(3)));
      const other = await positionUncertainty(run, { draws: 5, seed: 1, points: [150, 3] });
      expect(other.displacement[0]).not.toBe(some.displacement[0]);
    },
  );

  test("rejects invalid requests with the reason", async () => {
    await expect(positionUncertainty(await fitted())).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/without sigma/),
    });
    const run = await fitted({ sigma });
    await expect(positionUncertainty(data as never)).rejects.toMatchObject({
      argument: "run",
      code: "INVALID_ARGUMENT",
    });
    await expect(positionUncertainty(run, { draws: 1 })).rejects.toMatchObject({ argument: "draws" });
    await expect(positionUncertainty(run, { points: [200] })).rejects.toMatchObject({ argument: "points[0]" });
    await expect(positionUncertainty(run, { neighbors: 200 })).rejects.toMatchObject({ argument: "neighbors" });
    expect((await positionUncertainty(run, { points: [] })).displacement).toHaveLength(0);
  });
});
