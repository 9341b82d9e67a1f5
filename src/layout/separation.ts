import { awaitNative, binding, withTranslation } from "../binding.js";
import { Matrix, type MatrixLike } from "../matrix.js";
import { type ResolvedSeparationOptions, resolveSeparationOptions, type SeparationOptions } from "./options.js";
import { readEmbedding, throwIfAborted } from "./points.js";

/** Evenly spread points, and the quality of the result. */
export interface Separation {
  /** n x 2 in the unit square, float64, in the order of the input. No two points are equal. */
  points: Matrix;
  /**
   * Coefficient of variation of a 32 x 32 histogram of the points: the standard deviation of the counts divided by
   * their mean. It is 0 if all counts are equal, and sqrt(1024 / n) for independent uniform points.
   */
  evenness: number;
  /** The evenness before the separation, with each axis of the embedding stretched to fill the square. */
  evennessBefore: number;
  /**
   * Mean share of a point's 10 nearest neighbors in the embedding that are still among its 10 nearest neighbors after
   * the separation. For more than 20,000 points, the mean is over 20,000 of them.
   */
  keptNeighbors: number;
  /**
   * Mean distance by which points moved from their position in the stretched embedding, in units of the side of the
   * square.
   */
  meanMove: number;
  /** Number of rounds of the method. */
  iterations: number;
  /**
   * For `"iterative"`: whether the points moved, on average, by less than the tolerance in the last iteration. Always
   * true for the other methods.
   */
  converged: boolean;
  /**
   * For `"conditional"`: number of points for which the nearest value was used, because there were no points around
   * them to interpolate between. 0 for the other methods.
   */
  fallbacks: number;
  /** The options with the defaults filled in. */
  options: ResolvedSeparationOptions;
}

/**
 * Moves the points of an embedding until they fill the unit square evenly, so that each point has space for a picture.
 * Neighbors stay neighbors as far as possible. The computation runs off the main thread. The result does not depend on
 * the number of threads.
 *
 * Each axis is stretched separately to fill the square. If all points are equal along an axis, that axis is replaced by
 * an even sequence of numbers (Roberts 2018). Points on a line parallel to an axis, or all at one position, are
 * therefore spread as well. Points at the same position are separated in the order of their rows. The density of points
 * on a line is far from even, so few neighbors stay together in this case.
 *
 * @param points n x 2, finite, n >= 4
 * @throws {ArgumentError} for a bad option or shape, {@link DataError} NOT_FINITE with the row of NaN or infinities,
 *   TOO_FEW_POINTS for fewer than 4 points, {@link AbortError} when stopped through `options.signal`
 */
export async function separateUniformly(points: MatrixLike, options: SeparationOptions = {}): Promise<Separation> {
  const resolved = resolveSeparationOptions(options);
  const embedding = readEmbedding(points, 4);
  const { signal, onProgress } = options;
  throwIfAborted(signal);
  const job = withTranslation(() =>
    binding.separate({
      points: embedding,
      options: resolved,
      onProgress: onProgress && ((fraction: number) => onProgress({ fraction })),
    }),
  );
  const found = await awaitNative(job.result, job.cancel, signal);
  return {
    points: new Matrix(found.points, embedding.rows, 2),
    evenness: found.evenness,
    evennessBefore: found.evennessBefore,
    keptNeighbors: found.kept,
    meanMove: found.moved,
    iterations: found.iterations,
    converged: resolved.method !== "iterative" || found.lastMove < resolved.tolerance,
    fallbacks: found.fallbacks,
    options: resolved,
  };
}
