import { availableParallelism } from "node:os";
import { closest } from "fastest-levenshtein";
import { reject, rejectUnknown, requireInteger, requireSignal } from "../arguments.js";
import type { Matrix, MatrixLike } from "../matrix.js";
import { DISTANCES, type DistanceName, usesSigma } from "./distances.js";
import type { DistanceMatrix, NeighborLists } from "./given-neighbors.js";

/** The ways to find neighbors; see {@link TsneOptions.neighbors}. */
export const NEIGHBOR_SEARCHES = ["auto", "exact", "nn-descent"] as const;
/** Ways to find nearest neighbors; see {@link TsneOptions.neighbors}. */
export type NeighborSearch = (typeof NEIGHBOR_SEARCHES)[number];

/** The ways to compute repulsion; see {@link TsneOptions.method}. */
export const METHODS = ["auto", "barnes-hut", "fft", "exact"] as const;
/** Ways to compute the repulsion between all points of a map; see {@link TsneOptions.method}. */
export type MethodName = (typeof METHODS)[number];

/** What the run is doing when it reports progress. */
export type Stage = "pca" | "neighbors" | "affinities" | "initialization" | "optimization";

/** One report of progress. */
export interface TsneProgress {
  stage: Stage;
  /** Share of this stage that is done, 0 to 1. */
  fraction: number;
  /** Iterations done; 0 before the optimization. */
  iteration: number;
  /** Iterations in all. */
  iterations: number;
  /** KL divergence of the map without exaggeration, at the last iteration where it was computed (every 50th). */
  kl: number | undefined;
  /** Seconds since the run began. */
  seconds: number;
}

/** The map on its way. */
export interface TsneSnapshot {
  /** Iterations done. */
  iteration: number;
  /** n x outputDimensions positions, float32, in the order of the input, centered. The receiver's own. */
  embedding: Matrix;
  /** KL divergence of this map without exaggeration, where it was computed: at every 50th iteration. */
  kl: number | undefined;
}

/** Options of {@link runBhTsne} and {@link Tsne}. All are optional. */
export interface TsneOptions {
  /**
   * Standard deviations of the data, of the same shape: n x d, each >= 0. Without them the run is plain t-SNE.
   */
  sigma?: MatrixLike | undefined;
  /**
   * Distance between points i and j, which is squared. Default: `"inverse-variance"` with sigma, `"euclidean"` without.
   *
   * Those between Gaussians need sigma. Squared they are: `"inverse-variance"`, the weighted mean of squared differences with weights
   * 1 / (sigma_ik^2 + sigma_jk^2 + varianceFloor) (Ede 2020, arXiv:2003.01113); `"mahalanobis"`, their sum with the same weights;
   * `"expected"`, the expected squared Euclidean distance of independent draws, |mu_i - mu_j|^2 + |sigma_i|^2 + |sigma_j|^2;
   * `"wasserstein"`, |mu_i - mu_j|^2 + |sigma_i - sigma_j|^2 (2-Wasserstein); and, with variances v = sigma^2 + varianceFloor and the
   * divergence standing for the squared distance, `"bhattacharyya"` (Bhattacharyya 1943; Kailath 1967) and `"jeffreys"`,
   * KL(i || j) + KL(j || i) (Jeffreys 1946; Kullback & Leibler 1951). With one sigma for all each of them gives the plain map.
   *
   * The others ignore sigma: `"euclidean"`; `"manhattan"`, the sum of absolute differences; `"cosine"`, 1 - the cosine of the angle at the origin of the data, or at their
   * mean where they are reduced to principal components; `"correlation"`, 1 - the correlation of the two points' coordinates. A zero
   * row has the cosine distance 1 from all others and 0 from other zero rows, as a constant row has for correlation.
   * Where `neighbors` are given: the one by which they were found, if new points are to be placed into the map; by default there is none.
   */
  distance?: DistanceName | undefined;
  /**
   * How neighbors are found: `"exact"`, by comparing all pairs; `"nn-descent"` (Dong, Charikar & Li 2011) from the leaves of random
   * projection trees, which finds 97 % of them or more on most data and says so in `neighbors.recall` of the result; or `"auto"`, the
   * faster one: nn-descent above 60,000 + 9,000,000 / (d + 33) points (170,000 of 50 dimensions), dearer distances counting as
   * more dimensions: `"inverse-variance"` as 4 d, `"mahalanobis"` 3.5 d, `"wasserstein"` 2 d, `"jeffreys"` 6 d, `"bhattacharyya"` 14 d,
   * `"manhattan"` 1.5 d. Too few points for nn-descent are searched exactly. Or neighbors found elsewhere, or all distances between the points; the data are
   * needed all the same, for the start of the map. Default `"auto"`.
   */
  neighbors?: NeighborSearch | NeighborLists | DistanceMatrix | undefined;
  /**
   * In squared units of sigma; above 0, to 1e30. Added to the summed variance of two points under `"inverse-variance"` and
   * `"mahalanobis"`, to the variance of each point under `"bhattacharyya"` and `"jeffreys"`; the other distances have none. Default 0.01
   * (Ede 2020).
   */
  varianceFloor?: number | undefined;
  /**
   * Effective number of neighbors of a point: 1 to (n - 1) / 3. Default 30. For n < 91, where 30 is too large, the
   * default is the largest value accepted. Or several different ones, in any order: the affinities are then the average of those of
   * each perplexity, over 3 times as many neighbors as the largest (multi-scale similarities: Lee, Peluffo-Ordóñez & Verleysen 2015;
   * Kobak & Berens 2019), so that the map heeds small and large groups at once. A list of one is that one.
   */
  perplexity?: number | readonly number[] | undefined;
  /**
   * How repulsion is computed: `"barnes-hut"` with a tree (van der Maaten 2014); `"fft"` on a particle mesh, in 2-D only (smooth
   * particle-mesh Ewald, Essmann et al. 1995, with the kernel of t-SNE); `"exact"` over all pairs, O(n^2); or `"auto"`, the fastest
   * at the usual accuracy: `"fft"` in 2-D from 4,000 points on, else `"barnes-hut"`, as it is wherever a theta is given. Default `"auto"`;
   * {@link runBhTsne} takes `"barnes-hut"` and no other.
   */
  method?: MethodName | undefined;
  /**
   * Distance between the nodes of the mesh of `"fft"`, in units of the map: 0.1 to 1. The root mean square error of the forces falls
   * with its fourth to sixth power; on maps of 1,000 to 70,000 points it is 0.3 to 0.8 % at the default of 0.4. Where 50 points or more are
   * equal, nodes stand a fifth closer. A map too wide for a mesh is left to Barnes-Hut.
   */
  meshSpacing?: number | undefined;
  /**
   * Accuracy of the Barnes-Hut repulsion (van der Maaten 2014): 0 to 1. A cell counts as one point where its width is below
   * theta times its distance. 0 computes every pair exactly, in O(n^2). Default 0.5, at which forces had a root mean
   * square error of 0.4 to 1.0 % on maps of 500 to 70,000 points.
   */
  theta?: number | undefined;
  /**
   * Degrees of freedom alpha of the map's kernel, w = (1 + d^2 / alpha)^-alpha: 0.1 to 100. Below 1 its tails are heavier and groups
   * fall into finer ones; above 1 they tend to those of a Gaussian, as in SNE (Kobak, Linderman, Steinerberger, Kluger & Berens 2019,
   * whose form openTSNE takes as well). A quarter of the gradient of KL is then, with b = 1 / (1 + d^2 / alpha),
   * sum_j (p_ij b_ij - w_ij b_ij / Z) (y_i - y_j). Default 1, Student's t.
   */
  degreesOfFreedom?: number | undefined;
  /** Dimensions of the map: 1, 2 or 3. Default 2. */
  outputDimensions?: number | undefined;
  /** Iterations of gradient descent, early exaggeration included; an integer >= 0. Default 1000. */
  iterations?: number | undefined;
  /** Seed of the random numbers: an integer from 0 to 2^53 - 1. Same seed, input and options: same map, bit for bit. Default 42. */
  seed?: number | undefined;
  /**
   * Reduce the data to principal components first: how many, an integer from 1 to min(n, d), or `true` for min(50, n, d). Default
   * `false`: the data are used as they are. Not together with sigma, which has no meaning along other axes.
   */
  pca?: number | boolean | undefined;
  /**
   * The start of the map: `"pca"`, the first principal components scaled to a standard deviation of 1e-4 (Kobak & Berens 2019),
   * `"random"`, a Gaussian of the same width, or an n x outputDimensions matrix, taken as it is. Default `"pca"`.
   */
  init?: "pca" | "random" | MatrixLike | undefined;
  /**
   * Step length, > 0, in the convention of the reference implementation (the step is learningRate times a quarter of the gradient
   * of KL). A number holds throughout. Default `"auto"`: n over the exaggeration in force (Belkina et al. 2019), which is
   * n / earlyExaggeration at first and n / exaggeration afterwards, but at least 50.
   */
  learningRate?: "auto" | number | undefined;
  /** Factor on the affinities during the first iterations, >= 1. Default 12. */
  earlyExaggeration?: number | undefined;
  /** Iterations with early exaggeration, an integer >= 0. Default 250. */
  earlyExaggerationIterations?: number | undefined;
  /**
   * Factor on the attraction after the early phase, 0.01 to 1e6. Above 1 groups are drawn together and what is between them
   * shows more: 4 for large data (Kobak & Berens 2019); more comes near a layout of the neighbor graph by forces (Böhm, Berens &
   * Kobak 2022), and at last draws all points into one. The KL divergence is reported without it. Default 1.
   */
  exaggeration?: number | undefined;
  /** Momentum during early exaggeration, 0 <= momentum < 1. Default 0.5. */
  momentum?: number | undefined;
  /** Momentum afterwards, 0 <= momentum < 1. Default 0.8. */
  finalMomentum?: number | undefined;
  /** Threads, 1 to 1024. The map does not depend on it. Default: as many as the machine has processors. */
  threads?: number | undefined;
  /** Whether to print progress lines to standard error. Default false. */
  verbose?: boolean | undefined;
  /** Called about ten times a second, and at least every 50 iterations, while the run goes on. */
  onProgress?: ((progress: TsneProgress) => void) | undefined;
  /**
   * Called with the map at every iteration that is a multiple of `snapshotEvery`, from 0, the start: for animations, or to keep. The
   * result has the last map, whatever its iteration. The run waits where an event loop that is busy leaves a few of them untaken.
   */
  onSnapshot?: ((snapshot: TsneSnapshot) => void) | undefined;
  /** Iterations from one snapshot to the next, an integer >= 1. Default 10. Only with `onSnapshot`. */
  snapshotEvery?: number | undefined;
  /** Stops the run: its promise is rejected with an {@link AbortError}. */
  signal?: AbortSignal | undefined;
}

/** The options of a run with every default filled in, as plain data. */
export interface ResolvedTsneOptions {
  method: MethodName;
  meshSpacing: number;
  /** `"given"` where neighbors were given with their distances, and no distance was named. */
  distance: DistanceName | "given";
  /** The search asked for; what `auto` chose stands in the result. */
  neighbors: NeighborSearch | "given";
  varianceFloor: number;
  /** A list, of two or more, in ascending order. */
  perplexity: number | readonly number[];
  theta: number;
  degreesOfFreedom: number;
  outputDimensions: 1 | 2 | 3;
  iterations: number;
  seed: number;
  /** Principal components that the data were reduced to; `undefined` where they were taken as they are. */
  pca: number | undefined;
  init: "pca" | "random" | "given";
  /** Learning rate during early exaggeration. */
  learningRate: number;
  /** Learning rate after it. */
  finalLearningRate: number;
  earlyExaggeration: number;
  earlyExaggerationIterations: number;
  exaggeration: number;
  momentum: number;
  finalMomentum: number;
  threads: number;
}

const KEYS: Record<keyof TsneOptions, true> = {
  sigma: true,
  method: true,
  meshSpacing: true,
  distance: true,
  neighbors: true,
  varianceFloor: true,
  perplexity: true,
  theta: true,
  degreesOfFreedom: true,
  outputDimensions: true,
  iterations: true,
  seed: true,
  pca: true,
  init: true,
  learningRate: true,
  earlyExaggeration: true,
  earlyExaggerationIterations: true,
  exaggeration: true,
  momentum: true,
  finalMomentum: true,
  threads: true,
  verbose: true,
  onProgress: true,
  onSnapshot: true,
  snapshotEvery: true,
  signal: true,
};

/**
 * Checks the options for `n` points of `d` dimensions and fills in the defaults.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION (with the nearest name), OUT_OF_RANGE or INVALID_ARGUMENT
 */
export function resolveTsneOptions(options: TsneOptions, n: number, d: number): ResolvedTsneOptions {
  rejectUnknown(options, Object.keys(KEYS));
  if (typeof (options.verbose ?? false) !== "boolean") reject("verbose", options.verbose, "true or false");
  if (typeof (options.onProgress ?? reject) !== "function") reject("onProgress", options.onProgress, "a function");
  if (typeof (options.onSnapshot ?? reject) !== "function") reject("onSnapshot", options.onSnapshot, "a function");
  requireInteger(options.snapshotEvery ?? 10, "snapshotEvery", 1, 1e9);
  if ((options.snapshotEvery ?? undefined) !== undefined && !options.onSnapshot) {
    reject("snapshotEvery", options.snapshotEvery, "to be left out where no snapshots are taken");
  }
  requireSignal(options.signal);
  const hasSigma = options.sigma !== undefined;
  const neighbors = resolveNeighbors(options);
  const distance = options.distance ?? (hasSigma ? "inverse-variance" : "euclidean");
  if (!DISTANCES.includes(distance)) reject("distance", distance, oneOf(DISTANCES, distance));
  if (usesSigma(distance) && !hasSigma) {
    const accepted = DISTANCES.filter((name) => !usesSigma(name)).join(", ");
    reject("distance", distance, `one that needs no sigma where no sigma is given (${accepted})`);
  }
  const reduces = (options.pca ?? false) !== false;
  if (reduces && hasSigma) {
    reject("pca", options.pca, "to be left out with sigma, whose standard deviations hold along the given axes only");
  }
  const outputDimensions = requireInteger(options.outputDimensions ?? 2, "outputDimensions", 1, 3) as 1 | 2 | 3;
  const earlyExaggeration = within(options.earlyExaggeration ?? 12, "earlyExaggeration", 1, 1e6);
  const exaggeration = within(options.exaggeration ?? 1, "exaggeration", 0.01, 1e6);
  const learningRate = options.learningRate ?? "auto";
  if (
    learningRate !== "auto" &&
    !(typeof learningRate === "number" && learningRate > 0 && Number.isFinite(learningRate))
  ) {
    reject(
      "learningRate",
      learningRate,
      '"auto" or a number > 0',
      typeof learningRate === "number" ? "OUT_OF_RANGE" : undefined,
    );
  }
  const init = options.init ?? "pca";
  if (typeof init === "string" && init !== "pca" && init !== "random") {
    reject("init", init, '"pca", "random" or an n x outputDimensions matrix');
  }
  const varianceFloor = number(options.varianceFloor ?? 0.01, "varianceFloor");
  if (!(varianceFloor > 0 && varianceFloor <= 1e30))
    reject("varianceFloor", varianceFloor, "a number above 0, to 1e30", "OUT_OF_RANGE");
  const asked = options.method ?? "auto";
  const method = asked === "auto" && (options.theta ?? undefined) !== undefined ? "barnes-hut" : asked;
  if (!METHODS.includes(method)) reject("method", method, oneOf(METHODS, method));
  if (method === "fft" && outputDimensions !== 2)
    reject("method", method, `another method for ${outputDimensions} dimensions: the mesh is for 2`);
  return {
    method,
    meshSpacing: within(options.meshSpacing ?? 0.4, "meshSpacing", 0.1, 1),
    distance: neighbors === "given" ? (options.distance ?? "given") : distance,
    neighbors,
    varianceFloor,
    perplexity: resolvePerplexity(options.perplexity ?? undefined, n),
    theta: within(options.theta ?? 0.5, "theta", 0, 1),
    degreesOfFreedom: within(options.degreesOfFreedom ?? 1, "degreesOfFreedom", 0.1, 100),
    outputDimensions,
    iterations: requireInteger(options.iterations ?? 1000, "iterations", 0, 1e9),
    seed: requireInteger(options.seed ?? 42, "seed", 0, Number.MAX_SAFE_INTEGER),
    pca: reduces
      ? requireInteger(options.pca === true ? Math.min(50, n, d) : options.pca, "pca", 1, Math.min(n, d))
      : undefined,
    init: typeof init === "string" ? init : "given",
    learningRate: learningRate === "auto" ? Math.max(50, n / earlyExaggeration) : learningRate,
    finalLearningRate: learningRate === "auto" ? Math.max(50, n / exaggeration) : learningRate,
    earlyExaggeration,
    earlyExaggerationIterations: requireInteger(
      options.earlyExaggerationIterations ?? 250,
      "earlyExaggerationIterations",
      0,
      1e9,
    ),
    exaggeration,
    momentum: momentum(options.momentum ?? 0.5, "momentum"),
    finalMomentum: momentum(options.finalMomentum ?? 0.8, "finalMomentum"),
    threads: requireInteger(options.threads ?? availableParallelism(), "threads", 1, 1024),
  };
}

/** @throws {ArgumentError} for a perplexity, or one of several, that does not fit `n` points */
export function resolvePerplexity(given: unknown, n: number): number | readonly number[] {
  const largest = Math.max(1, (n - 1) / 3);
  const list = Array.isArray(given) ? Array.from(given) : [given ?? Math.min(30, largest)];
  for (const value of list) {
    if (typeof value !== "number") reject("perplexity", value, "a number, or an array of numbers");
    if (value >= 1 && value <= largest) continue;
    const limit = n < 4 ? "1" : `(n - 1) / 3 = ${round(largest)}`;
    reject("perplexity", value, `1 to ${limit} for ${n} points`, "OUT_OF_RANGE");
  }
  if (list.length === 0 || new Set(list).size < list.length) {
    reject("perplexity", given, "a number, or an array of at least one, all different");
  }
  return list.length === 1 ? list[0] : list.sort((a, b) => a - b);
}

function resolveNeighbors(options: TsneOptions): NeighborSearch | "given" {
  const neighbors = options.neighbors ?? "auto";
  if (typeof neighbors === "string") {
    if (!NEIGHBOR_SEARCHES.includes(neighbors)) reject("neighbors", neighbors, oneOf(NEIGHBOR_SEARCHES, neighbors));
    return neighbors;
  }
  if (typeof neighbors !== "object" || neighbors.distances === undefined) {
    reject(
      "neighbors",
      neighbors,
      '"auto", "exact", "nn-descent", {indices, distances} or {distances} of all pairs of points',
    );
  }
  rejectUnknown(neighbors, ["indices", "distances", "squared"], "neighbors.");
  if (options.sigma !== undefined && (options.distance ?? undefined) === undefined) {
    reject(
      "sigma",
      options.sigma,
      "to be left out where neighbors are given with their distances and no distance is named",
    );
  }
  return "given";
}

/** What is accepted, in words, with the name nearest to what came. */
function oneOf(names: readonly string[], received: unknown): string {
  const guess = typeof received === "string" ? ` (did you mean "${closest(received, names)}"?)` : "";
  return `one of ${names.map((name) => `"${name}"`).join(", ")}${guess}`;
}

function number(value: unknown, argument: string): number {
  if (typeof value !== "number") reject(argument, value, "a number");
  return value;
}

function within(value: unknown, argument: string, least: number, most: number): number {
  const checked = number(value, argument);
  if (!(checked >= least && checked <= most))
    reject(argument, checked, `a number from ${least} to ${most}`, "OUT_OF_RANGE");
  return checked;
}

function momentum(value: unknown, argument: string): number {
  const checked = number(value, argument);
  if (!(checked >= 0 && checked < 1)) reject(argument, checked, "a number from 0 to less than 1", "OUT_OF_RANGE");
  return checked;
}

const round = (value: number): number => Math.floor(value * 100) / 100;
