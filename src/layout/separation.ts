import { awaitNative, binding, withTranslation } from "../binding.js";
import { Matrix, type MatrixLike } from "../matrix.js";
import { type ResolvedSeparationOptions, resolveSeparationOptions, type SeparationOptions } from "./options.js";
import { readEmbedding, throwIfAborted } from "./points.js";

/** Points spread evenly, and how well that went. */
export interface Separation {
  /** n x 2 in the unit square, float64, in the order of the input; no two are equal. */
  points: Matrix;
  /**
   * Coefficient of variation of a 32 x 32 histogram of the points: standard deviation of its counts by their mean, 0 where all are equal.
   * Independent uniform points give sqrt(1024 / n).
   */
  evenness: number;
  /** The same before, with each axis of the embedding stretched to fill the square. */
  evennessBefore: number;
  /** Share of each point's 10 nearest neighbors in the embedding that still are among its 10 nearest; of 20,000 points where there are more. */
  keptNeighbors: number;
  /** Mean way from the stretched embedding, in sides of the square. */
  meanMove: number;
  /** Rounds of the method. */
  iterations: number;
  /** iterative: the mean move of the last iteration was below the tolerance. Always true of the other methods. */
  converged: boolean;
  /** conditional: points that took the nearest value, for there were none around them to interpolate. 0 of the other methods. */
  fallbacks: number;
  /** The options in use, with the defaults filled in. */
  options: ResolvedSeparationOptions;
}

/**
 * Moves the points of an embedding until they fill the unit square evenly, so that each has space for a picture. Neighbors stay
 * neighbors as far as that is possible. Off the main thread; the same result with any number of threads.
 *
 * Each axis is stretched on its own to fill the square. An axis along which all points are equal takes an even sequence of numbers in
 * its place (Roberts 2018), so points on a line parallel to an axis, or all at one position, are spread as well; points at one position go
 * apart in the order of their rows. On any line the density is far from even, and few neighbors stay.
 *
 * @param points n x 2, finite, n >= 4
 * @throws {ArgumentError} for a bad option or shape, {@link DataError} NOT_FINITE with the row of NaN or infinities, TOO_FEW_POINTS for
 *   fewer than 4, {@link AbortError} when stopped through `options.signal`
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
