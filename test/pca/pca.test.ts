import { describe, expect, test } from "vitest";
import { ArgumentError, DataError } from "../../src/errors.js";
import { Matrix, type MatrixLike } from "../../src/matrix.js";
import { pca } from "../../src/pca/index.js";
import { makeUniform, mapValues } from "../tsne/points.js";

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, j) => sum + value * b[j], 0);

function means({ rows, cols, data }: Matrix): number[] {
  return Array.from({ length: cols }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += data[i * cols + j];
    return sum / rows;
  });
}

function covariance(matrix: Matrix): number[][] {
  const center = means(matrix);
  const centered = matrix.toArrays().map((row) => row.map((value, j) => value - center[j]));
  return center.map((_, a) =>
    center.map((_, b) => centered.reduce((sum, row) => sum + row[a] * row[b], 0) / (matrix.rows - 1)),
  );
}

/** Finds the largest eigenvalues and their unit eigenvectors one after the other, removing each from the matrix. */
function eigenpairs(matrix: number[][], count: number): { value: number; vector: number[] }[] {
  const rest = matrix.map((row) => [...row]);
  return Array.from({ length: count }, () => {
    let vector = rest.map((_, j) => 1 + j / 7);
    for (let step = 0; step < 5000; step++) {
      const image = rest.map((row) => dot(row, vector));
      const length = Math.hypot(...image);
      vector = image.map((value) => value / length);
    }
    const value = dot(
      vector,
      rest.map((row) => dot(row, vector)),
    );
    for (const [a, row] of rest.entries()) {
      for (const b of row.keys()) row[b] = row[b] - value * vector[a] * vector[b];
    }
    return { value, vector };
  });
}

/** Uniform columns, each with half the spread of the previous one. */
function makeSpread(n: number, d: number): Matrix {
  return mapValues(makeUniform(n, d, -1, 1), (value, _, column) => 3 * column + value * 2 ** -Math.min(column, 20));
}

test("points on a line have one component, in the direction of the line", async () => {
  const { mean, components, variances, scores } = await pca(
    [
      [1, 2],
      [4, 6],
      [7, 10],
    ],
    2,
  );
  expect(mean[0]).toBeCloseTo(4, 10);
  expect(mean[1]).toBeCloseTo(6, 10);
  expect(components.at(0, 0)).toBeCloseTo(0.6, 6);
  expect(components.at(0, 1)).toBeCloseTo(0.8, 6);
  expect(variances[0]).toBeCloseTo(25, 4);
  expect(variances[1]).toBeCloseTo(0, 4);
  expect(Array.from({ length: 3 }, (_, i) => Math.round(scores.at(i, 0) * 1e4) / 1e4)).toEqual([-5, 0, 5]);
});

test("components and variances are the eigenvectors and eigenvalues of the covariance", async () => {
  const data = makeSpread(80, 5);
  const found = await pca(data, 5);
  eigenpairs(covariance(data), 5).forEach(({ value, vector }, c) => {
    expect(found.variances[c]).toBeCloseTo(value, 5);
    expect(Math.abs(dot(found.components.row(c), vector))).toBeCloseTo(1, 4);
  });
});

describe.each([
  ["narrow", 200, 8, 8],
  ["wide", 12, 150, 12],
  ["wide, found by random search", 300, 400, 5],
])("of %s data, %i x %i", (_, n, d, k) => {
  const data = makeSpread(n, d);
  const found = pca(data, k);

  test("the shapes match the numbers of points and components", async () => {
    const { mean, components, variances, scores } = await found;
    expect(mean).toBeInstanceOf(Float64Array);
    expect(variances).toBeInstanceOf(Float64Array);
    expect(mean).toHaveLength(d);
    expect(variances).toHaveLength(k);
    expect(components.shape).toEqual([k, d]);
    expect(scores.shape).toEqual([n, k]);
  });

  test("the mean is the mean of each column", async () => {
    const { mean } = await found;
    means(data).forEach((value, j) => {
      expect(mean[j]).toBeCloseTo(value, 5);
    });
  });

  test("components that carry variance are orthonormal, with their largest entry positive", async () => {
    const { components, variances } = await found;
    for (let a = 0; a < k; a++) {
      if (variances[a] < 1e-10) continue;
      const row = Array.from(components.row(a));
      expect(row.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best))).toBeGreaterThan(0);
      for (let b = 0; b <= a; b++) expect(dot(row, components.row(b))).toBeCloseTo(a === b ? 1 : 0, 5);
    }
  });

  test("scores are the centered points in the components' coordinates", async () => {
    const { mean, components, scores } = await found;
    for (let i = 0; i < n; i += 7) {
      const centered = Array.from(data.row(i), (value, j) => value - mean[j]);
      for (let c = 0; c < k; c++) expect(scores.at(i, c)).toBeCloseTo(dot(centered, components.row(c)), 4);
    }
  });

  test("variances are the variances of the scores, largest first", async () => {
    const { variances, scores } = await found;
    const spread = covariance(scores);
    variances.forEach((variance, c) => {
      expect(variance).toBeCloseTo(spread[c]?.[c], 4);
      if (c > 0) expect(variance).toBeLessThanOrEqual(variances[c - 1]);
    });
  });
});

test("all components together reproduce the data", async () => {
  const data = makeSpread(60, 6);
  const { mean, components, scores } = await pca(data, 6);
  data.toArrays().forEach((row, i) => {
    row.forEach((value, j) => {
      let sum = mean[j];
      for (let c = 0; c < 6; c++) sum += scores.at(i, c) * components.at(c, j);
      expect(sum).toBeCloseTo(value, 5);
    });
  });
});

test("the random search finds the leading components of wide data", async () => {
  const data = makeSpread(300, 400);
  const [few, all] = [await pca(data, 3), await pca(data, 300)];
  for (let c = 0; c < 3; c++) {
    expect(few.variances[c]).toBeCloseTo(all.variances[c], 5);
    expect(Math.abs(dot(few.components.row(c), all.components.row(c)))).toBeCloseTo(1, 4);
  }
});

test("the accuracy does not depend on scale and offset", async () => {
  const data = makeSpread(50, 4);
  const { variances } = await pca(data, 2);
  for (const scale of [1e30, 1e-15]) {
    const scaled = await pca(
      mapValues(data, (value) => value * scale),
      2,
    );
    expect(scaled.variances[0] / scale ** 2).toBeCloseTo(variances[0], 5);
  }
  const moved = await pca(
    mapValues(data, (value) => value + 1e6),
    2,
  );
  expect(moved.variances[0]).toBeCloseTo(variances[0], 4);
});

test("constant data have no variance", async () => {
  const { mean, variances, scores } = await pca(new Matrix(new Float64Array(30).fill(7), 10, 3), 2);
  expect(Array.from(mean)).toEqual([7, 7, 7]);
  expect(Array.from(variances)).toEqual([0, 0]);
  expect(scores.data.every((value) => value === 0)).toBe(true);
});

test("the same seed gives the same bytes with any number of threads", async () => {
  const data = makeSpread(300, 400);
  const [one, four, again] = [
    await pca(data, 4, { seed: 3, threads: 1 }),
    await pca(data, 4, { seed: 3, threads: 4 }),
    await pca(data.toArrays(), 4, { seed: 3 }),
  ];
  expect(four).toEqual(one);
  expect(again).toEqual(one);
});

test("the input is copied at the call and not changed", async () => {
  const data = makeSpread(50, 4);
  const expected = await pca(data, 2);
  const copy = mapValues(data, (value) => value);
  const running = pca(copy, 2);
  expect(copy).toEqual(data);
  copy.data.fill(Number.NaN);
  expect(await running).toEqual(expected);
});

describe("rejects", () => {
  const data = makeSpread(10, 4);

  test.each([0, 5, 1.5, -1, Number.NaN])("%s components of 10 x 4", async (components) => {
    const error = await pca(data, components).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({
      code: "OUT_OF_RANGE",
      argument: "components",
      received: components,
      accepted: "an integer from 1 to 4",
      message: `components: expected an integer from 1 to 4, received ${components}`,
    });
  });

  test.each([
    ["seed", -1, "OUT_OF_RANGE"],
    ["seed", 0.5, "OUT_OF_RANGE"],
    ["threads", 0, "OUT_OF_RANGE"],
    ["threads", 1025, "OUT_OF_RANGE"],
    ["seed", "1", "INVALID_ARGUMENT"],
    ["threads", "1", "INVALID_ARGUMENT"],
    ["signal", {}, "INVALID_ARGUMENT"],
    ["thread", 2, "UNKNOWN_OPTION"],
  ])("%s %j", async (argument, received, code) => {
    const error = await pca(data, 1, { [argument]: received }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ code, argument, received });
  });

  test.each([[null], [5], [[]]])("options that are %j", async (options) => {
    await expect(pca(data, 1, options as object)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      argument: "options",
      received: options,
    });
  });

  test("NaN and infinities, with their row and column", async () => {
    for (const received of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const error = await pca(
        mapValues(data, (value, row, column) => (row >= 6 && column === 2 ? received : value)),
        1,
      ).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DataError);
      expect(error).toMatchObject({ code: "NOT_FINITE", argument: "data", received, row: 6, column: 2 });
    }
  });

  test.each([
    ["1 x 2", [[1, 2]]],
    ["0 x 0", []],
    ["2 x 0", [[], []]],
  ])("data of %s", async (received, input) => {
    await expect(pca(input, 1)).rejects.toMatchObject({
      code: "TOO_FEW_POINTS",
      argument: "data",
      message: `data: expected at least two rows and one column, received ${received}`,
    });
  });

  test("data that are not a matrix", async () => {
    await expect(pca("data" as unknown as MatrixLike, 1)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      argument: "data",
    });
  });
});

describe("a signal", () => {
  test("that is aborted before the call rejects with its reason as the cause", async () => {
    await expect(pca(makeSpread(10, 4), 1, { signal: AbortSignal.abort("too late") })).rejects.toMatchObject({
      name: "AbortError",
      code: "ABORTED",
      cause: "too late",
    });
  });

  test("that is aborted during the work stops it", async () => {
    const controller = new AbortController();
    const running = pca(makeUniform(2000, 600, -1, 1), 100, { signal: controller.signal });
    controller.abort("enough");
    await expect(running).rejects.toMatchObject({ name: "AbortError", code: "ABORTED", cause: "enough" });
  });
});
