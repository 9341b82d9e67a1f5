import { shapeMismatch } from "../arguments.js";
import { ArgumentError, DataError } from "../errors.js";
import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";

/** Nearest neighbors that were found elsewhere: by FAISS, hnswlib, a vector database. */
export interface NeighborLists {
  /**
   * n x m row numbers of the data, counted from 0, in any order. The point itself may be among them and does not count; nor does
   * -1, which FAISS writes where it found none. At least floor(3 * perplexity) others must be left in each row, all different; the
   * nearest of them are used.
   */
  indices: MatrixLike;
  /** n x m distances of those neighbors, >= 0. Their unit does not matter. A negative one counts as 0 if rounding explains it. */
  distances: MatrixLike;
  /** Whether the distances are squared already, as those of FAISS's L2 indices are. Default false. */
  squared?: boolean | undefined;
}

/** All distances between the points. */
export interface DistanceMatrix {
  /**
   * n x n distances >= 0, row i those from point i; it need not be symmetric. The diagonal is not looked at. Infinity means that two points are
   * not neighbors. A negative distance counts as 0 if rounding explains it.
   */
  distances: MatrixLike;
  /** Whether the distances are squared already. Default false. */
  squared?: boolean | undefined;
}

/** Lists as the core takes them: k neighbors of each of n points, nearest first. */
export interface CheckedNeighbors {
  /** n x k */
  indices: Uint32Array;
  /** n x k squared distances, each row in a unit of its own: calibration of the perplexity does not see units. */
  squared: Float32Array;
  k: number;
}

/**
 * Checks neighbors that the caller gives and brings them into the core's form: the `k` nearest of each point, sorted.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH, or OUT_OF_RANGE where a row holds fewer than k
 * @throws {DataError} for an index that is no row, one that comes twice in a row, or a distance that is none, with its place
 */
export function checkNeighbors(given: NeighborLists | DistanceMatrix, n: number, k: number): CheckedNeighbors {
  const distances = toMatrix(given.distances, "neighbors.distances");
  const squared = given.squared ?? false;
  if (typeof squared !== "boolean") {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "neighbors.squared",
      received: squared,
      accepted: "true or false",
    });
  }
  const result = { indices: new Uint32Array(n * k), squared: new Float32Array(n * k), k };
  const nearest = new Nearest(k, squared, result);
  if ("indices" in given) takeLists(toMatrix(given.indices, "neighbors.indices"), distances, n, nearest);
  else takeMatrix(distances, n, nearest);
  return result;
}

function takeLists(indices: Matrix, distances: Matrix, n: number, nearest: Nearest): void {
  if (indices.rows !== n) throw shapeMismatch("neighbors.indices", indices, `${n} rows, one a point`);
  if (distances.rows !== n || distances.cols !== indices.cols) {
    throw shapeMismatch("neighbors.distances", distances, `${n} x ${indices.cols}, the shape of the indices`);
  }
  const largest = largestDistance(distances);
  // The row that each point was last seen in, from 1.
  const seen = new Uint32Array(n);
  for (let row = 0; row < n; row++) {
    nearest.start();
    for (let column = 0; column < indices.cols; column++) {
      const index = indices.at(row, column);
      if (index === -1) continue;
      const fail = (code: "OUT_OF_RANGE" | "INVALID_ARGUMENT", accepted: string) =>
        new DataError(code, { argument: "neighbors.indices", received: index, accepted, row, column });
      if (!(Number.isInteger(index) && index >= 0 && index < n)) {
        throw fail("OUT_OF_RANGE", `integers from 0 to ${n - 1}, the points, or -1 for none`);
      }
      if (seen[index] === row + 1) throw fail("INVALID_ARGUMENT", "each neighbor once in a row");
      seen[index] = row + 1;
      if (index !== row) nearest.offer(index, distanceAt(distances, row, column, largest));
    }
    nearest.finish(row);
  }
}

function takeMatrix(distances: Matrix, n: number, nearest: Nearest): void {
  if (distances.rows !== n || distances.cols !== n) {
    throw shapeMismatch("neighbors.distances", distances, `${n} x ${n}, all points x all points`);
  }
  const largest = largestDistance(distances);
  for (let row = 0; row < n; row++) {
    nearest.start();
    for (let column = 0; column < n; column++) {
      // Points that no path of a graph connects are infinitely far, and no neighbors.
      if (column === row || distances.at(row, column) === Number.POSITIVE_INFINITY) continue;
      nearest.offer(column, distanceAt(distances, row, column, largest));
    }
    nearest.finish(row);
  }
}

/** Negative distances down to this share of the largest one are 0 that was rounded, as in 1 - cosine or |a|^2 - 2ab + |b|^2. */
const ROUNDING = 1e-4;

function largestDistance({ data }: Matrix): number {
  let largest = 0;
  for (const value of data) if (value > largest && value < Number.POSITIVE_INFINITY) largest = value;
  return largest;
}

function distanceAt(distances: Matrix, row: number, column: number, largest: number): number {
  const value = distances.at(row, column);
  if (value >= 0 && value < Number.POSITIVE_INFINITY) return value;
  if (value < 0 && value >= -ROUNDING * largest) return 0;
  const code = Number.isFinite(value) ? "OUT_OF_RANGE" : "NOT_FINITE";
  const accepted = "finite distances >= 0";
  throw new DataError(code, { argument: "neighbors.distances", received: value, accepted, row, column });
}

/** The k nearest of what is offered, nearest first, ties by index. */
class Nearest {
  readonly #k: number;
  readonly #isSquared: boolean;
  readonly #result: CheckedNeighbors;
  readonly #indices: Uint32Array;
  readonly #distances: Float64Array;
  #offered = 0;

  constructor(k: number, isSquared: boolean, result: CheckedNeighbors) {
    this.#k = k;
    this.#isSquared = isSquared;
    this.#result = result;
    this.#indices = new Uint32Array(k + 1);
    this.#distances = new Float64Array(k + 1);
  }

  start(): void {
    this.#offered = 0;
  }

  offer(index: number, distance: number): void {
    const [indices, distances] = [this.#indices, this.#distances];
    let at = Math.min(this.#offered++, this.#k);
    while (at > 0 && isBefore(distance, index, distances[at - 1], indices[at - 1])) {
      distances[at] = distances[at - 1];
      indices[at] = indices[at - 1];
      at--;
    }
    distances[at] = distance;
    indices[at] = index;
  }

  finish(row: number): void {
    const k = this.#k;
    if (this.#offered < k) {
      const accepted = `at least ${k} other points in each row, which is 3 times the perplexity`;
      throw new ArgumentError("OUT_OF_RANGE", {
        argument: "neighbors",
        received: this.#offered,
        accepted,
        message: `neighbors: expected ${accepted}, received ${this.#offered} in row ${row}`,
      });
    }
    // A power of two, so that no digit is lost; without it squares might leave float32.
    const farthest = this.#distances[k - 1];
    const unit = farthest > 0 ? 2 ** Math.max(-1022, Math.floor(Math.log2(farthest))) : 1;
    for (let e = 0; e < k; e++) {
      const distance = this.#distances[e] / unit;
      this.#result.indices[row * k + e] = this.#indices[e];
      this.#result.squared[row * k + e] = this.#isSquared ? distance : distance * distance;
    }
  }
}

const isBefore = (distance: number, index: number, otherDistance: number, otherIndex: number): boolean =>
  distance < otherDistance || (distance === otherDistance && index < otherIndex);
