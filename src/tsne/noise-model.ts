import { availableParallelism } from "node:os";
import {
  rejectUnknown,
  requireInteger,
  requireOptions,
  requireSignal,
  shapeMismatch,
  tooFewPoints,
} from "../arguments.js";
import { abortError, awaitNative, binding, withTranslation } from "../binding.js";
import { type MatrixLike, toMatrix } from "../matrix.js";

/** Options of {@link estimateNoiseModel}. */
export interface NoiseModelOptions {
  /** Threads, 1 to 1024; no influence on the result. Default: as many as the machine has processors. */
  threads?: number | undefined;
  /** Stops the work: the promise is rejected with an {@link AbortError}. */
  signal?: AbortSignal | undefined;
}

/** What measured values and their standard deviations say about the true values behind them. The arrays have one number per column. */
export interface NoiseModel {
  /** Mean m_k of the true values. */
  mean: Float64Array;
  /** Variance S_k of the true values, in squared units of the data. */
  variance: Float64Array;
  /** Half the mean squared difference W_k between the true values of neighbors, in squared units of the data: 0.003 S_k to 0.9 S_k. */
  neighborVariance: Float64Array;
  /** A `varianceFloor` that fits the data, 2 mean(W_k), in squared units of the data. */
  varianceFloor: number;
}

/**
 * Estimates how far the true values of neighboring points are apart, from measured values and their standard deviations.
 *
 * Noise matters only relative to that distance, so that twice its square is the natural `varianceFloor` of the distances
 * `"inverse-variance"` and `"mahalanobis"`: pass `varianceFloor` of the result to {@link runTsne}. It follows the units: data and standard
 * deviations times c give a floor times c^2. The default of `varianceFloor`, 0.01, does not, and has no effect when the standard deviations
 * are far below 0.1.
 *
 * The model is y_ik ~ N(x_ik, sigma_ik^2), x_ik ~ N(m_k, S_k), and x_ik - x_jk ~ N(0, 2 W_k) for true neighbors i and j. All three are fitted by
 * expectation maximization (Dempster, Laird & Rubin 1977); neighbors are the 15 nearest points under the inverse-variance distance with the
 * floor 0.2 mean(S_k). More than 10,000 points are represented by a random sample, whose neighbors are searched among all points.
 *
 * @param data n x d measured values, n >= 3
 * @param sigma n x d standard deviations
 * @throws {ArgumentError} for a bad argument, {@link DataError} for NaN, infinities and negative standard deviations
 *
 * @example
 * const { varianceFloor } = await estimateNoiseModel(means, sigma);
 * const result = await runTsne(means, { sigma, varianceFloor });
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
  const { threads = availableParallelism(), signal } = options;
  if (matrix.rows < 3 || matrix.cols < 1) throw tooFewPoints("data", matrix, "at least three rows and one column");
  if (deviations.rows !== matrix.rows || deviations.cols !== matrix.cols) {
    throw shapeMismatch("sigma", deviations, `${matrix.rows} x ${matrix.cols}, the shape of the data`);
  }
  requireInteger(threads, "threads", 1, 1024);
  requireSignal(signal);
  if (signal?.aborted) throw abortError(signal);
  const job = withTranslation(() => binding.estimateNoiseModel({ data: matrix, sigma: deviations, threads }));
  return awaitNative(job.result, job.cancel, signal);
}
