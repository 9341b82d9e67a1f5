import { reject, rejectUnknown, requireInteger } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import type { MatrixLike } from "../matrix.js";
import { type DistanceName, type NeighborSearch, resolveTsneOptions } from "../tsne/index.js";

/** A stage of {@link evaluate}, for progress reports. */
export type EvaluationStage = "neighbors" | "affinities" | "kl" | "neighborhoods" | "silhouettes";

/** Labels of n points: texts or numbers; equal ones are one class. `""` and NaN stand for a missing label. */
export type Labels = ArrayLike<string | number>;

/** Options of {@link evaluate}. All are optional. */
export interface EvaluateOptions {
  /** Standard deviations of the data, of the same shape: n x d, each >= 0. */
  sigma?: MatrixLike | undefined;
  /**
   * Distance between the data points, as in {@link TsneOptions}. Default: `"inverse-variance"` with sigma, else
   * `"euclidean"`.
   */
  distance?: DistanceName | undefined;
  /** See {@link TsneOptions}. Default `"auto"`. */
  varianceFloor?: "auto" | number | undefined;
  /**
   * Perplexity of the affinities for the KL divergence, or several as in {@link TsneOptions}: 1 to (n - 1) / 3. Default
   * 30, less for n < 91.
   */
  perplexity?: number | readonly number[] | undefined;
  /**
   * Method for finding the neighbors from which the affinities for the KL divergence are computed. All other measures
   * always compare all points. Default `"auto"`.
   */
  neighbors?: NeighborSearch | undefined;
  /**
   * Sizes of the neighborhoods: integers from 1 to less than n / 2, because trustworthiness is not defined for larger
   * neighborhoods. Default: those of 10, 50 and 100 that n allows.
   */
  k?: number | readonly number[] | undefined;
  /** n labels, to measure how well the embedding shows their classes. */
  labels?: Labels | undefined;
  /**
   * Number of random points whose neighborhoods and labels are measured, each among all n points: an integer >= 2. A
   * number of n or more means all points. Default `"auto"`: all points if that takes less than about ten seconds (for
   * example n up to 80,000 with 32 dimensions and sigma) or if `perPoint` is set, otherwise 5000 or more.
   */
  sample?: "auto" | number | undefined;
  /** Whether to return the contribution of each point to the means, which can color an embedding. Default false. */
  perPoint?: boolean | undefined;
  /** Seed of the sample of points and pairs, and of the search: an integer from 0 to 2^53 - 1. Default 42. */
  seed?: number | undefined;
  /**
   * Number of threads, 1 to 1024. The result does not depend on this number. Default: as many as the machine has
   * processors.
   */
  threads?: number | undefined;
  /** Stops the work: the promise is rejected with an {@link AbortError}. */
  signal?: AbortSignal | undefined;
  /** Called about ten times per second with the stage and its completed fraction, 0 to 1. */
  onProgress?: ((progress: { stage: EvaluationStage; fraction: number }) => void) | undefined;
}

/** The resolved options with all defaults, as plain data. */
export interface ResolvedEvaluateOptions {
  distance: DistanceName;
  varianceFloor: "auto" | number;
  perplexity: number | readonly number[];
  neighbors: NeighborSearch;
  k: number[];
  /** Number of points whose neighborhoods and labels are measured. */
  sample: number;
  seed: number;
  threads: number;
}

const KEYS: Record<keyof EvaluateOptions, true> = {
  sigma: true,
  distance: true,
  varianceFloor: true,
  perplexity: true,
  neighbors: true,
  k: true,
  labels: true,
  sample: true,
  perPoint: true,
  seed: true,
  threads: true,
  signal: true,
  onProgress: true,
};

const DEFAULT_SIZES = [10, 50, 100];
/**
 * Largest amount of work that is done by default: the number of pairs, multiplied by the number of columns and the cost
 * of ranking.
 */
const WORK = 1.5e12;
const COLUMNS_TO_RANK = 100;
const LEAST_SAMPLE = 5000;

/**
 * Checks the options for `n` >= 3 points of `d` dimensions and fills in the defaults.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION (with the nearest name), OUT_OF_RANGE or INVALID_ARGUMENT
 */
export function resolveEvaluateOptions(options: EvaluateOptions, n: number, d: number): ResolvedEvaluateOptions {
  rejectUnknown(options, Object.keys(KEYS));
  const { k, labels, sample = "auto", perPoint = false, neighbors: search = "auto", ...shared } = options;
  if (typeof perPoint !== "boolean") reject("perPoint", perPoint, "true or false");
  if (typeof search !== "string") reject("neighbors", search, '"auto", "exact" or "cells"');
  const tsne = resolveTsneOptions({ ...shared, neighbors: search } as Parameters<typeof resolveTsneOptions>[0], n, d);
  const { varianceFloor, perplexity, seed, threads } = tsne;
  const distance = tsne.distance as DistanceName;
  if (typeof sample !== "number" && sample !== "auto") reject("sample", sample, '"auto" or an integer >= 2');
  const columns = d * (shared.sigma === undefined ? 1 : 4);
  return {
    distance,
    varianceFloor,
    perplexity,
    neighbors: search,
    k: resolveSizes(k, n),
    sample:
      sample === "auto"
        ? perPoint
          ? n
          : chooseSample(n, columns)
        : Math.min(requireInteger(sample, "sample", 2, Number.MAX_SAFE_INTEGER), n),
    seed,
    threads,
  };
}

function chooseSample(n: number, columns: number): number {
  const affordable = Math.floor(WORK / (n * (columns + COLUMNS_TO_RANK)));
  return Math.min(n, Math.max(affordable, LEAST_SAMPLE));
}

function resolveSizes(k: EvaluateOptions["k"], n: number): number[] {
  const largest = Math.floor((n - 1) / 2);
  if (k === undefined) return [...new Set(DEFAULT_SIZES.map((size) => Math.min(size, largest)))];
  const sizes = typeof k === "number" ? [k] : Array.isArray(k) ? [...(k as readonly number[])] : [];
  if (sizes.length === 0) reject("k", k, "an integer, or a list of at least one");
  for (const size of sizes) {
    if (typeof size !== "number") reject("k", size, "integers");
    if (Number.isSafeInteger(size) && size >= 1 && size <= largest) continue;
    throw new ArgumentError("OUT_OF_RANGE", {
      argument: "k",
      received: size,
      accepted: `integers from 1 to ${largest}, less than half of the ${n} points`,
    });
  }
  if (new Set(sizes).size < sizes.length) reject("k", sizes, "different sizes");
  return sizes;
}
