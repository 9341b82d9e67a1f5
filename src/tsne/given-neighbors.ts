import { shapeMismatch } from "../arguments.js";
import { ArgumentError, DataError } from "../errors.js";
import { type FloatArray, type Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { isSparse, SparseMatrix, type SparseMatrixLike, toSparseMatrix } from "../sparse-matrix.js";

/** Nearest neighbors found by another program, such as FAISS, hnswlib or a vector database. */
export interface NeighborLists {
  /**
   * n x m row numbers of the data, counted from 0, in any order. The number of the point itself is ignored, and so is
   * -1, which FAISS writes for a missing neighbor. Each row must contain at least floor(3 * perplexity) other points,
   * all different; the nearest of them are used.
   */
  indices: MatrixLike;
  /**
   * n x m distances of those neighbors, >= 0, in any unit. Infinity means that a point is not a neighbor. A slightly
   * negative distance counts as a rounded 0.
   */
  distances: MatrixLike;
  /** Whether the distances are already squared, as in FAISS's L2 indices. Default false. */
  squared?: boolean | undefined;
}

/** All distances between the points, or the distances to some of them. */
export interface DistanceMatrix {
  /**
   * n x n distances >= 0; row i holds the distances from point i. The matrix need not be symmetric, and its diagonal is
   * ignored. Infinity means that two points are not neighbors. A slightly negative distance counts as a rounded 0. In a
   * sparse matrix, the stored entries are the neighbors, as in scanpy's `obsp["distances"]` and scikit-learn's
   * `kneighbors_graph`; each row needs at least floor(3 * perplexity) of them.
   */
  distances: MatrixLike | SparseMatrixLike;
  /** Must be absent: an object with distances and indices is a {@link NeighborLists}. */
  indices?: undefined;
  /** Whether the distances are already squared. Default false. */
  squared?: boolean | undefined;
}

/** Affinities of points computed by another program: a weighted graph. */
export interface AffinityGraph {
  /**
   * n x n weights >= 0 of the edges, as in scanpy's `obsp["connectivities"]`. They replace the calibrated affinities:
   * p_ij = (w_ij + w_ji) / sum of all. The diagonal is ignored. Each point needs at least one edge.
   */
  affinities: MatrixLike | SparseMatrixLike;
}

/** Neighbors or affinities of points, which a run can use instead of data. */
export type NeighborGraph = NeighborLists | DistanceMatrix | AffinityGraph;

/** Whether the value given as data is a graph of neighbors. */
export const isNeighborGraph = (value: unknown): value is NeighborGraph =>
  typeof value === "object" && value !== null && ("distances" in value || "affinities" in value);

/** Neighbor lists as the core reads them: k neighbors of each of n points, nearest first. */
export interface CheckedNeighbors {
  /** n x k */
  indices: Uint32Array;
  /**
   * n x k squared distances. Each row may have its own unit, because the calibration of the perplexity does not depend
   * on units.
   */
  squared: Float32Array;
  k: number;
}

/** A weighted graph as the core reads it. */
export interface CheckedAffinities {
  /** n + 1 */
  offsets: Float64Array;
  columns: Uint32Array;
  /** Weights divided by the largest weight. */
  weights: Float32Array;
  /** The mean perplexity of the rows. */
  perplexity: number;
}

/**
 * Rows of neighbors with their distances, independent of how they are stored.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH, {@link DataError} when an invalid number is visited
 */
interface NeighborRows {
  readonly rows: number;
  /** Calls `offer` for each neighbor of a point. */
  visit(row: number, offer: (index: number, distance: number) => void): void;
}

/**
 * Returns the number of points of a graph. @throws {ArgumentError} SHAPE_MISMATCH for lists or matrices with
 * inconsistent shapes
 */
export function countPoints(given: NeighborGraph): number {
  return "affinities" in given ? toSquare(given.affinities, "affinities").rows : openRows(given).rows;
}

/**
 * Returns the smallest number of neighbors of any point. The perplexity can be at most a third of this number.
 *
 * @throws the errors of {@link checkNeighbors}
 */
export function shortestList(given: NeighborLists | DistanceMatrix): number {
  const lists = openRows(given);
  let shortest = lists.rows;
  for (let row = 0; row < lists.rows; row++) {
    let count = 0;
    lists.visit(row, () => count++);
    shortest = Math.min(shortest, count);
  }
  return shortest;
}

/**
 * Checks neighbors given by the caller and converts them to the lists that the core reads: the `k` nearest neighbors of
 * each point, sorted.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH, or OUT_OF_RANGE if a row holds fewer than k
 * @throws {DataError} for an index that is not a row number, an index repeated within a row, or an invalid distance,
 *   with its row and column
 */
export function checkNeighbors(given: NeighborLists | DistanceMatrix, n: number, k: number): CheckedNeighbors {
  const squared = given.squared ?? false;
  if (typeof squared !== "boolean") {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "neighbors.squared",
      received: squared,
      accepted: "true or false",
    });
  }
  const lists = openRows(given, n);
  const result = { indices: new Uint32Array(n * k), squared: new Float32Array(n * k), k };
  const nearest = new Nearest(k, squared, result);
  for (let row = 0; row < n; row++) {
    nearest.start();
    lists.visit(row, (index, distance) => nearest.offer(index, distance));
    nearest.finish(row);
  }
  return result;
}

/**
 * Checks a weighted graph and converts it to the arrays that the core reads.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH for a matrix that is not n x n, OUT_OF_RANGE for a point without an edge
 * @throws {DataError} for a weight that is negative or not finite, with its row and column
 */
export function checkAffinities({ affinities: given }: AffinityGraph, n: number): CheckedAffinities {
  const matrix = toSquare(given, "affinities", n);
  let [largest, positive] = [0, 0];
  for (const weight of matrix.data) {
    if (weight > largest) largest = weight;
    if (weight > 0) positive++;
  }
  const offsets = new Float64Array(n + 1);
  const columns = new Uint32Array(positive);
  const weights = new Float32Array(positive);
  let edges = 0;
  const isLinked = new Uint8Array(n);
  let perplexities = 0;
  for (let row = 0; row < n; row++) {
    let [sum, logs] = [0, 0];
    forEachOther(matrix, row, (column, weight) => {
      if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
        throw badNumber("affinities", "weights", weight, row, column);
      const share = Math.fround(weight / largest);
      if (share === 0) return;
      columns[edges] = column;
      weights[edges++] = share;
      isLinked[row] = isLinked[column] = 1;
      sum += share;
      logs += share * Math.log(share);
    });
    offsets[row + 1] = edges;
    // The perplexity of a row is the exponential of the entropy of w / sum.
    if (sum > 0) perplexities += sum * Math.exp(-logs / sum);
  }
  requireEdges(isLinked);
  return {
    offsets,
    columns: columns.subarray(0, edges),
    weights: weights.subarray(0, edges),
    perplexity: perplexities / n,
  };
}

function requireEdges(isLinked: Uint8Array): void {
  const alone = isLinked.indexOf(0);
  if (alone < 0) return;
  const accepted = "at least one edge of positive weight at each point";
  throw new ArgumentError("OUT_OF_RANGE", {
    argument: "affinities",
    received: 0,
    accepted,
    message: `affinities: expected ${accepted}, but row ${alone} has no edges. Leave out points without edges.`,
  });
}

function openRows(given: NeighborLists | DistanceMatrix, n?: number): NeighborRows {
  if (given.indices === undefined) {
    const matrix = toSquare(given.distances, "neighbors.distances", n);
    const toDistance = createDistanceCheck(matrix.data);
    return {
      rows: matrix.rows,
      visit: (row, offer) =>
        forEachOther(matrix, row, (column, value) => {
          const distance = toDistance(value, row, column);
          if (distance < Number.POSITIVE_INFINITY) offer(column, distance);
        }),
    };
  }
  return openLists(toMatrix(given.indices, "neighbors.indices"), toLists(given.distances), n);
}

function toLists(distances: MatrixLike | SparseMatrixLike): Matrix {
  if (!isSparse(distances)) return toMatrix(distances, "neighbors.distances");
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument: "neighbors.distances",
    received: distances,
    accepted: "a dense matrix of the shape of the indices, because a sparse matrix contains indices of its own",
  });
}

function openLists(indices: Matrix, distances: Matrix, n = indices.rows): NeighborRows {
  if (indices.rows !== n) throw shapeMismatch("neighbors.indices", indices, `${n} rows, one per point`);
  if (distances.rows !== n || distances.cols !== indices.cols) {
    throw shapeMismatch("neighbors.distances", distances, `${n} x ${indices.cols}, the shape of the indices`);
  }
  // For each point, the last row (counted from 1) in which it was found.
  const seen = new Uint32Array(n);
  const toDistance = createDistanceCheck(distances.data);
  const visit = (row: number, offer: (index: number, distance: number) => void): void => {
    for (let column = 0; column < indices.cols; column++) {
      const index = indices.at(row, column);
      if (index === -1) continue;
      const fail = (code: "OUT_OF_RANGE" | "INVALID_ARGUMENT", accepted: string) =>
        new DataError(code, { argument: "neighbors.indices", received: index, accepted, row, column });
      if (!(Number.isInteger(index) && index >= 0 && index < n)) {
        throw fail("OUT_OF_RANGE", `integers from 0 to ${n - 1}, or -1 for a missing neighbor`);
      }
      if (seen[index] === row + 1) throw fail("INVALID_ARGUMENT", "each neighbor only once per row");
      seen[index] = row + 1;
      const distance = index === row ? Number.POSITIVE_INFINITY : toDistance(distances.at(row, column), row, column);
      if (distance < Number.POSITIVE_INFINITY) offer(index, distance);
    }
  };
  return { rows: n, visit };
}

function toSquare(given: MatrixLike | SparseMatrixLike, argument: string, n?: number): Matrix | SparseMatrix {
  const matrix = isSparse(given) ? toSparseMatrix(given, argument) : toMatrix(given, argument);
  const rows = n ?? matrix.rows;
  if (matrix.rows === rows && matrix.cols === rows) return matrix;
  throw shapeMismatch(argument, matrix, `${rows} x ${rows}, all points x all points`);
}

function forEachOther(
  matrix: Matrix | SparseMatrix,
  row: number,
  visit: (column: number, value: number) => void,
): void {
  if (matrix instanceof SparseMatrix) {
    matrix.forEachInRow(row, (column, value) => {
      if (column !== row) visit(column, value);
    });
    return;
  }
  for (let column = 0; column < matrix.cols; column++) {
    if (column !== row) visit(column, matrix.data[row * matrix.cols + column]);
  }
}

/**
 * A negative distance counts as a rounded 0 if its size is at most this fraction of the largest distance. Rounding
 * errors of formulas such as 1 - cosine and |a|^2 - 2ab + |b|^2 cause such values.
 */
const ROUNDING = 1e-4;

/**
 * Creates a function that checks a number and converts it to a distance. Slightly negative numbers become 0; infinity
 * is kept.
 */
function createDistanceCheck(all: FloatArray): (value: number, row: number, column: number) => number {
  let largest: number | undefined;
  return (value, row, column) => {
    if (value >= 0) return value;
    largest ??= largestFinite(all);
    if (value < 0 && value >= -ROUNDING * largest) return 0;
    throw badNumber("neighbors.distances", "distances", value, row, column);
  };
}

function largestFinite(numbers: FloatArray): number {
  let largest = 0;
  for (const x of numbers) if (x > largest && x < Number.POSITIVE_INFINITY) largest = x;
  return largest;
}

const badNumber = (argument: string, what: string, received: number, row: number, column: number): DataError =>
  new DataError(Number.isFinite(received) ? "OUT_OF_RANGE" : "NOT_FINITE", {
    argument,
    received,
    accepted: `finite ${what} >= 0`,
    row,
    column,
  });

/** Collects the k nearest of the offered neighbors, sorted by distance and then by index. */
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
        message: `neighbors: expected ${accepted}, received ${this.#offered} in row ${row}. Give more neighbors, or use a smaller perplexity`,
      });
    }
    // Divide by a power of two, which loses no digits. Without scaling, squares could exceed the range of float32.
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
