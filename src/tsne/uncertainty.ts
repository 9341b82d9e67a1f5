import { reject, rejectUnknown, requireInteger, requireOptions } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { requirePlacementMemory, spreadOf } from "./memory.js";
import {
  defaultNeighbors,
  PLACEMENT_OPTIONS,
  type PlacementOptions,
  requireUncertain,
  resolvePlacement,
  rowsOfDraws,
  type UncertaintyMeasures,
} from "./placement.js";
import { Tsne } from "./run.js";

/** Options of {@link positionUncertainty}. All are optional. */
export interface UncertaintyOptions
  extends Pick<PlacementOptions, "perplexity" | "iterations" | "prior" | "signal" | "onProgress"> {
  /** Number of draws of each point, 2 to 1000. Default 10. */
  draws?: number | undefined;
  /** Seed of the draws: an integer from 0 to 2^53 - 1. Default 42. */
  seed?: number | undefined;
  /** Row numbers of the points to measure. Default: all. */
  points?: ArrayLike<number> | undefined;
  /** Number k of nearest points in the definition of `share`: 1 to n - 1. Default 10, or n - 1 if that is smaller. */
  neighbors?: number | undefined;
}

/** The uncertainty of the positions of m points, in the requested order; see {@link positionUncertainty}. */
export interface PositionUncertainty extends UncertaintyMeasures {
  /** Row numbers of the points. */
  points: Uint32Array;
  /** Seconds that the computation took. */
  seconds: number;
}

const KEYS: Record<keyof UncertaintyOptions, true> = {
  draws: true,
  seed: true,
  points: true,
  neighbors: true,
  perplexity: true,
  iterations: true,
  prior: true,
  signal: true,
  onProgress: true,
};

/**
 * Measures how uncertain the positions of an embedding are. Plausible true values are drawn for each point, given its
 * measured values, their standard deviations or covariance, and the points around it. With `prior: "none"`, they are
 * drawn from the Gaussian N(mu_i, diag(sigma_i^2)) of the point alone. Each draw has the sigma of its point and is
 * placed into the finished embedding in the same way as by {@link Tsne.place}. The point itself is left out and neither
 * attracts nor repels its draws. The result for a point depends only on the seed and the point, not on the other
 * requested points.
 *
 * @param run a run with sigma that has an embedding
 * @throws {ArgumentError} for a run without sigma or embedding, one whose `degreesOfFreedom` is not 1, and for bad
 *   options
 * @throws {AbortError} if the signal is aborted
 */
export async function positionUncertainty(run: Tsne, options: UncertaintyOptions = {}): Promise<PositionUncertainty> {
  return (await drawPositions(run, options, false)).uncertainty;
}

/**
 * Measures the uncertainty and, if `keepsDraws`, also returns the position of each draw: m x draws x outputDimensions.
 */
export async function drawPositions(
  run: Tsne,
  options: UncertaintyOptions,
  keepsDraws: boolean,
): Promise<{ uncertainty: PositionUncertainty; drawn: Float32Array | undefined }> {
  const begin = performance.now();
  requireOptions(options);
  rejectUnknown(options, Object.keys(KEYS));
  if (!(run instanceof Tsne)) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "run",
      received: run,
      accepted: "a Tsne that has an embedding",
    });
  }
  const settings = resolvePlacement(run, options);
  requireUncertain(run);
  const [n, d] = run.shape;
  const draws = requireInteger(options.draws ?? 10, "draws", 2, 1000);
  const seed = requireInteger(options.seed ?? 42, "seed", 0, Number.MAX_SAFE_INTEGER);
  const neighbors = requireInteger(options.neighbors ?? defaultNeighbors(n), "neighbors", 1, n - 1);
  const points = checkPoints(options.points, n);
  const { outputDimensions } = run.options;
  const prior = PLACEMENT_OPTIONS.prior.check(options.prior ?? PLACEMENT_OPTIONS.prior.default, "prior");
  const spread = spreadOf(d, true, run.hasCovariance);
  requirePlacementMemory(n, d, points.length, spread, outputDimensions, settings.perplexity, rowsOfDraws(draws));
  const measured = await run.exclusively(options, (native, report) =>
    native.measureUncertainty({
      points,
      options: { ...settings, draws, seed, neighbors, prior, keepsDraws },
      onProgress: report,
    }),
  );
  const uncertainty = {
    points,
    displacement: measured.displacements,
    covariance: new Matrix(measured.covariances, points.length, (outputDimensions * (outputDimensions + 1)) / 2),
    mean: new Matrix(measured.means, points.length, outputDimensions),
    share: measured.shares,
    draws,
    neighbors,
    seconds: (performance.now() - begin) / 1000,
  };
  return { uncertainty, drawn: measured.drawn };
}

/**
 * Returns the length of the half axes of the ellipse that contains a given fraction of the possible positions of a
 * point, in units of the standard deviations along the axes of its covariance. For a known covariance of two dimensions
 * it is sqrt(-2 log(1 - level)). If the covariance was estimated from m draws about a known center, the ellipse must be
 * larger: sqrt(m ((1 - level)^(-2 / (m - 1)) - 1)) (Hotelling 1931). At a level of 95 %, the length is 2.45 for a known
 * covariance, 3.08 for 10 draws and 2.55 for 50 draws.
 *
 * @param level fraction of the possible positions, above 0 and below 1
 * @param draws number of draws from which the covariance was estimated, an integer >= 2; infinite for a known
 *   covariance
 * @throws {ArgumentError} OUT_OF_RANGE for other numbers
 */
export function ellipseRadius(level: number, draws = Number.POSITIVE_INFINITY): number {
  if (!(level > 0 && level < 1)) reject("level", level, "a number between 0 and 1", "OUT_OF_RANGE");
  if (!(draws >= 2)) reject("draws", draws, "2 or more", "OUT_OF_RANGE");
  if (draws === Number.POSITIVE_INFINITY) return Math.sqrt(-2 * Math.log(1 - level));
  return Math.sqrt(draws * ((1 - level) ** (-2 / (draws - 1)) - 1));
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

/** Names of the columns of a covariance, by its dimensions. */
const COVARIANCE: readonly (readonly string[])[] = [
  [],
  ["var_x"],
  ["var_x", "cov_xy", "var_y"],
  ["var_x", "cov_xy", "cov_xz", "var_y", "cov_yz", "var_z"],
];

/**
 * Returns the names of the uncertainty columns of an embedding: displacement, covariance (var_x, cov_xy, var_y in two
 * dimensions) and share.
 */
export const uncertaintyNames = (outputDimensions: number): readonly string[] => [
  "displacement",
  ...COVARIANCE[outputDimensions],
  "share",
];

/** Returns the uncertainty columns with their names. */
export function uncertaintyColumns({ displacement, covariance, share }: UncertaintyMeasures): [string, Float32Array][] {
  const { rows, cols } = covariance;
  const names = uncertaintyNames(cols === 6 ? 3 : cols === 3 ? 2 : 1);
  const entries = Array.from({ length: cols }, (_, c) =>
    Float32Array.from({ length: rows }, (_, i) => covariance.at(i, c)),
  );
  const columns = [displacement, ...entries, share];
  return names.map((name, c) => [name, columns[c]]);
}
