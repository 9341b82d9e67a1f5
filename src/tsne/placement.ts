import { abortError } from "../abort.js";
import { reject, rejectUnknown, requireOptions, requireSignal, shapeMismatch } from "../arguments.js";
import { ArgumentError, DataError } from "../errors.js";
import { Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import {
  abortSignal,
  callback,
  checkOptions,
  choice,
  integer,
  type OptionValues,
  pickOptions,
} from "../options/index.js";
import { applyPreparation } from "../preparation/index.js";
import {
  COVARIANCE_OPTIONS,
  type CovarianceOption,
  covarianceOption,
  readCovariances,
  sliceCovariances,
} from "./covariances.js";
import { TSNE_SETTINGS } from "./declarations.js";
import type { FittedRun, PlacementProgress } from "./fitted-run.js";
import { requirePlacementMemory, spreadOf } from "./memory.js";
import { resolvePerplexity, type TsneOptions } from "./options.js";

/** Sources of the draws of uncertain points; see {@link PlacementOptions.prior}. */
export const PRIORS = ["neighbors", "none"] as const;
/** One of {@link PRIORS}. */
export type PriorName = (typeof PRIORS)[number];

/** The options of a placement. Each is declared only here. */
export const PLACEMENT_OPTIONS = {
  /**
   * Effective number of neighbors of a new point among the fitted ones, 1 to (n - 1) / 3, or several, as in {@link
   * TsneOptions}. The floor(3 * perplexity) nearest points are found by comparing all pairs. Default: the perplexity of
   * the run.
   */
  perplexity: { ...TSNE_SETTINGS.perplexity, default: undefined, defaultText: "that of the run" },
  /** Largest number of iterations per point. */
  iterations: integer(
    { from: 0, to: 1e6 },
    {
      default: 100,
      help: "maximum number of iterations per point; 0 leaves each point at the median position of its neighbors",
    },
  ),
  /**
   * Number of draws of each new point, 2 to 1000, that are also placed to measure their scatter; see `prior`. Placement
   * takes that many times longer. Needs a run with sigma. Default: none.
   */
  uncertainty: integer({ from: 2, to: 1000 }, { help: "number of draws of each point that are placed as well" }),
  /** Seed of these draws. The draws of a point depend only on the seed and the values of the point, not on its row. */
  seed: integer({ from: 0, to: Number.MAX_SAFE_INTEGER }, { default: 42, help: "seed of the draws of --uncertainty" }),
  /**
   * The distribution of these draws. Default `"neighbors"`.
   * - `"neighbors"`: the distribution of the true values of a point, given its measured values, their standard
   *   deviations and the fitted points around it. Ellipses then contain the position of the true values with the stated
   *   probability.
   * - `"none"`: the point's own Gaussian N(mu, sigma^2). Choose it for codes of an autoencoder, whose Gaussians already
   *   are distributions of the true code.
   */
  prior: choice<PriorName>(PRIORS, {
    default: "neighbors",
    help: "distribution of the draws of --uncertainty: neighbors, an estimate of the true values that also uses the points around, or none, the Gaussian of each point alone",
  }),
  /** Stops the placement: its promise is rejected with an {@link AbortError}. */
  signal: abortSignal({ help: "stops the placement" }),
  /** Called about ten times per second, and after each block of at most 16,384 points. */
  onProgress: callback<(progress: PlacementProgress) => void>("a function", {
    help: "called about ten times per second, and after each block of at most 16,384 points",
  }),
};

/** Options of {@link Tsne.place}. All are optional except `sigma`, which a run with sigma requires. */
export interface PlacementOptions extends OptionValues<typeof PLACEMENT_OPTIONS>, Pick<TsneOptions, CovarianceOption> {
  /** Standard deviations of the new points, m x d, each >= 0: required if the run has sigma, rejected otherwise. */
  sigma?: MatrixLike | undefined;
}

/** The uncertainty of the positions of m points, measured by placing draws of each point. */
export interface UncertaintyMeasures {
  /** m: mean distance of the draws from the position of the point, in units of the embedding. */
  displacement: Float32Array;
  /**
   * m x outputDimensions (outputDimensions + 1) / 2: second moments of the positions of the draws about the position of
   * the point, which is the center of its ellipse, in squared units of the embedding. Each row is the upper triangle,
   * row by row: xx, xy, yy in two dimensions.
   */
  covariance: Matrix;
  /** m x outputDimensions: mean position of the draws, which may differ from the position of the point. */
  mean: Matrix;
  /**
   * m: fraction of the draws that are at most as far from the position of the point as the k-th nearest other point of
   * the embedding.
   */
  share: Float32Array;
  /** Number of draws of each point. */
  draws: number;
  /** The number k in `share`. */
  neighbors: number;
}

/** The positions of new points in an embedding. */
export interface PlacementResult {
  /** m x outputDimensions positions, float32, in the order of the new points, in the coordinates of the embedding. */
  embedding: Matrix;
  /**
   * For each new point, the divergence KL(P_i || Q_i) in nats between its affinities and its position: how badly the
   * embedding fits the point. Values far above those of most points identify points that are unlike all fitted points.
   * A point that fits nowhere is put at the median of its neighbors.
   */
  divergence: Float32Array;
  /**
   * The scatter of the draws, with the option `uncertainty`. Its field `neighbors` is 10, or n - 1 if that is smaller.
   */
  uncertainty: UncertaintyMeasures | undefined;
  /** Seconds that the computation took. */
  seconds: number;
}

/**
 * Number of new points to place at a time, or fewer if they have many columns. It keeps the memory independent of the
 * number of new points.
 */
const BLOCK_ROWS = 16384;
const BLOCK_NUMBERS = 2 ** 22;

/** The implementation of {@link Tsne.place}. */
export async function placePoints(
  run: FittedRun,
  newMeans: MatrixLike,
  options: PlacementOptions = {},
): Promise<PlacementResult> {
  const begin = performance.now();
  requireOptions(options);
  rejectUnknown(options, [...Object.keys(PLACEMENT_OPTIONS), "sigma", ...COVARIANCE_OPTIONS]);
  const given = toMatrix(newMeans, "newMeans");
  const settings = resolvePlacement(run, options);
  const [n, d] = run.shape;
  const drawing = resolveDrawing(run, options);
  checkSpread(run, options);
  const errors = readCovariances(options, given.rows, d);
  const givenSigma = errors || options.sigma === undefined ? undefined : toMatrix(options.sigma, "sigma");
  checkNewPoints(run, given, givenSigma);
  const { means, sigma } = run.preparation
    ? applyPreparation(run.preparation, { means: given, sigma: givenSigma })
    : { means: given, sigma: givenSigma };
  const { outputDimensions } = run.options;
  const rows = Math.max(64, Math.min(BLOCK_ROWS, Math.floor(BLOCK_NUMBERS / d)));
  const drawn = drawing ? rowsOfDraws(drawing.draws) : 0;
  const total = means.rows * (drawing ? drawing.draws : 1);
  const spread = spreadOf(d, run.hasSigma, run.hasCovariance);
  requirePlacementMemory(n, d, total, spread, outputDimensions, settings.perplexity, rows + drawn);
  const embedding = new Matrix(new Float32Array(means.rows * outputDimensions), means.rows, outputDimensions);
  const divergence = new Float32Array(means.rows);
  const uncertainty = drawing && allocateUncertainty(means.rows, outputDimensions, drawing);
  await run.exclusively(options, async (native, report) => {
    for (let start = 0; start < means.rows; start += rows) {
      if (options.signal?.aborted) throw abortError(options.signal);
      const end = Math.min(start + rows, means.rows);
      const placed = await native.place({
        data: means.slice(start, end),
        sigma: sigma?.slice(start, end),
        covariance: errors && sliceCovariances(errors, start, end),
        options: { ...settings, uncertainty: drawing && { ...settings, ...drawing } },
        onProgress: (fraction) => report((start + fraction * (end - start)) / means.rows),
      });
      embedding.data.set(placed.positions, start * outputDimensions);
      divergence.set(placed.divergences, start);
      const { displacements, covariances, means: drawMeans, shares } = placed;
      if (uncertainty && displacements && covariances && drawMeans && shares) {
        uncertainty.mean.data.set(drawMeans, start * outputDimensions);
        uncertainty.displacement.set(displacements, start);
        uncertainty.covariance.data.set(covariances, start * uncertainty.covariance.cols);
        uncertainty.share.set(shares, start);
      }
      report(end / means.rows);
    }
  });
  return { embedding, divergence, uncertainty, seconds: (performance.now() - begin) / 1000 };
}

/**
 * @throws {ArgumentError} unless the new points have the same kind of uncertainty as the points of the run: standard
 *   deviations, covariances or none
 */
function checkSpread(run: FittedRun, options: PlacementOptions): void {
  const covariance = covarianceOption(options);
  const given = covariance ?? (options.sigma === undefined ? undefined : "sigma");
  if (run.hasCovariance) {
    if (covariance) return;
    reject("covariance", undefined, "the covariances of the new points, because the run has covariances");
  }
  if (run.hasSigma && given === undefined) {
    reject("sigma", undefined, "the standard deviations of the new points, because the run has sigma");
  }
  if (given !== undefined && (covariance || !run.hasSigma)) {
    reject(given, options[given], `to be left out, because the run has no ${covariance ? "covariances" : "sigma"}`);
  }
}

/**
 * @throws {ArgumentError} for points whose shape does not match the run, {@link DataError} for values that are not
 *   finite
 */
function checkNewPoints(run: FittedRun, means: Matrix, sigma: Matrix | undefined): void {
  const [, d] = run.shape;
  // An empty array of rows has no number of columns.
  if (means.cols !== d && means.rows > 0) {
    throw shapeMismatch("newMeans", means, `${means.rows} x ${d}, with as many columns as the data of the run`);
  }
  if (sigma && (sigma.rows !== means.rows || sigma.cols !== means.cols)) {
    throw shapeMismatch("sigma", sigma, `${means.rows} x ${d}, the shape of the new points`);
  }
  // All values are checked before the first point is placed, so that an error in the last row is reported immediately.
  requireValues(means, "newMeans", "finite numbers", (value) => Number.isFinite(value));
  if (sigma) {
    requireValues(sigma, "sigma", "finite standard deviations >= 0", (value) => Number.isFinite(value) && value >= 0);
  }
}

/** Number of draws that the core places at once. All draws of a point are placed together. */
export const rowsOfDraws = (draws: number): number => Math.max(16384, draws);

/** The default k of {@link UncertaintyMeasures.share}. */
export const defaultNeighbors = (n: number): number => Math.min(10, n - 1);

/** @throws {ArgumentError} for a run without sigma */
export function requireUncertain(run: FittedRun): void {
  if (run.hasSigma) return;
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument: "run",
    received: run,
    accepted: "a run with sigma, whose points are uncertain",
    message: "run: it was fitted without sigma, so its positions have no uncertainty. Fit it with sigma",
  });
}

interface Drawing {
  draws: number;
  neighbors: number;
  seed: number;
  prior: PriorName;
}

const DRAWING_OPTIONS = {
  seed: PLACEMENT_OPTIONS.seed,
  prior: PLACEMENT_OPTIONS.prior,
  uncertainty: PLACEMENT_OPTIONS.uncertainty,
};

function resolveDrawing(run: FittedRun, options: PlacementOptions): Drawing | undefined {
  const { seed, prior, uncertainty: draws } = checkOptions(DRAWING_OPTIONS, pickOptions(DRAWING_OPTIONS, options));
  if (draws === undefined) return undefined;
  requireUncertain(run);
  return { draws, neighbors: defaultNeighbors(run.shape[0]), seed, prior };
}

function allocateUncertainty(
  rows: number,
  outputDimensions: number,
  { draws, neighbors }: Drawing,
): UncertaintyMeasures {
  const entries = (outputDimensions * (outputDimensions + 1)) / 2;
  return {
    displacement: new Float32Array(rows),
    covariance: new Matrix(new Float32Array(rows * entries), rows, entries),
    mean: new Matrix(new Float32Array(rows * outputDimensions), rows, outputDimensions),
    share: new Float32Array(rows),
    draws,
    neighbors,
  };
}

/**
 * Checks the conditions shared by {@link Tsne.place} and {@link positionUncertainty}, and whether the run supports
 * placement.
 *
 * @throws {ArgumentError} for a run without an embedding or a distance, and for bad options
 */
export function resolvePlacement(
  run: FittedRun,
  options: Pick<PlacementOptions, "perplexity" | "iterations" | "signal" | "onProgress">,
): { perplexity: number | readonly number[]; iterations: number } {
  const { onProgress, iterations = PLACEMENT_OPTIONS.iterations.default } = options;
  requireSignal(options.signal);
  if (onProgress !== undefined) PLACEMENT_OPTIONS.onProgress.check(onProgress, "onProgress");
  if (run.options.distance === "given") {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "neighbors",
      received: "given",
      accepted: "a run whose distance is known",
      message:
        "neighbors: new points cannot be placed, because the neighbors of this run were given without the name of their distance. Fit the run with the option distance",
    });
  }
  const [n] = run.shape;
  const { degreesOfFreedom } = run.options;
  if (degreesOfFreedom !== 1) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "degreesOfFreedom",
      received: degreesOfFreedom,
      accepted: "1, because new points can only be placed with 1 degree of freedom",
    });
  }
  const perplexity = resolvePerplexity(options.perplexity ?? run.options.perplexity, n);
  return { perplexity, iterations: PLACEMENT_OPTIONS.iterations.check(iterations, "iterations") };
}

function requireValues(matrix: Matrix, argument: string, accepted: string, accepts: (value: number) => boolean): void {
  const { data, cols } = matrix;
  for (let at = 0; at < data.length; at++) {
    const value = data[at];
    if (accepts(value)) continue;
    const code = value < 0 && Number.isFinite(value) ? "NEGATIVE_SIGMA" : "NOT_FINITE";
    throw new DataError(code, { argument, received: value, accepted, row: Math.floor(at / cols), column: at % cols });
  }
}
