import { describe, expect, test } from "vitest";
import { Matrix } from "../../src/matrix.js";
import { runBhTsne, type TsneOptions } from "../../src/tsne/index.js";
import { digest, makeGroups, makePermutation, makeUniform, mapValues, takeRows } from "./points.js";

const n = 150;
const data = makeGroups(n, 6);
const sigma = makeUniform(n, 6, 0.1, 2);
const start = makeUniform(n, 2, -5, 5);

/** KL divergence of one fixed embedding. It differs if the affinities differ. */
async function klAtStart(points: Matrix, options: TsneOptions = {}): Promise<number> {
  return (await runBhTsne(points, { perplexity: 10, theta: 0, init: start, iterations: 0, ...options })).kl;
}

/** The data rotated in the plane of each pair of axes. */
function rotate(matrix: Matrix): Matrix {
  const turned = new Matrix(Float64Array.from(matrix.data), matrix.rows, matrix.cols);
  for (let a = 0; a < matrix.cols; a++) {
    for (let b = a + 1; b < matrix.cols; b++) {
      const [cos, sin] = [Math.cos(a + 2 * b), Math.sin(a + 2 * b)];
      for (let i = 0; i < matrix.rows; i++) {
        const row = turned.row(i);
        const [x, y] = [row[a], row[b]];
        row[a] = cos * x - sin * y;
        row[b] = sin * x + cos * y;
      }
    }
  }
  return turned;
}

describe("the affinities do not change", () => {
  test.each([
    ["a translation", mapValues(data, (value, _, column) => value + 1000 * (column - 2))],
    ["a rotation", rotate(data)],
    ["a reflection", mapValues(data, (value, _, column) => (column === 1 ? -value : value))],
    ["a scale of 1e30", mapValues(data, (value) => value * 1e30)],
    ["a scale of 1e-30", mapValues(data, (value) => value * 1e-30)],
    ["a scale of 1e300", mapValues(data, (value) => value * 1e300)],
  ])("by %s of the data", async (_, changed) => {
    expect(await klAtStart(changed)).toBeCloseTo(await klAtStart(data), 4);
  });

  test("by a translation of means with sigma, or by a scale of the means if the floor is given", async () => {
    const floored = { sigma, varianceFloor: 0.01 };
    const moved = mapValues(data, (value) => value + 1000);
    expect(await klAtStart(moved, { sigma })).toBeCloseTo(await klAtStart(data, { sigma }), 4);
    expect(await klAtStart(moved, floored)).toBeCloseTo(await klAtStart(data, floored), 4);
    const scaled = mapValues(data, (value) => value * 1e30);
    expect(await klAtStart(scaled, floored)).toBeCloseTo(await klAtStart(data, floored), 4);
  });

  test("if sigma is scaled together with its floor", async () => {
    const scaled = mapValues(sigma, (value) => value * 1000);
    expect(await klAtStart(data, { sigma: scaled, varianceFloor: 0.01 * 1000 ** 2 })).toBeCloseTo(
      await klAtStart(data, { sigma, varianceFloor: 0.01 }),
      5,
    );
  });
});

test.each([1e30, 1e-30, 1e300, 1e-300])(
  "data of scale %s gets a finite embedding of the same quality",
  async (scale) => {
    const options = { perplexity: 10, iterations: 300 };
    const scaled = await runBhTsne(
      mapValues(data, (value) => value * scale),
      options,
    );
    expect(scaled.embedding.data.every(Number.isFinite)).toBe(true);
    expect(Math.abs(scaled.kl - (await runBhTsne(data, options)).kl)).toBeLessThan(0.1);
  },
);

test.each([0, 0.5])("points in another order get the same positions, theta %s", async (theta) => {
  const order = makePermutation(n);
  const options = { perplexity: 10, theta, iterations: 10 };
  const straight = await runBhTsne(data, { ...options, sigma, init: start });
  const shuffled = await runBhTsne(takeRows(data, order), {
    ...options,
    sigma: takeRows(sigma, order),
    init: takeRows(start, order),
  });
  expect(shuffled.kl).toBeCloseTo(straight.kl, 4);
  const expected = takeRows(straight.embedding, order).data;
  expect(Math.max(...shuffled.embedding.data.map((value, at) => Math.abs(value - expected[at])))).toBeLessThan(1e-3);
});

test("points in another order have the same KL divergence at the same positions", async () => {
  const order = makePermutation(n);
  const shuffled = await klAtStart(takeRows(data, order), {
    sigma: takeRows(sigma, order),
    init: takeRows(start, order),
  });
  expect(shuffled).toBeCloseTo(await klAtStart(data, { sigma }), 6);
});

describe("sigma", () => {
  const options = { perplexity: 10, iterations: 60 };

  test.each([0, 0.5, 1e10])("of %s everywhere gives the embedding without sigma, byte for byte", async (constant) => {
    const plain = await runBhTsne(data, options);
    const aware = await runBhTsne(data, { ...options, sigma: mapValues(data, () => constant) });
    expect(digest(aware.embedding)).toEqual(digest(plain.embedding));
    expect(aware.kl).toBe(plain.kl);
  });

  test("is ignored by the Euclidean distance", async () => {
    const plain = await runBhTsne(data, options);
    const ignored = await runBhTsne(data, { ...options, sigma, distance: "euclidean" });
    expect(digest(ignored.embedding)).toEqual(digest(plain.embedding));
  });

  test("that varies changes the affinities, and so does its floor", async () => {
    const [plain, aware, floored] = [
      await klAtStart(data),
      await klAtStart(data, { sigma }),
      await klAtStart(data, { sigma, varianceFloor: 5 }),
    ];
    expect(Math.abs(aware - plain)).toBeGreaterThan(1e-3);
    expect(Math.abs(floored - aware)).toBeGreaterThan(1e-3);
  });

  test("that is huge in a column removes the noise of that column from the embedding", async () => {
    const noisy = mapValues(data, (value, row, column) => (column === 5 ? 50 * Math.sin(row * row) : value));
    const doubt = mapValues(noisy, (_, __, column) => (column === 5 ? 1e6 : 0.1));
    const clean = new Matrix(Float64Array.from(data.toArrays().flatMap((row) => row.slice(0, 5))), n, 5);
    expect(await klAtStart(noisy, { sigma: doubt })).toBeCloseTo(await klAtStart(clean), 3);
  });
});

describe("the same seed, input and options give the same bytes", () => {
  const points = makeGroups(600, 5);

  test.each([1, 2, 3].flatMap((outputDimensions) => [0, 0.5].map((theta) => ({ outputDimensions, theta }))))(
    "with any number of threads, $outputDimensions dimensions, theta $theta",
    async ({ outputDimensions, theta }) => {
      const embeddings = [];
      for (const threads of [1, 2, 4])
        embeddings.push(await runBhTsne(points, { outputDimensions, theta, threads, iterations: 60 }));
      const [one, ...more] = embeddings;
      for (const other of more) {
        expect(digest(other.embedding)).toEqual(digest(one?.embedding));
        expect(other.kl).toBe(one?.kl);
      }
    },
  );

  test("with any number of threads, with sigma and after principal components", async () => {
    for (const extra of [{ sigma: makeUniform(600, 5, 0.1, 2) }, { pca: 3 }]) {
      const one = await runBhTsne(points, { ...extra, threads: 1, iterations: 60 });
      const three = await runBhTsne(points, { ...extra, threads: 3, iterations: 60 });
      expect(digest(three.embedding)).toEqual(digest(one.embedding));
    }
  });

  test("in repeated runs", async () => {
    for (const init of ["pca", "random"] as const) {
      const first = await runBhTsne(data, { init, seed: 5, iterations: 60 });
      const second = await runBhTsne(data, { init, seed: 5, iterations: 60 });
      expect(digest(second.embedding)).toEqual(digest(first.embedding));
    }
  });
});

test("another seed gives another embedding", async () => {
  const embeddings = await Promise.all(
    [0, 1, Number.MAX_SAFE_INTEGER].map((seed) => runBhTsne(data, { init: "random", seed, iterations: 60 })),
  );
  expect(new Set(embeddings.map(({ embedding }) => digest(embedding))).size).toBe(3);
});
