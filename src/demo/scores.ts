import type { Matrix } from "../matrix.js";
import { pause } from "./pause.js";

/**
 * Finds the k nearest other points of every point by Euclidean distance, nearest first. For equal distances, the lower
 * row comes first. Compares all pairs.
 *
 * @param points n x d, n > k
 * @returns n x k row numbers, row by row
 * @throws {AbortError} if the signal is aborted
 */
export async function nearestNeighbors(points: Matrix, k: number, signal?: AbortSignal): Promise<Int32Array> {
  const { data, rows, cols } = points;
  const neighbors = new Int32Array(rows * k);
  const distances = new Float64Array(k);
  for (let i = 0; i < rows; i++) {
    if (i % 256 === 0) await pause(signal);
    const nearest = neighbors.subarray(i * k, (i + 1) * k);
    distances.fill(Number.POSITIVE_INFINITY);
    for (let j = 0; j < rows; j++) {
      if (j === i) continue;
      let distance = 0;
      for (let c = 0; c < cols; c++) distance += (data[i * cols + c] - data[j * cols + c]) ** 2;
      if (!(distance < distances[k - 1])) continue;
      let rank = k - 1;
      for (; rank > 0 && distance < distances[rank - 1]; rank--) {
        distances[rank] = distances[rank - 1];
        nearest[rank] = nearest[rank - 1];
      }
      distances[rank] = distance;
      nearest[rank] = j;
    }
  }
  return neighbors;
}

/**
 * Returns 1 for each point whose most frequent neighbor label is its own label, otherwise 0. If two labels are equally
 * frequent, the label with the nearer neighbor is used. The mean is the leave-one-out accuracy of a k-nearest-neighbors
 * classifier.
 *
 * @param neighbors n x k row numbers, nearest first
 * @param labels n labels
 */
export function labelHits(neighbors: Int32Array, labels: readonly string[]): Float64Array {
  const k = neighbors.length / labels.length;
  return Float64Array.from(labels, (own, i) => {
    const votes = new Map<string, number>();
    for (const neighbor of neighbors.subarray(i * k, (i + 1) * k)) {
      const label = labels[neighbor];
      votes.set(label, (votes.get(label) ?? 0) + 1);
    }
    const most = Math.max(...votes.values());
    const elected = [...votes].find(([, count]) => count === most);
    return elected?.[0] === own ? 1 : 0;
  });
}

/**
 * Returns the share of each point's k neighbors that are also among its k neighbors in another list, 0 to 1.
 *
 * @param n number of points
 */
export function sharedNeighbors(neighbors: Int32Array, others: Int32Array, n: number): Float64Array {
  const k = neighbors.length / n;
  return Float64Array.from({ length: n }, (_, i) => {
    const known = new Set(others.subarray(i * k, (i + 1) * k));
    return neighbors.subarray(i * k, (i + 1) * k).reduce((count, j) => count + (known.has(j) ? 1 : 0), 0) / k;
  });
}

export function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A mean difference with its standard error. */
export interface Difference {
  mean: number;
  standardError: number;
}

/** The standard error has n - 1 degrees of freedom: sqrt(sum of squared deviations / (n - 1) / n). */
export function meanWithError(values: Float64Array): Difference {
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return { mean: center, standardError: Math.sqrt(squares / (values.length - 1) / values.length) };
}
