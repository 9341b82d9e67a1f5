import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AbortError, ArgumentError, DataError } from "../../src/errors.js";
import { readMatrix } from "../../src/io/index.js";
import { Matrix, type MatrixLike } from "../../src/matrix.js";
import { type EvaluateOptions, evaluate, type Quality } from "../../src/quality/index.js";
import golden from "../fixtures/golden/summary.json" with { type: "json" };
import scores from "../fixtures/quality/scores.json" with { type: "json" };
import { makeGroups, makeUniform, mapValues } from "../tsne/points.js";

const fixture = (folder: string, name: string) =>
  readMatrix(join(import.meta.dirname, "..", "fixtures", folder, `${name}.npy`));
const mu = await fixture("golden", "mu");
const sigma = await fixture("golden", "sigma");
/** The variance floor of the reference. */
const varianceFloor = golden.variance_floor;
const y = await fixture("golden", "y");
const embedding = await fixture("quality", "embedding");
const k = [5, 30, 149];
const values = (quality: Quality, measure: "kept" | "trustworthiness" | "continuity") =>
  quality.neighborhoods.map((size) => size[measure].value);
const expectClose = (found: number[], expected: number[], digits: number) => {
  expect(found).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(found[at]).toBeCloseTo(value, digits);
};

describe("the reference implementations agree", () => {
  test("on the KL divergence of an embedding", async () => {
    const { perplexity } = golden;
    expect((await evaluate(mu, y, { perplexity })).kl).toBeCloseTo(golden.euclidean_kl_at_y, 5);
    expect((await evaluate(mu, y, { perplexity: [perplexity] })).kl).toBeCloseTo(golden.euclidean_kl_at_y, 5);
    expect((await evaluate(mu, y, { perplexity, sigma, varianceFloor })).kl).toBeCloseTo(golden.sigma_kl_at_y, 5);
  });

  test("on trustworthiness and continuity", async () => {
    const plain = await evaluate(mu, embedding, { k });
    expectClose(values(plain, "trustworthiness"), scores.euclidean.trustworthiness, 6);
    expectClose(values(plain, "continuity"), scores.euclidean.continuity, 6);
    const aware = await evaluate(mu, embedding, { k, sigma, varianceFloor });
    expectClose(values(aware, "trustworthiness"), scores["inverse-variance"].trustworthiness, 6);
  });

  test("on the correlation of distances", async () => {
    for (const options of [
      { distance: "euclidean" },
      { sigma, varianceFloor, distance: "inverse-variance" },
    ] as const) {
      const { distanceCorrelation } = await evaluate(mu, embedding, options);
      expect(distanceCorrelation.pearson?.value).toBeCloseTo(scores[options.distance].pearson, 6);
      expect(distanceCorrelation.spearman?.value).toBeCloseTo(scores[options.distance].spearman, 5);
      expect(distanceCorrelation.spearman).toMatchObject({ error: 0, count: (golden.n * (golden.n - 1)) / 2 });
    }
  });

  test("on silhouettes", async () => {
    const { silhouette, perPoint } = await evaluate(mu, embedding, { labels: scores.labels, perPoint: true });
    expect(silhouette?.value).toBeCloseTo(scores.silhouette, 6);
    expectClose(Array.from(perPoint?.silhouette ?? []), scores.silhouettes, 5);
  });
});

test("an embedding that equals the data keeps all neighbors", async () => {
  const points = makeGroups(60, 2, 3);
  const labels = Array.from({ length: 60 }, (_, i) => `group ${i % 3}`);
  const { neighborhoods, distanceCorrelation, accuracy } = await evaluate(points, points, { k: [1, 29], labels });
  const exact = { value: 1, error: 0, count: 60 };
  expect(neighborhoods).toEqual([1, 29].map((k) => ({ k, kept: exact, trustworthiness: exact, continuity: exact })));
  expect(distanceCorrelation.spearman?.value).toBeCloseTo(1, 10);
  expect(distanceCorrelation.pearson?.value).toBeCloseTo(1, 10);
  expect(accuracy).toEqual(exact);
});

test("continuity is trustworthiness with data and embedding exchanged", async () => {
  const [there, back] = [await evaluate(mu, embedding, { k }), await evaluate(embedding, mu, { k })];
  expect(values(there, "continuity")).toEqual(values(back, "trustworthiness"));
  expect(values(there, "kept")).toEqual(values(back, "kept"));
});

test("results do not depend on the number of threads", async () => {
  const [one, four] = [1, 4].map((threads) =>
    evaluate(mu, embedding, { sigma, threads, sample: 90, labels: scores.labels, perPoint: true }),
  );
  const { options: _, ...first } = (await one) as Quality;
  const { options: __, ...second } = (await four) as Quality;
  expect(second).toEqual(first);
});

test("a sample estimates the means within its reported standard error", async () => {
  const points = makeUniform(1500, 5, 0, 1);
  const flat = new Matrix(
    Float64Array.from({ length: 3000 }, (_, e) => points.at(e >> 1, e % 2)),
    1500,
    2,
  );
  const labels = Array.from({ length: 1500 }, (_, i) => (flat.at(i, 0) > 0.5 ? 1 : 2));
  const all = await evaluate(points, flat, { k: 20, labels });
  const some = await evaluate(points, flat, { k: 20, labels, sample: 300, perPoint: true });
  const pairs = (["kept", "trustworthiness", "continuity"] as const).map((measure) =>
    [all, some].map(({ neighborhoods }) => neighborhoods[0]?.[measure]),
  );
  for (const [whole, sample] of [...pairs, [all.accuracy, some.accuracy], [all.silhouette, some.silhouette]]) {
    if (!whole || !sample) throw new Error("a measure is missing");
    expect(whole).toMatchObject({ error: 0, count: 1500 });
    expect(sample.count).toBe(300);
    expect(sample.error).toBeGreaterThan(0);
    expect(Math.abs(sample.value - whole.value)).toBeLessThan(4 * sample.error);
  }
  expect(some.kl).toBe(all.kl);
  expect(some.perPoint?.silhouette?.filter((value) => !Number.isNaN(value))).toHaveLength(300);
  expect((await evaluate(points, flat, { k: 20, sample: 300, seed: 1 })).neighborhoods).not.toEqual(some.neighborhoods);
});

test("the standard error of a sample matches the spread of many samples", async () => {
  const points = makeUniform(400, 5, 0, 1);
  const flat = points.toArrays().map((row) => row.slice(0, 2));
  const found = await Promise.all(
    Array.from({ length: 60 }, (_, seed) => evaluate(points, flat, { k: 20, sample: 100, seed })),
  );
  const kept = found.map(({ neighborhoods }) => neighborhoods[0]?.kept.value);
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  const spread = Math.sqrt(kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (kept.length - 1));
  const stated = found[0]?.neighborhoods[0]?.kept.error;
  expect(spread / stated).toBeGreaterThan(0.7);
  expect(spread / stated).toBeLessThan(1.4);
});

test("the means of the contributions of all points are the measures", async () => {
  const quality = await evaluate(mu, embedding, { k, labels: scores.labels, perPoint: true });
  const mean = (numbers: Float32Array | undefined) =>
    (numbers ?? new Float32Array()).reduce((sum, x) => sum + x, 0) / golden.n;
  for (const [at, size] of quality.neighborhoods.entries()) {
    const points = quality.perPoint?.neighborhoods[at];
    for (const measure of ["kept", "trustworthiness", "continuity"] as const) {
      expect(mean(points?.[measure])).toBeCloseTo(size[measure].value, 6);
    }
  }
  expect(mean(quality.perPoint?.accuracy)).toBeCloseTo(quality.accuracy?.value as number, 6);
});

test("labels may be texts, numbers or a typed array", async () => {
  const numbers = scores.labels;
  const found = await Promise.all(
    [numbers, numbers.map(String), Int16Array.from(numbers)].map((labels) => evaluate(mu, embedding, { labels })),
  );
  for (const { accuracy, silhouette } of found) {
    expect({ accuracy, silhouette }).toEqual({ accuracy: found[0]?.accuracy, silhouette: found[0]?.silhouette });
  }
});

describe("points without a label", () => {
  const isLabeled = (i: number) => i % 5 !== 2;
  const labels = scores.labels.map((label, i) => (isLabeled(i) ? `${label}` : ""));
  const labeled = labels.flatMap((label, i) => (label === "" ? [] : [i]));

  test("form no class, and do not change the silhouettes of the others", async () => {
    const quality = await evaluate(mu, embedding, { labels, perPoint: true });
    const take = (matrix: Matrix) => labeled.map((i) => Array.from(matrix.row(i)));
    const alone = await evaluate(take(mu), take(embedding), { labels: labeled.map((i) => labels[i]) });
    expect(quality.unlabeled).toBe(labels.length - labeled.length);
    expect(alone.unlabeled).toBe(0);
    expect(quality.silhouette?.value).toBeCloseTo(alone.silhouette?.value as number, 6);
    expect(quality.silhouette).toMatchObject({ error: 0, count: labeled.length });
    for (const values of [quality.perPoint?.silhouette, quality.perPoint?.accuracy]) {
      expect(Array.from(values ?? [], (value) => !Number.isNaN(value))).toEqual(labels.map((_, i) => isLabeled(i)));
    }
    const numbers = labels.map((label) => (label === "" ? Number.NaN : Number(label)));
    const { accuracy, silhouette } = await evaluate(mu, embedding, { labels: numbers });
    expect({ accuracy, silhouette }).toEqual({ accuracy: quality.accuracy, silhouette: quality.silhouette });
  });

  test("do not vote", async () => {
    const { accuracy } = await evaluate(mu, embedding, { labels });
    const hits = labeled.map((i) => {
      const far = (j: number) =>
        Math.hypot(embedding.at(i, 0) - embedding.at(j, 0), embedding.at(i, 1) - embedding.at(j, 1));
      const nearest = labels.map((_, j) => j).filter((j) => j !== i);
      const voters = nearest
        .sort((a, b) => far(a) - far(b))
        .slice(0, 10)
        .filter(isLabeled)
        .map((j) => labels[j]);
      const votes = (label: string | undefined) => voters.filter((other) => other === label).length;
      const most = Math.max(...voters.map(votes));
      return voters.find((label) => votes(label) === most) === labels[i] ? 1 : 0;
    });
    expect(accuracy).toMatchObject({ error: 0, count: labeled.length });
    expect(accuracy?.value).toBeCloseTo(hits.reduce<number>((sum, hit) => sum + hit, 0) / hits.length, 12);
  });

  test("may be all points, and the measures of labels are then undefined", async () => {
    const quality = await evaluate(mu, embedding, { labels: labels.map(() => ""), perPoint: true });
    expect(quality.unlabeled).toBe(labels.length);
    for (const found of [quality, quality.perPoint]) {
      expect(found).not.toHaveProperty("accuracy");
      expect(found).not.toHaveProperty("silhouette");
    }
  });

  test("in a sample do not change the estimates for the others and their errors", async () => {
    const sampled = await evaluate(mu, embedding, { labels, sample: 100 });
    const { count, error } = sampled.accuracy ?? { count: 0, error: 0 };
    expect(count).toBeGreaterThan(50);
    expect(count).toBeLessThan(100);
    expect(error).toBeGreaterThan(0);
  });
});

describe("in extreme cases", () => {
  test.each([3, 4, 5])("%i points can be evaluated", async (n) => {
    const points = makeUniform(n, 2, 0, 1);
    const { neighborhoods, kl, accuracy } = await evaluate(points, points, { labels: "abcde".slice(0, n).split("") });
    expect(neighborhoods.map((size) => size.k)).toEqual([Math.floor((n - 1) / 2)]);
    expect(kl).toBeGreaterThanOrEqual(0);
    expect(accuracy?.value).toBe(0);
  });

  test("equal points are ranked by index and have no correlation", async () => {
    const points = mapValues(makeUniform(40, 3, 0, 1), () => 7);
    const quality = await evaluate(points, points, { k: 5, labels: Array.from({ length: 40 }, (_, i) => i % 2) });
    expect(values(quality, "kept")).toEqual([1]);
    expect(values(quality, "trustworthiness")).toEqual([1]);
    expect(quality.distanceCorrelation).toEqual({ spearman: null, pearson: null });
    expect(quality.silhouette?.value).toBe(0);
    expect(Number.isFinite(quality.kl)).toBe(true);
  });

  test("one class has no silhouette", async () => {
    const { silhouette, accuracy, perPoint } = await evaluate(mu, embedding, {
      labels: new Array<string>(golden.n).fill("same"),
      perPoint: true,
    });
    expect(silhouette).toBeNull();
    expect(accuracy?.value).toBe(1);
    expect(perPoint).not.toHaveProperty("silhouette");
  });

  test.each([1, 3, 5])("an embedding may have %i dimensions", async (outputDimensions) => {
    const flat = mu.toArrays().map((row) => row.slice(0, outputDimensions));
    expect((await evaluate(mu, flat)).kl).toBeGreaterThan(0);
  });

  test.each([1e-25, 1e25])("an embedding in units of %f has the same neighborhoods", async (unit) => {
    const { kl, ...found } = await evaluate(
      mu,
      mapValues(embedding, (value) => value * unit),
    );
    expect(Number.isFinite(kl)).toBe(true);
    expectClose(values(found as Quality, "kept"), values(await evaluate(mu, embedding), "kept"), 3);
  });
});

describe("bad input", () => {
  const small = makeUniform(50, 4, 0, 1);
  const flat = makeUniform(50, 2, 0, 1);
  const withBad = (matrix: Matrix, bad: number) =>
    mapValues(matrix, (value, row, column) => (row === 7 && column === 1 ? bad : value));

  test.each<[string, MatrixLike, MatrixLike, EvaluateOptions, string, string]>([
    ["no points", [], [], {}, "data", "TOO_FEW_POINTS"],
    ["two points", makeUniform(2, 2, 0, 1), makeUniform(2, 2, 0, 1), {}, "data", "TOO_FEW_POINTS"],
    ["fewer positions", small, makeUniform(49, 2, 0, 1), {}, "embedding", "SHAPE_MISMATCH"],
    ["an embedding of no columns", small, new Matrix(new Float32Array(0), 50, 0), {}, "embedding", "SHAPE_MISMATCH"],
    ["sigma of another shape", small, flat, { sigma: flat }, "sigma", "SHAPE_MISMATCH"],
    ["fewer labels", small, flat, { labels: ["a", "b"] }, "labels", "SHAPE_MISMATCH"],
    ["labels that are one text", small, flat, { labels: "a".repeat(50) as never }, "labels", "INVALID_ARGUMENT"],
    [
      "a label of a wrong type",
      small,
      flat,
      { labels: new Array(50).fill(Number.POSITIVE_INFINITY) },
      "labels",
      "INVALID_ARGUMENT",
    ],
    ["k of half of the points", small, flat, { k: [10, 25] }, "k", "OUT_OF_RANGE"],
    ["k of 0", small, flat, { k: 0 }, "k", "OUT_OF_RANGE"],
    ["no k", small, flat, { k: [] }, "k", "INVALID_ARGUMENT"],
    ["k twice", small, flat, { k: [5, 5] }, "k", "INVALID_ARGUMENT"],
    ["a sample of one", small, flat, { sample: 1 }, "sample", "OUT_OF_RANGE"],
    ["a sample in words", small, flat, { sample: "all" as never }, "sample", "INVALID_ARGUMENT"],
    ["a perplexity too large", small, flat, { perplexity: 17 }, "perplexity", "OUT_OF_RANGE"],
    ["an unknown distance", small, flat, { distance: "euclid" as never }, "distance", "INVALID_ARGUMENT"],
    ["a distance without its sigma", small, flat, { distance: "inverse-variance" }, "distance", "INVALID_ARGUMENT"],
    ["given neighbors", small, flat, { neighbors: { distances: [] } as never }, "neighbors", "INVALID_ARGUMENT"],
    ["perPoint in words", small, flat, { perPoint: "yes" as never }, "perPoint", "INVALID_ARGUMENT"],
    ["a misspelt option", small, flat, { label: [] } as never, "label", "UNKNOWN_OPTION"],
  ])("%s: the error names the argument", async (_, data, embedding, options, argument, code) => {
    const error = await evaluate(data, embedding, options).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ argument, code });
  });

  test("a k that is too large gives an error with the accepted range", async () => {
    await expect(evaluate(small, flat, { k: [10, 25] })).rejects.toThrow(
      "k: expected integers from 1 to 24, less than half of the 50 points, received 25",
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("the error names row and column of %f", async (bad) => {
    const place = { code: "NOT_FINITE", row: 7, column: 1 };
    const failure = (work: Promise<Quality>) => work.catch((error: unknown) => error);
    expect(await failure(evaluate(withBad(small, bad), flat))).toBeInstanceOf(DataError);
    expect(await failure(evaluate(withBad(small, bad), flat))).toMatchObject({ argument: "data", ...place });
    expect(await failure(evaluate(small, withBad(flat, bad)))).toMatchObject({ argument: "embedding", ...place });
    expect(await failure(evaluate(small, flat, { sigma: withBad(small, bad) }))).toMatchObject({
      argument: "sigma",
      ...place,
    });
  });
});

describe("during the computation", () => {
  test("progress is reported stage by stage", async () => {
    const stages: string[] = [];
    await evaluate(mu, embedding, {
      labels: scores.labels,
      onProgress: ({ stage, fraction }) => {
        expect(fraction).toBeGreaterThanOrEqual(0);
        expect(fraction).toBeLessThanOrEqual(1);
        if (stages.at(-1) !== stage) stages.push(stage);
      },
    });
    expect(stages).toEqual(["neighbors", "affinities", "kl", "neighborhoods", "silhouettes"]);
  });

  test("a signal stops it, before or during the work", async () => {
    await expect(evaluate(mu, embedding, { signal: AbortSignal.abort("enough") })).rejects.toThrow(AbortError);
    const controller = new AbortController();
    const work = evaluate(makeUniform(3000, 20, 0, 1), makeUniform(3000, 2, 0, 1), {
      signal: controller.signal,
      onProgress: ({ stage }) => stage === "neighborhoods" && controller.abort("enough"),
    });
    await expect(work).rejects.toMatchObject({ code: "ABORTED", cause: "enough" });
  });

  test("the promise is rejected with the error that onProgress throws", async () => {
    const error = new Error("not mine");
    const onProgress = () => {
      throw error;
    };
    await expect(evaluate(mu, embedding, { onProgress })).rejects.toBe(error);
  });
});
