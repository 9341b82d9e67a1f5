import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  compare,
  embedLandmarks,
  evaluate,
  Matrix,
  nearest,
  positionUncertainty,
  Tsne,
  trust,
} from "../../src/index.js";
import type { TsneOptions } from "../../src/tsne/index.js";

const folder = await mkdtemp(join(tmpdir(), "covariances-"));
afterAll(() => rm(folder, { recursive: true }));

const [n, d] = [90, 3];

/** Random numbers from -1 to 1, which are the same for the same seed. */
function numbers(count: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const multiply = (a: number[][], b: number[][]): number[][] =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, x, k) => sum + x * b[k][j], 0)));
const transpose = (a: number[][]): number[][] => a[0].map((_, j) => a.map((row) => row[j]));
const add = (a: number[][], b: number[][]): number[][] => a.map((row, i) => row.map((x, j) => x + b[i][j]));
const identity = (size: number, factor = 1): number[][] =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? factor : 0)));
const trace = (a: number[][]): number => a.reduce((sum, row, i) => sum + row[i], 0);

/** Inverse and determinant by Gauss-Jordan elimination with row exchanges. */
function invert(matrix: number[][]): { inverse: number[][]; determinant: number } {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...identity(size)[i]]);
  let determinant = 1;
  for (let c = 0; c < size; c++) {
    const best = rows.reduce((top, row, i) => (i >= c && Math.abs(row[c]) > Math.abs(rows[top][c]) ? i : top), c);
    if (best !== c) determinant = -determinant;
    [rows[c], rows[best]] = [rows[best], rows[c]];
    determinant *= rows[c][c];
    rows[c] = rows[c].map((x) => x / rows[c][c]);
    for (let i = 0; i < size; i++) if (i !== c) rows[i] = rows[i].map((x, j) => x - rows[i][c] * rows[c][j]);
  }
  return { inverse: rows.map((row) => row.slice(size)), determinant };
}

/** The symmetric square root by Jacobi's rotations. */
function squareRoot(matrix: number[][]): number[][] {
  let a = matrix;
  let v = identity(a.length);
  for (let sweep = 0; sweep < 6; sweep++) {
    for (let p = 0; p < a.length; p++) {
      for (let q = p + 1; q < a.length; q++) {
        const angle = 0.5 * Math.atan2(2 * a[p][q], a[q][q] - a[p][p]);
        const turn = identity(a.length);
        turn[p][p] = turn[q][q] = Math.cos(angle);
        turn[p][q] = Math.sin(angle);
        turn[q][p] = -Math.sin(angle);
        a = multiply(multiply(transpose(turn), a), turn);
        v = multiply(v, turn);
      }
    }
  }
  const roots = a.map((row, i) => row.map((x, j) => (i === j ? Math.sqrt(Math.max(0, x)) : 0)));
  return multiply(multiply(v, roots), transpose(v));
}

const data = new Matrix(numbers(n * d, 1), n, d);
/** Random factors of very different size, so that errors are correlated and differ between points. */
const factors = Array.from({ length: n }, (_, i) => {
  const raw = numbers(d * d, 100 + i);
  const size = 10 ** (numbers(1, 500 + i)[0] * 1.5 - 1);
  return Array.from({ length: d }, (_, a) => Array.from({ length: d }, (_, b) => size * raw[a * d + b]));
});
const roots: number[][][] = [];
const covariances = factors.map((factor) => multiply(factor, transpose(factor)));
const covariance = { data: Float64Array.from(covariances.flat(2)), shape: [n, d, d] as const };
const floor = 0.02;

const difference = (i: number, j: number): number[][] =>
  Array.from({ length: d }, (_, k) => [data.at(i, k) - data.at(j, k)]);

/**
 * The squared distances by the formulas in docs/method.md, computed with inverses and square roots of whole matrices.
 */
const SQUARED: Readonly<Record<string, (i: number, j: number) => number>> = {
  "inverse-variance": (i, j) => quadratic(i, j) / trace(invert(sumOf(i, j)).inverse),
  mahalanobis: quadratic,
  "mahalanobis-logdet": (i, j) => quadratic(i, j) + Math.log(invert(sumOf(i, j)).determinant),
  wasserstein: (i, j) => {
    roots[i] ??= squareRoot(covariances[i]);
    const root = roots[i];
    const cross = squareRoot(multiply(multiply(root, covariances[j]), root));
    const means = difference(i, j).reduce((sum, [x]) => sum + x * x, 0);
    return means + trace(covariances[i]) + trace(covariances[j]) - 2 * trace(cross);
  },
  expected: (i, j) =>
    difference(i, j).reduce((sum, [x]) => sum + x * x, 0) + trace(covariances[i]) + trace(covariances[j]),
};

function sumOf(i: number, j: number): number[][] {
  return add(add(covariances[i], covariances[j]), identity(d, floor));
}
function quadratic(i: number, j: number): number {
  const x = difference(i, j);
  return multiply(multiply(transpose(x), invert(sumOf(i, j)).inverse), x)[0][0];
}

const settings = { perplexity: 5, iterations: 120, varianceFloor: floor, seed: 3, threads: 2 } as const;
const embed = async (options: TsneOptions, points = data) =>
  (await new Tsne(points, { ...settings, ...options }).fit()).embedding.data;

/** The largest difference between two embeddings, in units of their spread. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const spread = Math.sqrt(Array.from(a).reduce((sum, x) => sum + x * x, 0) / a.length);
  return Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]))) / spread;
};

test.each(Object.keys(SQUARED))(
  "%s: gives the same embedding as distances computed with whole matrices",
  async (distance) => {
    const squared = SQUARED[distance];
    const table = Array.from({ length: n }, () => new Array<number>(n).fill(0));
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) table[i][j] = table[j][i] = squared(i, j);
    // Adding a constant to a row does not change its affinities. Given distances must not be negative, so a constant is
    // added here.
    const least = Math.min(0, ...table.flat());
    const distances = new Matrix(
      Float64Array.from(table.flatMap((row, i) => row.map((x, j) => (i === j ? 0 : Math.sqrt(x - least))))),
      n,
      n,
    );
    const options = { distance, iterations: 3 } as TsneOptions;
    const ours = await embed({ ...options, covariance });
    const given = await embed({ iterations: 3, neighbors: { distances } });
    expect(apart(given, ours)).toBeLessThan(1e-3);
  },
);

test.each(["inverse-variance", "mahalanobis", "mahalanobis-logdet", "wasserstein", "expected"] as const)(
  "%s: gives the same embedding as standard deviations if the matrices are diagonal",
  async (distance) => {
    const sigma = new Matrix(
      numbers(n * d, 9).map((x) => 0.3 * Math.abs(x)),
      n,
      d,
    );
    const diagonal = new Float64Array(n * d * d);
    for (let at = 0; at < n * d; at++) diagonal[at * d + (at % d)] = sigma.data[at] ** 2;
    const options = { distance, iterations: 5 };
    const ours = await embed({ ...options, covariance: { data: diagonal, shape: [n, d, d] } });
    expect(apart(await embed({ ...options, sigma }), ours)).toBeLessThan(1e-3);
  },
);

test("treats factors with standard deviations, and draws, like the equivalent covariance matrices", async () => {
  const sigma = new Matrix(
    numbers(n * d, 9).map((x) => 0.3 * Math.abs(x)),
    n,
    d,
  );
  const thin = factors.map((factor) => factor.map((row) => row.slice(0, 1)));
  const whole = thin.map((factor, i) =>
    multiply(factor, transpose(factor)).map((row, a) => row.map((x, b) => (a === b ? x + sigma.at(i, a) ** 2 : x))),
  );
  const expected = await embed({ covariance: whole, iterations: 5 });
  expect(apart(expected, await embed({ covarianceFactors: thin, sigma, iterations: 5 }))).toBeLessThan(1e-4);
  const draws = factors.map((_, i) => numbers(7 * d, 700 + i));
  const ofDraws = draws.map((draw) => {
    const mean = Array.from({ length: d }, (_, k) => draw.reduce((sum, x, at) => sum + (at % d === k ? x : 0), 0) / 7);
    const centered = Array.from({ length: 7 }, (_, m) => mean.map((center, k) => draw[m * d + k] - center));
    return multiply(transpose(centered), centered).map((row) => row.map((x) => x / 6));
  });
  const stacked = { data: Float64Array.from(draws.flatMap((draw) => Array.from(draw))), shape: [n, 7, d] };
  const byDraws = await embed({ covarianceDraws: stacked, iterations: 5 });
  expect(apart(await embed({ covariance: ofDraws, iterations: 5 }), byDraws)).toBeLessThan(1e-4);
});

test("does not change when data and covariances are rotated together", async () => {
  const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
  const turn = [
    [c, -s, 0],
    [s, c, 0],
    [0, 0, 1],
  ];
  const rotated = new Matrix(Float64Array.from(multiply(data.toArrays(), transpose(turn)).flat()), n, d);
  const errors = covariances.map((matrix) => multiply(multiply(turn, matrix), transpose(turn)));
  for (const distance of ["inverse-variance", "mahalanobis-logdet", "wasserstein"] as const) {
    // The initial positions are given, because principal components may have different signs.
    const init = new Matrix(
      numbers(n * 2, 4).map((x) => 1e-4 * x),
      n,
      2,
    );
    const options = { distance, init, iterations: 5 };
    const before = await embed({ ...options, covariance });
    expect(apart(before, await embed({ ...options, covariance: errors }, rotated))).toBeLessThan(1e-3);
  }
});

test.each([
  ["another shape", { data: new Float64Array(n * d), shape: [n, d, 1] }, "SHAPE_MISMATCH", /90 x 3 x 3/],
  ["two dimensions", { data: new Float64Array(n * d), shape: [n, d] }, "INVALID_ARGUMENT", /three dimensions/],
  ["no array", 5, "INVALID_ARGUMENT", /three dimensions/],
])("rejects %s", (_, value, code, message) => {
  const given = { covariance: value } as unknown as TsneOptions;
  expect(() => new Tsne(data, given)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
});

test.each([
  ["NaN", (matrix: number[][]) => (matrix[1][0] = Number.NaN), "NOT_FINITE", /row 7/],
  [
    "a matrix that is not symmetric",
    (matrix: number[][]) => (matrix[1][0] += 0.5),
    "NOT_A_COVARIANCE",
    /symmetric.* row 7/,
  ],
  ["a negative variance", (matrix: number[][]) => (matrix[2][2] = -1), "NOT_A_COVARIANCE", /variance -1/],
  [
    "a negative eigenvalue",
    (matrix: number[][]) => (matrix[0][1] = matrix[1][0] = 2 * Math.sqrt(matrix[0][0] * matrix[1][1])),
    "NOT_A_COVARIANCE",
    /row 7 has a negative eigenvalue/,
  ],
])("rejects %s and names the row", (_, spoil, code, message) => {
  const spoiled = covariances.map((matrix) => matrix.map((row) => [...row]));
  spoil(spoiled[7]);
  expect(() => new Tsne(data, { covariance: spoiled })).toThrow(
    expect.objectContaining({ code, row: 7, message: expect.stringMatching(message) }),
  );
});

test("accepts singular matrices, also those rounded to float32", async () => {
  const ones = covariances.map((matrix) => matrix.map((row) => row.map(() => matrix[0][0])));
  const rounded = { data: Float32Array.from(ones.flat(2)), shape: [n, d, d] };
  expect(apart(await embed({ covariance: ones }), await embed({ covariance: rounded }))).toBeLessThan(1);
  const zero = { data: new Float32Array(n * d * d), shape: [n, d, d] };
  expect((await embed({ covariance: zero })).every(Number.isFinite)).toBe(true);
});

test("rejects options that cannot be combined with covariances", async () => {
  const sigma = new Matrix(new Float64Array(n * d).fill(0.1), n, d);
  const refused: [TsneOptions, RegExp][] = [
    [{ covariance, sigma }, /sigma: cannot be used with covariance/],
    [{ covariance, covarianceDraws: covariance }, /covarianceDraws: cannot be used with covariance/],
    [{ covariance, distance: "jeffreys" }, /distance: .*inverse-variance/],
    [{ covariance, pca: 2 }, /pca: .*covariance/],
  ];
  for (const [options, message] of refused) expect(() => new Tsne(data, options)).toThrow(message);
  await expect(compare(data, { covariance, sigma })).rejects.toThrow(/covariance: cannot be used/);
  const rows = { rows: n, cols: d, type: Float64Array } as unknown as Parameters<typeof embedLandmarks>[0];
  await expect(embedLandmarks(rows, { landmarks: 20, covariance })).rejects.toThrow(/covariance: .*landmarks/);
});

test("places new points, saves, continues, and computes a trust report", async () => {
  const run = new Tsne(data, { ...settings, covariance });
  await run.fit();
  const few = { data: covariance.data.subarray(0, 5 * d * d), shape: [5, d, d] };
  const placed = await run.place(data.slice(0, 5), { covariance: few, uncertainty: 4 });
  expect(placed.embedding.data.every(Number.isFinite)).toBe(true);
  const uncertainty = await positionUncertainty(run, { draws: 4 });
  expect(uncertainty.displacement.every((value) => value >= 0)).toBe(true);
  await expect(run.place(data.slice(0, 5))).rejects.toThrow(/covariance: expected the covariances of the new points/);
  await expect(nearest(run, 0)).rejects.toThrow(/standard deviations/);
  const path = join(folder, "run.tsne");
  await run.save(path);
  const loaded = await Tsne.load(path, { threads: 2 });
  expect(loaded.hasCovariance).toBe(true);
  expect((await loaded.place(data.slice(0, 5), { covariance: few })).embedding.data).toEqual(placed.embedding.data);
  const goesOn = async (tsne: Tsne) => (await tsne.fit(30)).embedding.data;
  expect(await goesOn(loaded)).toEqual(await goesOn(run));
  const { measurement, perturbation } = await trust(run, { draws: 3 } as Parameters<typeof trust>[1]);
  expect([measurement, perturbation].every((part) => part !== undefined)).toBe(true);
  await evaluate(data, (await run.fit(0)).embedding);
});
