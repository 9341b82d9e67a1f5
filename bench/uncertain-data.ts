import { Matrix } from "../src/matrix.js";
import { normals } from "./generated-data.js";

/** True coordinates and labels of points. */
export interface Truth {
  readonly means: Matrix;
  readonly labels: readonly number[];
}

/** Measured values with their standard deviations. */
export interface Measured {
  readonly means: Matrix;
  readonly sigma: Matrix;
}

/** Covariances: one matrix per point. */
interface Stack {
  readonly data: Float64Array;
  readonly shape: readonly [number, number, number];
}

const COLUMNS = 10;

/** Synthetic data sets by name: n points with 10 columns, scaled to unit spread. */
export const TRUTHS: Readonly<Record<string, (n: number, seed: number) => Truth>> = {
  /** Twelve round groups. */
  groups(n, seed) {
    const normal = normals(seed);
    const centers = Array.from({ length: 12 * COLUMNS }, () => 1.5 * normal());
    return makeTruth(n, (i) => {
      const group = i % 12;
      return { row: drawRow((k) => centers[group * COLUMNS + k] + 0.5 * normal()), label: group };
    });
  },
  /** A curved surface. Its labels are four sections along its length. */
  surface(n, seed) {
    const normal = normals(seed);
    const waves = Array.from({ length: 3 * COLUMNS }, normal);
    return makeTruth(n, (i) => {
      const [u, v] = [(i + 0.5) / n, fraction((i + 0.5) * 0.618034)];
      const wave = (k: number) => Math.sin(4 * waves[3 * k] * u + 2 * waves[3 * k + 1] * v + 3 * waves[3 * k + 2]);
      return { row: drawRow((k) => wave(k) + 0.05 * normal()), label: Math.floor(4 * u) };
    });
  },
  /** Five branches from one root, each in its own direction. */
  branches(n, seed) {
    const normal = normals(seed);
    const directions = Array.from({ length: 5 * COLUMNS }, normal);
    return makeTruth(n, (i) => {
      const [branch, t] = [i % 5, (i + 0.5) / n];
      return { row: drawRow((k) => t * directions[branch * COLUMNS + k] + 0.1 * normal()), label: branch };
    });
  },
};

/** Values with the same standard deviation: none (each value has its own), those of a point, or those of a column. */
export const NOISE_KINDS = ["value", "point", "column"] as const;
export type NoiseKind = (typeof NOISE_KINDS)[number] | "equal";

/**
 * Adds Gaussian noise. The standard deviations are log-normal: `level` times e^z with a standard normal z for each
 * value, point or column. With `"equal"`, they are `level` everywhere.
 */
export function addNoise({ means }: Truth, kind: NoiseKind, level: number, seed: number): Measured {
  const { rows, cols } = means;
  const normal = normals(seed);
  const count = { value: rows * cols, point: rows, column: cols, equal: 0 }[kind];
  const factors = Array.from({ length: count }, () => Math.exp(normal()));
  const factorAt = {
    value: (at: number) => at,
    point: (at: number) => Math.floor(at / cols),
    column: (at: number) => at % cols,
  };
  const sigma = Float64Array.from(means.data, (_, at) => level * (kind === "equal" ? 1 : factors[factorAt[kind](at)]));
  const values = Float64Array.from(means.data, (value, at) => value + sigma[at] * normal());
  return { means: new Matrix(values, rows, cols), sigma: new Matrix(sigma, rows, cols) };
}

/**
 * Adds Gaussian noise along two random directions of each point, with the standard deviation `level` in each column per
 * direction, and noise of 0.1 in each value. Such errors occur in fits that determine combinations of parameters better
 * than single parameters.
 */
export function addCorrelatedNoise({ means }: Truth, level: number, seed: number): Measured & { covariance: Stack } {
  const { rows, cols } = means;
  const normal = normals(seed);
  const values = Float64Array.from(means.data);
  const sigma = new Float64Array(rows * cols);
  const covariance = new Float64Array(rows * cols * cols);
  for (let i = 0; i < rows; i++) {
    const directions = [0, 1].map(() => Array.from({ length: cols }, () => level * normal()));
    const lengths = directions.map(() => normal());
    for (let a = 0; a < cols; a++) {
      const along = directions.reduce((sum, direction, e) => sum + direction[a] * lengths[e], 0);
      values[i * cols + a] = values[i * cols + a] + along + 0.1 * normal();
      for (let b = 0; b < cols; b++) {
        const shared = directions.reduce((sum, direction) => sum + direction[a] * direction[b], 0);
        covariance[(i * cols + a) * cols + b] = shared + (a === b ? 0.01 : 0);
      }
      sigma[i * cols + a] = Math.sqrt(covariance[(i * cols + a) * cols + a]);
    }
  }
  return {
    means: new Matrix(values, rows, cols),
    sigma: new Matrix(sigma, rows, cols),
    covariance: { data: covariance, shape: [rows, cols, cols] },
  };
}

/** Divides a matrix by the standard deviation of all its values. */
export function toUnitSpread(matrix: Matrix): Matrix {
  const { rows, cols } = matrix;
  const data = Float64Array.from(matrix.data);
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const spread = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
  return new Matrix(
    Float64Array.from(data, (value) => value / spread),
    rows,
    cols,
  );
}

/** Draws `count` different rows of `n`, in random order. */
export function drawRows(n: number, count: number, seed: number): Uint32Array {
  const normal = normals(seed);
  const keys = Array.from({ length: n }, (_, row) => ({ row, key: normal() }));
  return Uint32Array.from(keys.sort((a, b) => a.key - b.key).slice(0, count), ({ row }) => row);
}

function makeTruth(n: number, point: (i: number) => { row: number[]; label: number }): Truth {
  const points = Array.from({ length: n }, (_, i) => point(i));
  const means = new Matrix(Float64Array.from(points.flatMap(({ row }) => row)), n, COLUMNS);
  return { means: toUnitSpread(means), labels: points.map(({ label }) => label) };
}

const drawRow = (value: (k: number) => number): number[] => Array.from({ length: COLUMNS }, (_, k) => value(k));
const fraction = (x: number): number => x - Math.floor(x);
