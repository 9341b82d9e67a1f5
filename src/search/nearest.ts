import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
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
import { ArgumentError } from "../errors.js";
import { type FloatArray, Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { abortSignal, callback, integer, type OptionValues } from "../options/index.js";
import {
  type DistanceEstimates,
  type DistanceName,
  FORMULAS,
  requireSearchMemory,
  resolveTsneOptions,
  TSNE_SETTINGS,
  Tsne,
  usesSigma,
} from "../tsne/index.js";
import { type SearchedPoints, unpackRun } from "./run-points.js";

/**
 * The query, in one of four forms: the number of a row of the data, an integer array of row numbers, a float array with
 * one vector of d numbers, or m x d vectors.
 */
export type Query = number | Int32Array | Uint32Array | FloatArray | MatrixLike;

/** One report of the progress of a search. */
export interface NearestProgress {
  /** Completed fraction, 0 to 1. */
  fraction: number;
}

/** The options of a search. Each is declared only here. */
export const NEAREST_OPTIONS = {
  /**
   * Number of points to find for each query: 1 to n, or to n - 1 if the queries are rows. Default 10, or all if there
   * are fewer.
   */
  k: integer(
    { from: 1, to: Number.MAX_SAFE_INTEGER },
    { flag: "-k", defaultText: "10", help: "number of points to find for each query" },
  ),
  /**
   * See {@link TsneOptions}. Default: the distance of the run; for vectors, `"inverse-variance"` with sigma and
   * `"euclidean"` without.
   */
  distance: TSNE_SETTINGS.distance,
  /** See {@link TsneOptions}. Default: the floor of the run, else `"auto"`. */
  varianceFloor: TSNE_SETTINGS.varianceFloor,
  /** Threads, 1 to 1024. The result does not depend on it. Default: as many as the machine has processors. */
  threads: TSNE_SETTINGS.threads,
  /** Stops the search: its promise is rejected with an {@link AbortError}. */
  signal: abortSignal({ help: "stops the search" }),
  /** Called about ten times per second. */
  onProgress: callback<(progress: NearestProgress) => void>("a function", {
    help: "called about ten times per second",
  }),
};

/** Options of {@link nearest}. All are optional, except sigma if the distance needs it. */
export interface NearestOptions extends OptionValues<typeof NEAREST_OPTIONS> {
  /** Standard deviations of the data, n x d, each >= 0. Cannot be given for a run, which has its own. */
  sigma?: MatrixLike | undefined;
  /**
   * Standard deviations of query vectors, m x d, or a float array of d numbers for one vector. Required if the distance
   * uses sigma. Queries that are rows use the standard deviations of the data.
   */
  querySigma?: FloatArray | MatrixLike | undefined;
}

/** The points nearest to m queries. */
export interface Nearest {
  k: number;
  /**
   * m x k, row by row: row numbers of the found points, nearest first. Points at equal distances are sorted by row
   * number.
   */
  indices: Uint32Array;
  /**
   * m x k: the distances of the found points, in the units of the data. For `"bhattacharyya"` and `"jeffreys"` they are
   * the divergences themselves, which t-SNE uses as squared distances. The same applies to `"likelihood-ratio"`, which
   * may be negative.
   */
  distances: Matrix;
  /** The distance in use. */
  distance: DistanceName;
  /**
   * The variance floor in use, in squared units of the data. `undefined` if the distance has no floor, or if nothing
   * was searched.
   */
  varianceFloor: number | undefined;
}

/**
 * Searches by example: finds the points nearest to one of the points, or to given vectors, by any distance. All points
 * are compared, so the result is exact except for the rounding of coordinates to float32. The work is done off the main
 * thread.
 *
 * @param data n x d points, finite, or a run that has an embedding. The points of a run are searched after its
 *   reduction to principal components, if it has one.
 * @param query see {@link Query}; a row is not found as its own neighbor
 * @throws {ArgumentError} OUT_OF_RANGE for a row that does not exist or a k above the number of points, SHAPE_MISMATCH
 *   for vectors of another width, INVALID_ARGUMENT if the distance needs sigma and no sigma is given
 * @throws {DataError} NOT_FINITE, NEGATIVE_SIGMA, with the row; TOO_FEW_POINTS if there is no other point
 * @throws {SigmaTsneError} OUT_OF_MEMORY, BUSY during the fit of a run
 * @throws {AbortError} if `options.signal` is aborted
 *
 * @example
 * const { indices, distances } = await nearest(means, 17, { sigma, k: 5 });
 */
export async function nearest(data: MatrixLike | Tsne, query: Query, options: NearestOptions = {}): Promise<Nearest> {
  requireOptions(options);
  rejectUnknown(options, [...Object.keys(NEAREST_OPTIONS), "sigma", "querySigma"]);
  const { signal, onProgress } = options;
  requireSignal(signal);
  if (onProgress !== undefined) NEAREST_OPTIONS.onProgress.check(onProgress, "onProgress");
  if (signal?.aborted) throw abortError(signal);
  const points = data instanceof Tsne ? await pointsOfRun(data, options) : pointsOf(data, options);
  const { mean, sigma } = points;
  const own = rowsOf(query, mean.rows);
  if (mean.rows < (own ? 2 : 1) || mean.cols < 1) {
    const accepted = own ? "at least two points, the query and another one" : "at least one point";
    throw tooFewPoints("data", mean, accepted);
  }
  const { distance, varianceFloor, threads } = points;
  const others = mean.rows - (own ? 1 : 0);
  const k = requireInteger(options.k ?? Math.min(10, others), "k", 1, others);
  const needsSigma = usesSigma(distance);
  if (needsSigma && !sigma) {
    throw invalid("sigma", undefined, `the standard deviations of the data, which the distance "${distance}" needs`);
  }
  const queries = own
    ? { mean: mean.take(own), sigma: needsSigma ? sigma?.take(own) : undefined }
    : points.bring(
        vectorsOf(query as FloatArray | MatrixLike, points.width),
        querySigmaOf(options.querySigma, needsSigma ? distance : undefined),
      );
  if (options.querySigma !== undefined && own) {
    throw invalid(
      "querySigma",
      options.querySigma,
      "to be left out if the query names rows of the data, which have sigma already",
    );
  }
  if (queries.sigma && (queries.sigma.rows !== queries.mean.rows || queries.sigma.cols !== queries.mean.cols)) {
    const { rows, cols } = queries.mean;
    throw shapeMismatch("querySigma", queries.sigma, `${rows} x ${cols}, the shape of the queries`);
  }
  const count = queries.mean.rows;
  if (count === 0)
    return {
      k,
      indices: new Uint32Array(),
      distances: new Matrix(new Float64Array(), 0, k),
      distance,
      varianceFloor: undefined,
    };
  requireSearchMemory(mean.rows, count, mean.cols, k, needsSigma);
  const report = onProgress && ((fraction: number) => onProgress({ fraction }));
  const job = withTranslation(() =>
    binding.nearest({
      data: mean,
      sigma: needsSigma ? sigma : undefined,
      queries: queries.mean,
      querySigma: needsSigma ? queries.sigma : undefined,
      own,
      options: { k, distance, varianceFloor, threads },
      onProgress: report,
    }),
  );
  const { indices, ...estimates } = await awaitNative(job.result, job.cancel, signal);
  const distances = await measure(points, estimates, queries, indices, k, signal);
  return { k, indices, distances, distance, varianceFloor: estimates.varianceFloor };
}

/** Number of queries to measure before other work gets the thread. */
const MEASURED_TOGETHER = 256;

/**
 * Computes the distances of the found points and sorts the points by them, because float32 rounding may have exchanged
 * close ones.
 */
async function measure(
  { mean, sigma, distance }: SearchedPoints,
  estimates: DistanceEstimates,
  queries: Gaussians,
  indices: Uint32Array,
  k: number,
  signal: AbortSignal | undefined,
) {
  const formula = FORMULAS[distance];
  const distances = new Matrix(new Float64Array(indices.length), queries.mean.rows, k);
  for (let q = 0; q < queries.mean.rows; q++) {
    if (q % MEASURED_TOGETHER === MEASURED_TOGETHER - 1) await setImmediate();
    if (signal?.aborted) throw abortError(signal);
    const example = { mean: queries.mean.row(q), sigma: queries.sigma?.row(q) };
    const found = Array.from(indices.subarray(q * k, (q + 1) * k), (index) => ({
      index,
      distance: formula(example, { mean: mean.row(index), sigma: sigma?.row(index) }, estimates),
    }));
    found.sort((a, b) => a.distance - b.distance || a.index - b.index);
    indices.set(
      found.map(({ index }) => index),
      q * k,
    );
    distances.row(q).set(found.map((one) => one.distance));
  }
  return distances;
}

interface Gaussians {
  readonly mean: Matrix;
  readonly sigma?: Matrix | undefined;
}

function pointsOf(data: MatrixLike, options: NearestOptions): SearchedPoints {
  const mean = toMatrix(data, "data");
  const sigma = options.sigma === undefined ? undefined : toMatrix(options.sigma, "sigma");
  if (sigma && (sigma.rows !== mean.rows || sigma.cols !== mean.cols)) {
    throw shapeMismatch("sigma", sigma, `${mean.rows} x ${mean.cols}, the shape of the data`);
  }
  return {
    mean,
    sigma,
    width: mean.cols,
    bring: (vectors, ofVectors) => ({ mean: vectors, sigma: ofVectors }),
    ...settings(options, sigma),
  };
}

async function pointsOfRun(run: Tsne, options: NearestOptions): Promise<SearchedPoints> {
  if (options.sigma !== undefined)
    throw invalid("sigma", options.sigma, "to be left out with a run, which contains its sigma");
  if (run.hasCovariance)
    throw invalid("run", run, "a run without covariances, because searches use only standard deviations");
  const { distance, varianceFloor, threads } = run.options;
  const { knownFloor, ...points } = await unpackRun(run, options.signal);
  const isOwn = (options.distance ?? distance) === distance;
  const own = {
    distance: distance === "given" ? undefined : distance,
    varianceFloor: isOwn ? (knownFloor ?? varianceFloor) : varianceFloor,
    threads,
  };
  const wanted = Object.fromEntries(Object.entries(options).filter(([, value]) => (value ?? undefined) !== undefined));
  return { ...points, ...settings({ ...own, ...wanted }, points.sigma) };
}

/** Checks the options shared with t-SNE in the same way as t-SNE does. */
function settings(options: NearestOptions, sigma: Matrix | undefined) {
  const { varianceFloor, threads } = options;
  const distance = options.distance ?? (sigma ? "inverse-variance" : "euclidean");
  const resolved = resolveTsneOptions({ distance, varianceFloor, threads, sigma: [] }, Number.MAX_SAFE_INTEGER, 1);
  return { distance, varianceFloor: resolved.varianceFloor, threads: resolved.threads ?? availableParallelism() };
}

/** Returns the rows that a query names; undefined for vectors. */
function rowsOf(query: Query, n: number): Uint32Array | undefined {
  const rows = typeof query === "number" ? [query] : isIntegers(query) ? Array.from(query) : undefined;
  rows?.forEach((row, i) => {
    if (Number.isSafeInteger(row) && row >= 0 && row < n) return;
    throw new ArgumentError("OUT_OF_RANGE", {
      argument: rows.length === 1 ? "query" : `query[${i}]`,
      received: row,
      accepted: n === 0 ? "vectors, because the data have no rows" : `a row number from 0 to ${n - 1}`,
    });
  });
  return rows && Uint32Array.from(rows);
}

/** Whether a value is a typed array without a `shape`. Typed arrays with a shape are matrices. */
const isBare = (value: unknown): boolean => ArrayBuffer.isView(value) && !("shape" in value);
const isIntegers = (query: unknown): query is Int32Array | Uint32Array =>
  isBare(query) && (query instanceof Int32Array || query instanceof Uint32Array);
const isVector = (query: unknown): query is FloatArray =>
  isBare(query) && (query instanceof Float32Array || query instanceof Float64Array);

function vectorsOf(query: FloatArray | MatrixLike, width: number): Matrix {
  const vectors = isVector(query) ? new Matrix(query, 1, query.length) : toMatrix(query, "query");
  if (vectors.cols !== width && vectors.rows > 0) {
    throw shapeMismatch("query", vectors, `vectors with as many columns as the data, ${vectors.rows} x ${width}`);
  }
  return vectors;
}

/** @param needed the distance in use, if it needs standard deviations */
function querySigmaOf(querySigma: NearestOptions["querySigma"], needed: DistanceName | undefined): Matrix | undefined {
  if (querySigma !== undefined) {
    return isVector(querySigma) ? new Matrix(querySigma, 1, querySigma.length) : toMatrix(querySigma, "querySigma");
  }
  if (needed === undefined) return undefined;
  throw invalid(
    "querySigma",
    undefined,
    `the standard deviations of the queries, which the distance "${needed}" needs`,
  );
}

const invalid = (argument: string, received: unknown, accepted: string): ArgumentError =>
  new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
