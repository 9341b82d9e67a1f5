import { describe, expect, test } from "vitest";
import { Matrix } from "../../src/matrix.js";
import { type NearestOptions, nearest } from "../../src/search/index.js";
import { DISTANCES, type DistanceName, estimateNoiseModel, Tsne } from "../../src/tsne/index.js";
import { makeUniform, mapValues, takeRows } from "../tsne/points.js";

const [n, d, floor] = [150, 5, 0.02];
const data = makeUniform(n, d, -3, 5);
const sigma = makeUniform(n, d, 0.1, 1.5, 3);
const vectors = makeUniform(7, d, -3, 5, 23);
const noise = await estimateNoiseModel(data, sigma);
const vectorSigma = makeUniform(7, d, 0.1, 1.5, 29);

const pearson = (x: number[], y: number[]) => {
  const mean = (z: number[]) => z.reduce((a, b) => a + b) / z.length;
  const cov = (a: number[], b: number[]) => mean(a.map((v, k) => (v - mean(a)) * (b[k] - mean(b))));
  return cov(x, y) / Math.sqrt(cov(x, x) * cov(y, y));
};

/** Computes the distances with the formulas of the papers, without optimization. */
function twin(distance: DistanceName, x: number[], s: number[], y: number[], t: number[]): number {
  const total = (term: (k: number) => number) => x.reduce((sum, _, k) => sum + term(k), 0);
  const [X, Y, S, T] = [x, y, s, t].map((values) => (k: number) => values[k]) as ((k: number) => number)[];
  const at = { X, Y, S, T } as Record<"X" | "Y" | "S" | "T", (k: number) => number>;
  const square = (k: number) => (at.X(k) - at.Y(k)) ** 2;
  const weight = (k: number) => 1 / (at.S(k) ** 2 + at.T(k) ** 2 + floor);
  const v = (k: number) => at.S(k) ** 2 + floor;
  const w = (k: number) => at.T(k) ** 2 + floor;
  switch (distance) {
    case "euclidean":
      return Math.sqrt(total(square));
    case "manhattan":
      return total((k) => Math.abs(at.X(k) - at.Y(k)));
    case "cosine":
      return 1 - total((k) => at.X(k) * at.Y(k)) / Math.sqrt(total((k) => at.X(k) ** 2) * total((k) => at.Y(k) ** 2));
    case "correlation":
      return 1 - pearson(x, y);
    case "inverse-variance":
      return Math.sqrt(total((k) => weight(k) * square(k)) / total(weight));
    case "mahalanobis-logdet":
      return total((k) => weight(k) * square(k) + Math.log(1 / weight(k)));
    case "mahalanobis":
      return Math.sqrt(total((k) => weight(k) * square(k)));
    case "expected":
      return Math.sqrt(total((k) => square(k) + at.S(k) ** 2 + at.T(k) ** 2));
    case "wasserstein":
      return Math.sqrt(total((k) => square(k) + (at.S(k) - at.T(k)) ** 2));
    case "bhattacharyya":
      return (
        total((k) => square(k) / (v(k) + w(k))) / 4 +
        0.5 * Math.log(x.reduce((product, _, k) => product * ((v(k) + w(k)) / (2 * Math.sqrt(v(k) * w(k)))), 1))
      );
    case "likelihood-ratio":
      return total((k) => {
        const { mean, variance, neighborVariance } = noise;
        const [m, s] = [mean[k], Math.max(variance[k], 1e-4 * Math.max(...variance))] as [number, number];
        const b = Math.max(s - neighborVariance[k], 1e-3 * s);
        const [g, h] = [b / (s + at.S(k) ** 2), b / (s + at.T(k) ** 2)];
        const form = g * (at.X(k) - m) ** 2 + h * (at.Y(k) - m) ** 2 - 2 * (at.X(k) - m) * (at.Y(k) - m);
        return Math.log(1 - g * h) + ((g * h) / (1 - g * h) / b) * form;
      });
    case "jeffreys": {
      const kl = (a: (k: number) => number, b: (k: number) => number) =>
        total((k) => 0.5 * (a(k) / b(k) - 1 + square(k) / b(k) + Math.log(b(k) / a(k))));
      return kl(v, w) + kl(w, v);
    }
  }
}

const rowOf = (matrix: Matrix, i: number) => Array.from(matrix.row(i));

/** Returns all distances from one point in ascending order. Equal distances are ordered by row number. */
function scan(distance: DistanceName, x: number[], s: number[], without: number) {
  return Array.from({ length: n }, (_, i) => ({ i, far: twin(distance, x, s, rowOf(data, i), rowOf(sigma, i)) }))
    .filter(({ i }) => i !== without)
    .sort((a, b) => a.far - b.far || a.i - b.i);
}

const optionsFor = (distance: DistanceName): NearestOptions => ({ distance, sigma, varianceFloor: floor, k: 12 });

describe.each(DISTANCES)("under the %s distance", (distance) => {
  test("finds the same points for rows as a scan, with the same distances", async () => {
    const rows = Uint32Array.of(3, 149, 0);
    const { indices, distances, k } = await nearest(data, rows, optionsFor(distance));
    expect(k).toBe(12);
    rows.forEach((row, q) => {
      const expected = scan(distance, rowOf(data, row), rowOf(sigma, row), row).slice(0, 12);
      expect(Array.from(indices.subarray(q * 12, q * 12 + 12))).toEqual(expected.map(({ i }) => i));
      for (const [e, { far }] of expected.entries()) expect(distances.at(q, e)).toBeCloseTo(far, 9);
    });
  });

  test("finds the same points for vectors as a scan", async () => {
    const { indices, distances } = await nearest(data, vectors, { ...optionsFor(distance), querySigma: vectorSigma });
    for (let q = 0; q < vectors.rows; q++) {
      const expected = scan(distance, rowOf(vectors, q), rowOf(vectorSigma, q), -1).slice(0, 12);
      expect(Array.from(indices.subarray(q * 12, q * 12 + 12))).toEqual(expected.map(({ i }) => i));
      for (const [e, { far }] of expected.entries()) expect(distances.at(q, e)).toBeCloseTo(far, 9);
    }
  });
});

describe("nearest", () => {
  test("accepts a row, one vector, or several, and returns the same with any number of threads", async () => {
    const one = await nearest(data, 5, { k: 4, threads: 1 });
    const same = await nearest(data, Int32Array.of(5), { k: 4, threads: 3 });
    expect(one).toEqual(same);
    expect(one.distance).toBe("euclidean");
    const asVector = await nearest(data, data.row(5), { k: 5 });
    expect(Array.from(asVector.indices)).toEqual([5, ...one.indices]);
    expect(asVector.distances.at(0, 0)).toBe(0);
    expect((await nearest(data, 5, { sigma })).distance).toBe("inverse-variance");
    expect(await nearest(data, [] as number[][], { k: 3 })).toMatchObject({ indices: new Uint32Array(), k: 3 });
  });

  test("sorts equal points by row number, and finds all of them", async () => {
    const rows = new Matrix(Float32Array.of(1, 1, 2, 1, 0), 5, 1);
    const { indices, distances } = await nearest(rows, 1);
    expect(Array.from(indices)).toEqual([0, 3, 2, 4]);
    expect(Array.from(distances.data)).toEqual([0, 0, 1, 1]);
    const single = await nearest([[1, 2]], [[4, 6]]);
    expect([Array.from(single.indices), Array.from(single.distances.data)]).toEqual([[0], [5]]);
  });

  test.each([1e-30, 1e30])(
    "returns distances in the units of the data at a scale of %d, also for far queries",
    async (unit) => {
      const scaled = mapValues(data, (value) => value * unit);
      const { indices, distances } = await nearest(scaled, 9, { k: 6 });
      const plain = await nearest(data, 9, { k: 6 });
      expect(indices).toEqual(plain.indices);
      for (let e = 0; e < 6; e++) expect(distances.at(0, e) / unit).toBeCloseTo(plain.distances.at(0, e), 5);
      const far = await nearest(scaled, [[1e9 * unit, 0, 0, 0, 0]], { k: 1 });
      expect(far.distances.at(0, 0) / unit / 1e9).toBeCloseTo(1, 6);
    },
  );

  test("gives zero rows their special distances by angle", async () => {
    const rows = [
      [0, 0],
      [1, 0],
      [0, 0],
      [5, 0],
    ];
    const { indices, distances } = await nearest(rows, 0, { distance: "cosine" });
    expect(Array.from(indices)).toEqual([2, 1, 3]);
    expect(Array.from(distances.data)).toEqual([0, 1, 1]);
  });

  test("searches the points of a run with its distance and preparation", async () => {
    const run = new Tsne(data, { sigma, varianceFloor: floor, perplexity: 10, iterations: 0 });
    await run.fit();
    const found = await nearest(run, Uint32Array.of(3, 40), { k: 6 });
    const direct = await nearest(data, Uint32Array.of(3, 40), { sigma, varianceFloor: floor, k: 6 });
    expect(found.distance).toBe("inverse-variance");
    expect(found.indices).toEqual(direct.indices);
    found.distances.data.forEach((value, at) => {
      expect(value).toBeCloseTo(direct.distances.data[at], 5);
    });
    const reduced = new Tsne(data, { pca: d, perplexity: 10, iterations: 0 });
    await reduced.fit();
    const turned = await nearest(reduced, vectors, { k: 6 });
    const straight = await nearest(data, vectors, { k: 6 });
    expect(turned.indices).toEqual(straight.indices);
    turned.distances.data.forEach((value, at) => {
      expect(value).toBeCloseTo(straight.distances.data[at], 4);
    });
    await expect(nearest(run, 0, { sigma })).rejects.toMatchObject({ argument: "sigma" });
    await expect(nearest(new Tsne(data), 0)).rejects.toThrow("it has no embedding yet");
  });

  test("explains invalid arguments", async () => {
    const refused = async (query: Parameters<typeof nearest>[1], options: NearestOptions, code: string, text: string) =>
      expect(nearest(data, query, options)).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
    await refused(150, {}, "OUT_OF_RANGE", "query: expected a row number from 0 to 149, received 150");
    await refused(Int32Array.of(1, -1), {}, "OUT_OF_RANGE", "query[1]: expected a row number");
    await refused(1.5, {}, "OUT_OF_RANGE", "query");
    await refused(0, { k: 150 }, "OUT_OF_RANGE", "k: expected an integer from 1 to 149, received 150");
    await refused(vectors, { k: 151 }, "OUT_OF_RANGE", "1 to 150");
    await refused(
      [[1, 2]],
      {},
      "SHAPE_MISMATCH",
      "query: expected vectors with as many columns as the data, 1 x 5, received 1 x 2",
    );
    await refused(Float32Array.of(1), {}, "SHAPE_MISMATCH", "1 x 5, received 1 x 1");
    await refused(0, { distance: "mahalanobis" }, "INVALID_ARGUMENT", 'the distance "mahalanobis" needs');
    await refused(0, { distance: "mahalanobi" as "mahalanobis" }, "INVALID_ARGUMENT", "mahalanobis");
    await refused(
      vectors,
      { sigma },
      "INVALID_ARGUMENT",
      'querySigma: expected the standard deviations of the queries, which the distance "inverse-variance" needs',
    );
    await refused(vectors, { sigma, querySigma: sigma }, "SHAPE_MISMATCH", "querySigma: expected 7 x 5");
    await refused(0, { sigma, querySigma: sigma.row(0) }, "INVALID_ARGUMENT", "querySigma: cannot be used");
    await refused(0, { sigma: vectors }, "SHAPE_MISMATCH", "sigma: expected 150 x 5");
    await refused(
      [[1, 2, Number.NaN, 4, 5]],
      {},
      "NOT_FINITE",
      "query: expected finite numbers, received NaN at row 0",
    );
    const negative = mapValues(vectorSigma, (value, row) => (row === 2 ? -value : value));
    await refused(vectors, { sigma, querySigma: negative }, "NEGATIVE_SIGMA", "querySigma");
    await refused(0, { kk: 3 } as NearestOptions, "UNKNOWN_OPTION", "kk");
    await refused("0" as unknown as number, {}, "INVALID_ARGUMENT", "query");
    await expect(nearest([[1, 2]], 0)).rejects.toMatchObject({ code: "TOO_FEW_POINTS" });
    await expect(nearest([] as number[][], [[1]])).rejects.toMatchObject({ code: "TOO_FEW_POINTS" });
  });

  test("reports its progress, and stops when its signal is aborted", async () => {
    await expect(nearest(data, 0, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    const many = makeUniform(200_000, 8, 0, 1);
    const controller = new AbortController();
    const fractions: number[] = [];
    const search = nearest(
      many,
      takeRows(
        many,
        Array.from({ length: 200_000 }, (_, i) => i),
      ),
      {
        signal: controller.signal,
        onProgress: ({ fraction }) => {
          fractions.push(fraction);
          controller.abort();
        },
      },
    );
    setTimeout(() => controller.abort(), 300);
    await expect(search).rejects.toMatchObject({ code: "ABORTED" });
    expect(fractions.every((fraction) => fraction > 0 && fraction <= 1)).toBe(true);
  });
});
