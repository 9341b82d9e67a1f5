import { createHash } from "node:crypto";
import { Matrix } from "../../src/matrix.js";

/** Uniform random numbers from 0 to 1, which are the same for the same seed. */
export function uniformNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** `n` points in `groups` round groups, in turn: point i belongs to group i % groups. All are exact in float32. */
export function makeGroups(n: number, d: number, groups = 3, seed = 7): Matrix {
  const uniform = uniformNumbers(seed);
  const bell = () => uniform() + uniform() + uniform() - 1.5;
  const data = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) data[i * d + j] = Math.fround(bell() + (j % groups === i % groups ? 4 : 0));
  }
  return new Matrix(data, n, d);
}

/** n x d numbers from `least` to `most`, exact in float32. */
export function makeUniform(n: number, d: number, least: number, most: number, seed = 11): Matrix {
  const uniform = uniformNumbers(seed);
  return new Matrix(
    Float64Array.from({ length: n * d }, () => Math.fround(least + (most - least) * uniform())),
    n,
    d,
  );
}

export function mapValues(matrix: Matrix, change: (value: number, row: number, column: number) => number): Matrix {
  return new Matrix(
    Float64Array.from(matrix.data, (value, at) => change(value, Math.floor(at / matrix.cols), at % matrix.cols)),
    matrix.rows,
    matrix.cols,
  );
}

/** Returns the rows of `matrix` in the given order. */
export function takeRows(matrix: Matrix, order: readonly number[]): Matrix {
  return new Matrix(Float64Array.from(order.flatMap((row) => Array.from(matrix.row(row)))), order.length, matrix.cols);
}

/** Returns the numbers 0 to n - 1 in a fixed irregular order. */
export function makePermutation(n: number): number[] {
  const uniform = uniformNumbers(n);
  return Array.from({ length: n }, (_, i) => ({ i, at: uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ i }) => i);
}

/** Returns a short text that is equal for matrices with the same bytes. It keeps the reports of failed tests short. */
export function digest({ data }: Matrix): string {
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}

/** Share of the points whose nearest neighbor in the embedding belongs to the same group. */
export function nearestNeighborAccuracy(embedding: Matrix, groups: number): number {
  let hits = 0;
  for (let i = 0; i < embedding.rows; i++) {
    let nearest = { distance: Number.POSITIVE_INFINITY, point: i };
    for (let j = 0; j < embedding.rows; j++) {
      const distance = Math.hypot(...Array.from(embedding.row(i), (value, axis) => value - embedding.at(j, axis)));
      if (j !== i && distance < nearest.distance) nearest = { distance, point: j };
    }
    if (nearest.point % groups === i % groups) hits++;
  }
  return hits / embedding.rows;
}
