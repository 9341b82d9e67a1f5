import { availableParallelism } from "node:os";
import { abortError } from "../abort.js";
import {
  rejectUnknown,
  requireInteger,
  requireOptions,
  requireSignal,
  shapeMismatch,
  tooFewPoints,
} from "../arguments.js";
import { awaitNative, binding, withTranslation } from "../binding.js";
import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import type { DistanceName } from "./distances.js";

/** Options of {@link estimateNoiseModel}. */
export interface NoiseModelOptions {
  /** Threads, 1 to 1024. The result does not depend on it. Default: as many as the machine has processors. */
  threads?: number | undefined;
  /** Stops the work: the promise is rejected with an {@link AbortError}. */
  signal?: AbortSignal | undefined;
}

/**
 * Estimates about the true values behind measured values with standard deviations. The arrays have one number per
 * column.
 */
export interface NoiseModel {
  /** Mean m_k of the true values. */
  mean: Float64Array;
  /** Variance S_k of the true values, in squared units of the data. */
  variance: Float64Array;
  /**
   * Half the mean squared difference W_k between the true values of neighbors, in squared units of the data: 0.003 S_k
   * to 0.9 S_k.
   */
  neighborVariance: Float64Array;
  /**
   * The value of `varianceFloor: "auto"` under `"inverse-variance"` and `"mahalanobis"`, in squared units of the data:
   * 2 mean(W_k) over the columns that are not pure noise. Under `"bhattacharyya"` and `"jeffreys"`, `"auto"` uses half
   * of it.
   */
  varianceFloor: number;
}

/**
 * Estimates the distance between the true values of neighboring points, from measured values and their standard
 * deviations.
 *
 * Noise matters only relative to that distance, so twice its square is a natural `varianceFloor` for the distances
 * `"inverse-variance"` and `"mahalanobis"`. {@link runTsne} uses it by default. The floor adapts to the units:
 * multiplying data and standard deviations by c multiplies it by c^2.
 *
 * The model is y_ik ~ N(x_ik, sigma_ik^2), x_ik ~ N(m_k, S_k), and x_ik - x_jk ~ N(0, 2 W_k) for true neighbors i and
 * j. m, S and W are fitted by expectation maximization (Dempster, Laird & Rubin 1977). Neighbors are the 15 nearest
 * points under the inverse-variance distance with the floor 0.2 mean(S_k). More than 10,000 points are represented by a
 * random sample: 10,000 points for m and S, and 400 to 2,000 points for W, whose neighbors are searched among all
 * points. The estimates then have a relative error of 1 to 2 %, and are the same in every call.
 *
 * A column whose S_k is below three standard errors is considered pure noise. The floor is the mean over the other
 * columns.
 *
 * @param data n x d measured values, n >= 3
 * @param sigma n x d standard deviations
 * @throws {ArgumentError} for a bad argument, {@link DataError} for NaN, infinities and negative standard deviations
 *
 * @example
 * const { varianceFloor } = await estimateNoiseModel(means, sigma);
 * // An embedding that is closer to the plain one.
 * const result = await runTsne(means, { sigma, varianceFloor: 3 * varianceFloor });
 */
export async function estimateNoiseModel(
  data: MatrixLike,
  sigma: MatrixLike,
  options: NoiseModelOptions = {},
): Promise<NoiseModel> {
  const matrix = toMatrix(data);
  const deviations = toMatrix(sigma, "sigma");
  requireOptions(options);
  rejectUnknown(options, ["threads", "signal"]);
  return estimateFor("inverse-variance", matrix, deviations, options);
}

/**
 * Estimates the noise model with the floor for a given distance.
 *
 * @internal
 */
export async function estimateFor(
  distance: DistanceName,
  matrix: Matrix,
  deviations: Matrix,
  { threads = availableParallelism(), signal }: NoiseModelOptions,
): Promise<NoiseModel> {
  if (matrix.rows < 3 || matrix.cols < 1) throw tooFewPoints("data", matrix, "at least three rows and one column");
  if (deviations.rows !== matrix.rows || deviations.cols !== matrix.cols) {
    throw shapeMismatch("sigma", deviations, `${matrix.rows} x ${matrix.cols}, the shape of the data`);
  }
  requireInteger(threads, "threads", 1, 1024);
  requireSignal(signal);
  if (signal?.aborted) throw abortError(signal);
  const job = withTranslation(() => binding.estimateNoiseModel({ data: matrix, sigma: deviations, distance, threads }));
  return awaitNative(job.result, job.cancel, signal);
}
