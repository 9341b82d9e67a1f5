import { rejectUnknown, requireInteger, requireOptions } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { requirePlacementMemory } from "./memory.js";
import { type PlacementOptions, resolvePlacement } from "./placement.js";
import { Tsne } from "./run.js";

/** Options of {@link positionUncertainty}. All are optional. */
export interface UncertaintyOptions
  extends Pick<PlacementOptions, "perplexity" | "iterations" | "signal" | "onProgress"> {
  /** Samples drawn from each point, 2 to 1000. Default 10. */
  samples?: number | undefined;
  /** Seed of the samples: an integer from 0 to 2^53 - 1. Default 42. */
  seed?: number | undefined;
  /** Which points, as row numbers of the data. Default: all. */
  points?: ArrayLike<number> | undefined;
  /** How many nearest points of the map are the neighbourhood that `share` counts in: 1 to n - 1. Default 10, or n - 1. */
  neighbors?: number | undefined;
}

/** How firmly points hold their places on a map; see {@link positionUncertainty}. m points, in the order asked for. */
export interface PositionUncertainty {
  /** Row numbers of the points. */
  points: Uint32Array;
  /** m: mean distance of the samples' places from the point's own, in units of the map. */
  displacement: Float32Array;
  /**
   * m x dims (dims + 1) / 2: covariance of the samples' places about their mean, divisor samples - 1, in squared units of the map; the
   * upper triangle row by row, so xx, xy, yy in two dimensions.
   */
  covariance: Matrix;
  /** m: share of the samples whose place is no farther from the point's own than the k-th nearest other point of the map is. */
  share: Float32Array;
  /** Samples of each point. */
  samples: number;
  /** k of `share`. */
  neighbors: number;
  /** Seconds that it took. */
  seconds: number;
}

const KEYS: Record<keyof UncertaintyOptions, true> = {
  samples: true,
  seed: true,
  points: true,
  neighbors: true,
  perplexity: true,
  iterations: true,
  signal: true,
  onProgress: true,
};

/**
 * Where else might the points of a map have landed? Draws samples of each point from its Gaussian N(mu_i, diag(sigma_i^2)) and places
 * each into the finished map, as {@link Tsne.place} does, with the point itself taken out: it neither attracts nor repels its samples. A
 * sample has its point's sigma. What comes out for a point depends on the seed and the point alone, not on the others asked for.
 *
 * @param run a run with sigma that has a map
 * @throws {ArgumentError} for a run without sigma or map, one whose `degreesOfFreedom` are not 1, and for bad options
 * @throws {AbortError} if the signal is aborted
 */
export async function positionUncertainty(run: Tsne, options: UncertaintyOptions = {}): Promise<PositionUncertainty> {
  const begin = performance.now();
  requireOptions(options);
  rejectUnknown(options, Object.keys(KEYS));
  if (!(run instanceof Tsne)) {
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "run", received: run, accepted: "a Tsne that has a map" });
  }
  const settings = resolvePlacement(run, options);
  if (!run.hasSigma) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "run",
      received: run,
      accepted: "a run with sigma, whose points are uncertain",
      message: "run: its points have no sigma to be uncertain by; fit it with sigma",
    });
  }
  const [n, d] = run.shape;
  const samples = requireInteger(options.samples ?? 10, "samples", 2, 1000);
  const seed = requireInteger(options.seed ?? 42, "seed", 0, Number.MAX_SAFE_INTEGER);
  const neighbors = requireInteger(options.neighbors ?? Math.min(10, n - 1), "neighbors", 1, n - 1);
  const points = checkPoints(options.points, n);
  const { dims } = run.options;
  requirePlacementMemory(n, d, points.length, true, dims, settings.perplexity, Math.max(16384, samples));
  const measured = await run.exclusively(options, (native, report) =>
    native.measureUncertainty(points, { ...settings, samples, seed, neighbors }, report),
  );
  return {
    points,
    displacement: measured.displacements,
    covariance: new Matrix(measured.covariances, points.length, (dims * (dims + 1)) / 2),
    share: measured.shares,
    samples,
    neighbors,
    seconds: (performance.now() - begin) / 1000,
  };
}

function checkPoints(points: ArrayLike<number> | undefined, n: number): Uint32Array {
  if (points === undefined) return Uint32Array.from({ length: n }, (_, i) => i);
  const accepted = `row numbers from 0 to ${n - 1}`;
  if (!(Array.isArray(points) || (ArrayBuffer.isView(points) && !(points instanceof DataView)))) {
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "points", received: points, accepted });
  }
  return Uint32Array.from(points as ArrayLike<number>, (row, i) => {
    if (Number.isInteger(row) && row >= 0 && row < n) return row;
    throw new ArgumentError("OUT_OF_RANGE", { argument: `points[${i}]`, received: row, accepted });
  });
}
