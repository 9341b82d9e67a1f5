import { availableParallelism } from "node:os";
import { abortError } from "../abort.js";
import { rejectUnknown, requireInteger, requireOptions, requireSignal, tooFewPoints } from "../arguments.js";
import { awaitNative, binding, withTranslation } from "../binding.js";
import type { DataError } from "../errors.js";
import { describeFarValue } from "../far-value.js";
import { Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { isSparse, type SparseMatrix, type SparseMatrixLike, toSparseMatrix } from "../sparse-matrix.js";

/** Options of {@link pca}. */
export interface PcaOptions {
  /**
   * Seed of the randomized search that is used for data with many columns: an integer from 0 to 2^53 - 1. Default 42.
   */
  seed?: number | undefined;
  /** Threads, 1 to 1024. The result does not depend on it. Default: as many as the machine has processors. */
  threads?: number | undefined;
  /** Stops the work: the promise is rejected with an {@link AbortError}. */
  signal?: AbortSignal | undefined;
}

/** Principal components of n points of d dimensions. */
export interface Pca {
  /** Mean of each column, length d. */
  mean: Float64Array;
  /** components x d: orthonormal rows, sorted by decreasing variance. The largest entry of each row is positive. */
  components: Matrix;
  /** Variance of the scores along each component (divisor n - 1), length `components`. */
  variances: Float64Array;
  /**
   * n x components: the centered points in the coordinates of the components; float64 if they are too large for
   * float32.
   */
  scores: Matrix;
  /** Warnings in sentences, for example about a value far beyond all others. */
  warnings: readonly string[];
}

/** For sparse data, the randomized search needs at least 2 (components + OVERSAMPLING) rows and columns. */
const OVERSAMPLING = 12;

/**
 * Principal component analysis. For up to 256 columns it is exact and uses the covariance. For more columns and few
 * components it uses randomized subspace iteration (Halko, Martinsson & Tropp 2011, algorithm 4.4).
 *
 * Rows more than 10,000 times as far from the center as the median row are moved to that distance in the same
 * direction, so that the components of the other rows stay accurate. `warnings` name the farthest row.
 *
 * Sparse data stay sparse: a product with centered rows is the product with the original rows minus a constant (Halko,
 * Martinsson & Tropp 2011). They are converted to dense data only if nearly all components are requested.
 *
 * @param data n x d, dense or sparse, finite, n >= 2
 * @param components number of components: an integer from 1 to min(n, d)
 * @throws {ArgumentError} for a bad argument, {@link DataError} for NaN or infinities
 */
export async function pca(
  data: MatrixLike | SparseMatrixLike,
  components: number,
  options: PcaOptions = {},
): Promise<Pca> {
  const matrix = isSparse(data) ? toSparseMatrix(data) : toMatrix(data);
  requireOptions(options);
  rejectUnknown(options, ["seed", "threads", "signal"]);
  const { seed = 42, threads = availableParallelism(), signal } = options;
  if (matrix.rows < 2 || matrix.cols < 1) {
    throw tooFewPoints("data", matrix, "at least two rows and one column");
  }
  requireInteger(components, "components", 1, Math.min(matrix.rows, matrix.cols));
  requireInteger(seed, "seed", 0, Number.MAX_SAFE_INTEGER);
  requireInteger(threads, "threads", 1, 1024);
  requireSignal(signal);
  if (signal?.aborted) throw abortError(signal);
  const job = withTranslation(() => startJob(matrix, { components, seed, threads }));
  const found = await awaitNative(job.result, job.cancel, signal);
  return {
    mean: found.mean,
    components: new Matrix(found.components, components, matrix.cols),
    variances: found.variances,
    scores: new Matrix(found.scores, matrix.rows, components),
    warnings: describeFarValue(found.farValue),
  };
}

function startJob(
  matrix: Matrix | SparseMatrix,
  how: { components: number; seed: number; threads: number },
): ReturnType<typeof binding.pca> {
  if (matrix instanceof Matrix) return binding.pca({ data: matrix, ...how });
  const { rows, cols, indptr, indices, data } = matrix;
  if (2 * (how.components + OVERSAMPLING) > Math.min(rows, cols))
    return binding.pca({ data: matrix.toDense(), ...how });
  const values = new Matrix(data, data.length, 1);
  return binding.pcaOfSparse({ offsets: indptr, columns: indices, values, rows, cols, ...how });
}
