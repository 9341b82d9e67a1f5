/**
 * t-SNE in a web page: the functions of the package for Node.js, computed by WebAssembly in a worker.
 *
 * @module sigma-tsne/browser
 */
import type { GridAssignment, GridOptions, Separation, SeparationOptions } from "../layout/index.js";
import type { MatrixLike } from "../matrix.js";
import type { EvaluateOptions, Quality } from "../quality/index.js";
import type { SparseMatrixLike } from "../sparse-matrix.js";
import type { NeighborGraph, TsneOptions, TsneResult } from "../tsne/index.js";
import { computeOnce } from "./computer.js";

export { AbortError, ArgumentError, DataError, type ErrorCode, SigmaTsneError } from "../errors.js";
export type { GridAssignment, GridOptions, Separation, SeparationMethod, SeparationOptions } from "../layout/index.js";
export { type FloatArray, Matrix, type MatrixLike, type NumericArray } from "../matrix.js";
export type { Estimate, EvaluateOptions, Labels, Neighborhood, PointQuality, Quality } from "../quality/index.js";
export type { SparseMatrixLike } from "../sparse-matrix.js";
export type {
  AffinityGraph,
  DistanceMatrix,
  DistanceName,
  NeighborGraph,
  NeighborLists,
  PlacementOptions,
  PlacementProgress,
  PlacementResult,
  ResolvedTsneOptions,
  TsneOptions,
  TsneProgress,
  TsneResult,
  TsneSnapshot,
} from "../tsne/index.js";
export { Tsne } from "./tsne.js";

/**
 * Embeds points, or means with standard deviations, by t-SNE. It uses the fastest method for the number of points
 * unless `options.method` chooses one. The computation runs in a worker, which ends when the computation ends.
 *
 * @param data n x d means, n >= 3, finite; or neighbors, distances or affinities of n points without data
 * @param options `sigma`, n x d, makes the run sigma-aware; `onProgress` and `onSnapshot` are called during the run; an
 *   aborted `signal` ends the worker at once
 * @throws {ArgumentError} for a bad option or shape, {@link DataError} for values that cannot be embedded, {@link
 *   AbortError} when stopped through `options.signal`
 * @throws {SigmaTsneError} BACKEND_UNAVAILABLE if the browser has no workers or no WebAssembly with SIMD, or if a
 *   policy of the page forbids them
 */
export function runTsne(
  data: MatrixLike | SparseMatrixLike | NeighborGraph,
  options: TsneOptions = {},
): Promise<TsneResult> {
  return computeOnce("runTsne", [data, options], options.signal);
}

/**
 * Like {@link runTsne}, always with Barnes-Hut t-SNE (van der Maaten 2014).
 *
 * @param data n x d means, n >= 3, finite; or neighbors, distances or affinities of n points without data
 * @throws the same errors as {@link runTsne}
 */
export function runBhTsne(
  data: MatrixLike | NeighborGraph,
  options: Omit<TsneOptions, "method"> = {},
): Promise<TsneResult> {
  return computeOnce("runBhTsne", [data, options], options.signal);
}

/**
 * Moves the points of an embedding until they fill the unit square evenly, so that each point has space for a picture.
 *
 * @param points n x 2, finite, n >= 4
 * @throws the same errors as {@link runTsne}
 */
export function separateUniformly(points: MatrixLike, options: SeparationOptions = {}): Promise<Separation> {
  return computeOnce("separateUniformly", [points, options], options.signal);
}

/**
 * Assigns each point to its own cell of a grid so that the sum of the squared distances between points and cells is as
 * small as possible.
 *
 * @param points n x 2, finite, n >= 1
 * @throws the same errors as {@link runTsne}
 */
export function assignToGrid(points: MatrixLike, options: GridOptions = {}): Promise<GridAssignment> {
  return computeOnce("assignToGrid", [points, options], options.signal);
}

/**
 * Measures how well an embedding represents its data: KL divergence, kept neighbors, trustworthiness, continuity,
 * correlation of distances, and, with labels, the separation of the classes.
 *
 * @param data n x d points behind the embedding, n >= 3, finite
 * @param embedding n x any number of dimensions, finite
 * @throws the same errors as {@link runTsne}
 */
export function evaluate(data: MatrixLike, embedding: MatrixLike, options: EvaluateOptions = {}): Promise<Quality> {
  return computeOnce("evaluate", [data, embedding, options], options.signal);
}
