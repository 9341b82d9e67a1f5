import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Matrix } from "../src/matrix.js";

/** The k nearest other points of some points: rows of k, nearest first. */
export interface Nearest {
  readonly k: number;
  readonly indices: Uint32Array;
  readonly squared: Float64Array;
}

/** Points among which neighbors are searched. Squared distances are Euclidean, or weighted if there is sigma. */
export interface Points {
  readonly data: Float64Array;
  readonly rows: number;
  readonly cols: number;
  /** Standard deviations, of the same shape as the data. */
  readonly sigma?: Float64Array | undefined;
}

/** Added to every summed variance, as in the weights of Ede 2020. */
const VARIANCE_FLOOR = 0.01;

/** Number of columns between checks whether a point is already too far away. */
const STRIDE = 8;

/**
 * Finds the k nearest other points of the rows `first` to `last`, by comparing them with all rows in float64.
 */
export function findNearest({ data, rows, cols, sigma }: Points, k: number, first: number, last: number): Nearest {
  const indices = new Uint32Array((last - first) * k);
  const squared = new Float64Array((last - first) * k).fill(Number.POSITIVE_INFINITY);
  for (let i = first; i < last; i++) {
    const begin = (i - first) * k;
    const worst = begin + k - 1;
    for (let j = 0; j < rows; j++) {
      if (j === i) continue;
      const distance = sigma ? weighted(data, sigma, cols, i, j) : euclidean(data, cols, i, j, squared[worst]);
      if (!(distance < squared[worst])) continue;
      let place = worst;
      for (; place > begin && distance < squared[place - 1]; place--) {
        squared[place] = squared[place - 1];
        indices[place] = indices[place - 1];
      }
      squared[place] = distance;
      indices[place] = j;
    }
  }
  return { k, indices, squared };
}

/** Squared Euclidean distance. The sum ends early once it exceeds `bound`, because the point is then no neighbor. */
function euclidean(data: Float64Array, cols: number, i: number, j: number, bound: number): number {
  let sum = 0;
  const offset = (j - i) * cols;
  const end = i * cols + cols;
  for (let a = i * cols; a < end && sum < bound; ) {
    for (const stop = Math.min(a + STRIDE, end); a < stop; a++) {
      const difference = data[a] - data[a + offset];
      sum += difference * difference;
    }
  }
  return sum;
}

function weighted(data: Float64Array, sigma: Float64Array, cols: number, i: number, j: number): number {
  let sum = 0;
  let weights = 0;
  for (let c = 0; c < cols; c++) {
    const own = sigma[i * cols + c];
    const other = sigma[j * cols + c];
    const weight = 1 / (own * own + other * other + VARIANCE_FLOOR);
    sum += weight * (data[i * cols + c] - data[j * cols + c]) ** 2;
    weights += weight;
  }
  return sum / weights;
}

/** Applies {@link findNearest} to all rows, on several threads. */
export async function findAllNearest(points: Points, k: number, signal: AbortSignal): Promise<Nearest> {
  const { rows } = points;
  const shared = (values: Float64Array) => {
    const copy = new Float64Array(new SharedArrayBuffer(values.byteLength));
    copy.set(values);
    return copy;
  };
  const sent = { ...points, data: shared(points.data), sigma: points.sigma && shared(points.sigma) };
  const result = { k, indices: new Uint32Array(rows * k), squared: new Float64Array(rows * k) };
  const team = Math.min(availableParallelism(), rows);
  const part = async (worker: number) => {
    const [first, last] = [Math.floor((rows * worker) / team), Math.floor((rows * (worker + 1)) / team)];
    const thread = new Worker(new URL("./score-worker.js", import.meta.url), {
      workerData: { points: sent, k, first, last },
    });
    const stop = () => void thread.terminate();
    signal.addEventListener("abort", stop);
    try {
      const found = await new Promise<Nearest>((resolve, reject) => {
        thread.once("message", resolve).once("error", reject);
        thread.once("exit", () => reject(signal.reason ?? new Error("a thread of the scorer ended")));
      });
      result.indices.set(found.indices, first * k);
      result.squared.set(found.squared, first * k);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  };
  await Promise.all(Array.from({ length: team }, (_, worker) => part(worker)));
  return result;
}

/** A sparse square matrix in the format of compressed rows. */
export interface Sparse {
  readonly offsets: Float64Array;
  readonly columns: Uint32Array;
  readonly values: Float64Array;
}

/** Computes P from neighbors: the perplexity is calibrated by bisection, and P is symmetric with sum 1. */
export function affinities(nearest: Nearest, perplexity: number): Sparse {
  const { k, indices, squared } = nearest;
  const n = indices.length / k;
  const conditional: Sparse = {
    offsets: Float64Array.from({ length: n + 1 }, (_, i) => i * k),
    columns: indices,
    values: new Float64Array(n * k),
  };
  for (let i = 0; i < n; i++) {
    calibrate(squared.subarray(i * k, (i + 1) * k), perplexity, conditional.values.subarray(i * k, (i + 1) * k));
  }
  return symmetrize(conditional);
}

function calibrate(squared: Float64Array, perplexity: number, row: Float64Array): void {
  const target = Math.log(perplexity);
  const nearest = squared[0];
  let [beta, low, high] = [1, 0, Number.POSITIVE_INFINITY];
  for (let step = 0; step < 200; step++) {
    let [total, mean] = [0, 0];
    for (let j = 0; j < row.length; j++) {
      const excess = squared[j] - nearest;
      const weight = Math.exp(-beta * excess);
      row[j] = weight;
      total += weight;
      mean += weight * excess;
    }
    for (let j = 0; j < row.length; j++) row[j] = row[j] / total;
    const error = Math.log(total) + (beta * mean) / total - target;
    if (Math.abs(error) < 1e-13) return;
    if (error > 0) low = beta;
    else high = beta;
    beta = high === Number.POSITIVE_INFINITY ? beta * 2 : (low + high) / 2;
  }
}

/** Returns the transpose, whose rows have ascending columns. */
function transpose({ offsets, columns, values }: Sparse): Sparse {
  const n = offsets.length - 1;
  const starts = new Float64Array(n + 1);
  for (const column of columns) starts[column + 1] = starts[column + 1] + 1;
  for (let i = 0; i < n; i++) starts[i + 1] = starts[i + 1] + starts[i];
  const next = starts.slice();
  const result = {
    offsets: starts,
    columns: new Uint32Array(columns.length),
    values: new Float64Array(columns.length),
  };
  for (let i = 0; i < n; i++) {
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      const column = columns[e];
      const at = next[column];
      next[column] = at + 1;
      result.columns[at] = i;
      result.values[at] = values[e];
    }
  }
  return result;
}

function symmetrize(conditional: Sparse): Sparse {
  const incoming = transpose(conditional);
  const outgoing = transpose(incoming);
  const n = conditional.offsets.length - 1;
  const offsets = new Float64Array(n + 1);
  const columns = new Uint32Array(2 * conditional.columns.length);
  const values = new Float64Array(2 * conditional.columns.length);
  let count = 0;
  for (let i = 0; i < n; i++) {
    let [a, b] = [outgoing.offsets[i], incoming.offsets[i]];
    const [aEnd, bEnd] = [outgoing.offsets[i + 1], incoming.offsets[i + 1]];
    while (a < aEnd || b < bEnd) {
      const from = a < aEnd ? outgoing.columns[a] : n;
      const to = b < bEnd ? incoming.columns[b] : n;
      let value = 0;
      if (from <= to) value += outgoing.values[a++];
      if (to <= from) value += incoming.values[b++];
      columns[count] = Math.min(from, to);
      values[count++] = value / (2 * n);
    }
    offsets[i + 1] = count;
  }
  return { offsets, columns: columns.subarray(0, count), values: values.subarray(0, count) };
}

/** KL(P||Q) in nats (van der Maaten & Hinton 2008, eq. 2), with Q normalized over all pairs. */
export function klDivergence(p: Sparse, embedding: Points): number {
  const { data, rows, cols } = embedding;
  let normalizer = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = i + 1; j < rows; j++) sum += 1 / (1 + euclidean(data, cols, i, j, Number.POSITIVE_INFINITY));
    normalizer += 2 * sum;
  }
  let kl = 0;
  for (let i = 0; i < rows; i++) {
    for (let e = p.offsets[i]; e < p.offsets[i + 1]; e++) {
      const value = p.values[e];
      const distance = euclidean(data, cols, i, p.columns[e], Number.POSITIVE_INFINITY);
      if (value > 0) kl += value * (Math.log(value) + Math.log1p(distance));
    }
  }
  return kl + Math.log(normalizer);
}

/**
 * Mean share of each point's `count` nearest neighbors in the data that are also among its `count` nearest neighbors in
 * the embedding.
 */
export function keptNeighbors(data: Nearest, embedding: Nearest, count: number): number {
  const n = data.indices.length / data.k;
  let kept = 0;
  for (let i = 0; i < n; i++) {
    const own = data.indices.subarray(i * data.k, i * data.k + count);
    for (const j of embedding.indices.subarray(i * embedding.k, i * embedding.k + count))
      kept += own.includes(j) ? 1 : 0;
  }
  return kept / (n * count);
}

export function toPoints(matrix: Matrix, sigma?: Matrix): Points {
  return {
    data: Float64Array.from(matrix.data),
    rows: matrix.rows,
    cols: matrix.cols,
    sigma: sigma && Float64Array.from(sigma.data),
  };
}
