import { reject, rejectUnknown, requireInteger } from "../arguments.js";
import type { Matrix, MatrixLike } from "../matrix.js";
import {
  abortSignal,
  autoOr,
  boolean,
  callback,
  choice,
  declare,
  integer,
  number,
  oneOf,
  parseInteger,
  parseNumber,
} from "../options/index.js";
import type { StackLike } from "./covariances.js";
import { DISTANCES, type DistanceName } from "./distances.js";
import { isNeighborGraph, type NeighborGraph } from "./given-neighbors.js";

/** Ways to find nearest neighbors; see {@link TsneOptions.neighbors}. */
export const NEIGHBOR_SEARCHES = ["auto", "exact", "cells"] as const;
/** One of {@link NEIGHBOR_SEARCHES}. */
export type NeighborSearch = (typeof NEIGHBOR_SEARCHES)[number];

/** Ways to compute the repulsion between all points of an embedding; see {@link TsneOptions.method}. */
export const METHODS = ["auto", "barnes-hut", "fft", "exact"] as const;
/** One of {@link METHODS}. */
export type MethodName = (typeof METHODS)[number];

/** Names of initial embeddings that the run computes; see {@link TsneOptions.init}. */
export const NAMED_STARTS = ["pca", "spectral", "random"] as const;
/** One of {@link NAMED_STARTS}. */
export type NamedStart = (typeof NAMED_STARTS)[number];

/** Ways to choose the steps of gradient descent; see {@link TsneOptions.optimizer}. */
export const OPTIMIZERS = ["momentum", "curvature"] as const;
/** One of {@link OPTIMIZERS}. */
export type OptimizerName = (typeof OPTIMIZERS)[number];

/** The stage of a run that reports progress. */
export type Stage = "pca" | "neighbors" | "affinities" | "initialization" | "optimization";

/** One report of progress. */
export interface TsneProgress {
  stage: Stage;
  /** Completed fraction of this stage, 0 to 1. */
  fraction: number;
  /** Completed iterations; 0 before the optimization. */
  iteration: number;
  /** Total number of iterations; `undefined` if the run ends when it has converged. */
  iterations: number | undefined;
  /**
   * KL divergence of the embedding without exaggeration, at the last iteration at which it was computed (every 50th).
   */
  kl: number | undefined;
  /** Seconds since the run began. */
  seconds: number;
}

/** The embedding at one iteration of a run. */
export interface TsneSnapshot {
  /** Completed iterations. */
  iteration: number;
  /**
   * n x outputDimensions positions, float32, in the order of the input, centered. A copy that the receiver may change.
   */
  embedding: Matrix;
  /** KL divergence of this embedding without exaggeration. Only computed at every 50th iteration. */
  kl: number | undefined;
}

/**
 * The options that decide what a run computes. Each option is declared only here. Types, checks, flags, help texts, the
 * fields of saved runs, the fields that the core reads, and the table in docs/embed.md are derived from this object.
 */
export const TSNE_SETTINGS = {
  /**
   * Standard deviations of the data, in the same shape: n x d, each >= 0. Without them the run is plain t-SNE.
   */
  sigma: declare<MatrixLike, never>(
    {
      accepted: "a matrix of the shape of the data",
      range: "n x d matrix, values >= 0",
      placeholder: "<file>",
      // The values are checked together with the data.
      check: (value) => value as MatrixLike,
      parse: readFromFile,
    },
    {
      defaultText: "none",
      help: "standard deviations of the data, in the same shape",
      guide: "standard deviations of the data",
      native: false,
    },
  ),
  /**
   * Covariances of the errors of each point, n x d x d: `{data, shape}`, or n matrices. Use them if the errors of a
   * point's values are correlated, as in fits and astrometric solutions. They replace `sigma`; their diagonals are the
   * squares of sigma. Each matrix must be symmetric without negative eigenvalues; it may be singular. Supported by the
   * distances `"inverse-variance"`, `"mahalanobis"`, `"mahalanobis-logdet"`, `"wasserstein"` and `"expected"`. A
   * neighbor search takes about d^2 times as long as with standard deviations.
   */
  covariance: covarianceSetting(
    "n x d x d array",
    "<file>",
    "one covariance matrix per point, d x d, if the errors of its values are correlated",
  ),
  /**
   * Covariances of low rank, n x d x r. The covariance of a point is F F^T + diag(sigma^2), where F is its d x r
   * matrix. Without `sigma`, the second term is zero.
   */
  covarianceFactors: covarianceSetting(
    "n x d x r array",
    "<file>",
    "factors F of the covariances F F^T + diag(sigma^2), d x r per point",
  ),
  /**
   * Draws of each point, n x m x d with m >= 2, for example from the posterior distribution of a fit. The covariance of
   * a point is computed from its draws with the divisor m - 1. The data should be the means of the draws.
   */
  covarianceDraws: covarianceSetting(
    "n x m x d array",
    "<file>",
    "m draws per point; their covariance describes the errors of the point",
  ),
  /**
   * Effective number of neighbors of a point: 1 to (n - 1) / 3. Small values such as 5 show fine groups, large values
   * show coarse structure. The time and memory of a run grow with the perplexity, because three times as many neighbors
   * are searched. Default 30; for n < 91, where 30 is too large, the default is the largest value accepted.
   *
   * A list of several different values averages the affinities of all these perplexities (multi-scale similarities:
   * Lee, Peluffo-Ordóñez & Verleysen 2015; Kobak & Berens 2019), so that the embedding shows small and large groups at
   * once. All of them use the same neighbors: three times as many as the largest value. A list of one value is the same
   * as that value.
   */
  perplexity: declare<number | readonly number[]>(
    {
      accepted: "a number, or an array of numbers",
      range: "1 to (n - 1) / 3, or a list",
      placeholder: "<x,...>",
      // The range depends on the number of points.
      check: (value) => value as number | readonly number[],
      parse: (text, flag) =>
        text.split(",").map((part) => parseNumber(part.trim(), flag, "a number of 1 or more", (value) => value >= 1)),
    },
    {
      defaultText: "30, or less for fewer than 91 points",
      help: "effective number of neighbors per point; for several numbers, the affinities are averaged",
      guide:
        "effective number of neighbors per point; three times as many neighbors are searched. For several values, such as `[10, 50, 200]`, the affinities are averaged (Kobak & Berens 2019)",
    },
  ),
  /**
   * Iterations of gradient descent, including early exaggeration: an integer >= 0 for exactly this number, or `"auto"`,
   * which ends the run when it has converged. A run has converged when the KL divergence falls by less than `tolerance`
   * within 50 iterations, after the schedule of exaggeration and momentum has ended. Choose a number if several runs
   * must have equal length. Default `"auto"`, or 1000 with `optimizer: "momentum"`.
   */
  iterations: declare<"auto" | number>(
    {
      accepted: '"auto" or an integer from 0 to 1000000000',
      range: '`"auto"` or an integer >= 0',
      placeholder: "<n>",
      check: (value, argument) => (value === "auto" ? value : requireInteger(value, argument, 0, 1e9)),
      parse: (text, flag) => (text === "auto" ? text : parseInteger(text, flag)),
    },
    {
      defaultText: "auto, or 1000 with the momentum optimizer",
      help: "iterations of gradient descent; auto ends the run when it has converged",
      guide: 'iterations of gradient descent; `"auto"` ends the run when it has [converged](#iterations)',
    },
  ),
  /**
   * Convergence criterion for `iterations: "auto"`: the run ends when the KL divergence falls by less than this
   * fraction within 50 iterations. Above 0 and below 1. Lower it if the last details of the embedding matter, raise it
   * to save time. Default 0.005, with which runs of 1,000 to 70,000 points took 300 to 400 iterations.
   */
  tolerance: number(
    { above: 0, below: 1 },
    {
      defaultText: "0.005",
      isAdvanced: true,
      help: "with automatic iterations, end the run when the KL divergence falls by less than this fraction within 50 iterations",
    },
  ),
  /**
   * Upper limit of `iterations: "auto"`, an integer >= 0. A run that reaches it reports `stopped: "limit"`. Default
   * 1000.
   */
  maxIterations: integer(
    { from: 0, to: 1e9 },
    { defaultText: "1000", isAdvanced: true, help: "maximum number of automatic iterations" },
  ),
  /**
   * Method for choosing the steps of gradient descent. `"curvature"` divides the step of each point by the curvature of
   * its attraction, lowers the exaggeration gradually, and raises the momentum while the embedding expands. It reaches
   * a lower KL divergence in a third of the iterations and needs no learning rate, so `learningRate`, `momentum` and
   * `finalMomentum` must be left out. `"momentum"` is the schedule of the reference implementation with the learning
   * rate of Belkina et al. (2019); choose it to compare with other programs. Default `"curvature"`, or `"momentum"` if
   * one of its three settings is given.
   */
  optimizer: choice<OptimizerName>(OPTIMIZERS, {
    defaultText: "curvature, or momentum if a learning rate or momentum is given",
    isAdvanced: true,
    help: "how gradient descent chooses its steps: curvature, or momentum (the schedule of the reference implementation, which needs more iterations)",
    guide:
      'how gradient descent chooses its steps: `"curvature"`, or `"momentum"` (the schedule of the reference implementation, which needs more iterations)',
  }),
  /** Dimensions of the embedding: 1, 2 or 3. Default 2. */
  outputDimensions: integer(
    { from: 1, to: 3 },
    { default: 2, placeholder: "<1|2|3>", help: "dimensions of the embedding" },
  ),
  /**
   * Distance between points i and j. Default: `"inverse-variance"` with sigma, `"euclidean"` without.
   *
   * The following distances between Gaussians need sigma. The formulas are those of the squared distances.
   * - `"inverse-variance"`: the weighted mean of squared differences with weights 1 / (sigma_ik^2 + sigma_jk^2 +
   *   varianceFloor) (Ede 2020, arXiv:2003.01113).
   * - `"mahalanobis"`: the sum of squared differences with the same weights.
   * - `"mahalanobis-logdet"`: that sum plus the logarithms of the summed variances. Without the logarithms, noisy
   *   points are close to all others.
   * - `"expected"`: the expected squared Euclidean distance of independent draws, |mu_i - mu_j|^2 + |sigma_i|^2 +
   *   |sigma_j|^2.
   * - `"wasserstein"`: |mu_i - mu_j|^2 + |sigma_i - sigma_j|^2 (2-Wasserstein).
   * - `"bhattacharyya"` (Bhattacharyya 1943; Kailath 1967) and `"jeffreys"`, KL(i || j) + KL(j || i) (Jeffreys 1946;
   *   Kullback & Leibler 1951): the divergence takes the place of the squared distance, with variances v = sigma^2 +
   *   varianceFloor.
   *
   * If sigma has the same value everywhere, each of these distances gives the same embedding as a run without sigma.
   *
   * `"likelihood-ratio"` compares the likelihood of two measured points as true neighbors with their likelihood as
   * independent points (probabilistic linear discriminant analysis: Ioffe 2006). It estimates the spread of the true
   * coordinates, so that values without information have no influence. Use it if the noise is larger than the distances
   * between neighbors; with little noise the default is slightly better.
   *
   * The following distances ignore sigma. `"euclidean"`. `"manhattan"` is the sum of absolute differences. `"cosine"`
   * is 1 - the cosine of the angle at the origin of the data, or at their mean if they are reduced to principal
   * components. `"correlation"` is 1 - the correlation of the two points' coordinates. A zero row has the cosine
   * distance 1 from all others and 0 from other zero rows; the same holds for constant rows and correlation.
   *
   * If `neighbors` are given, this is the distance by which they were found. It is then needed only to place new points
   * into the embedding, and has no default.
   */
  distance: choice<DistanceName, DistanceName | "given">(DISTANCES, {
    defaultText: "inverse-variance with sigma, else euclidean",
    help: `${DISTANCES.join(", ")}; euclidean and the last three ignore --sigma, the others need it`,
    guide: "distance between points; see [distances](#distances)",
  }),
  /**
   * Added to variances, in squared units of the data: the variance below which noise does not matter. Default `"auto"`,
   * the variance between the true values of neighbors, which {@link estimateNoiseModel} estimates from the data and
   * sigma. The estimate adapts to the units: multiplying data and sigma by c gives the same embedding. A number above
   * 0, up to 1e30, replaces the estimate; Ede (2020) uses 0.01. Larger values make the embedding more like the plain
   * one; with smaller values, small differences of sigma matter more.
   *
   * The floor is added to the summed variance of two points under `"inverse-variance"`, `"mahalanobis"` and
   * `"mahalanobis-logdet"`. Under `"bhattacharyya"` and `"jeffreys"` it is added to the variance of each point, and the
   * estimate is half as large. The other distances do not use it. The result reports the floor in use.
   */
  varianceFloor: autoOr(
    { above: 0, to: 1e30 },
    {
      default: "auto",
      help: "number that is added to the variances, in squared units of the data; auto estimates it as the variance between true neighbors",
      guide:
        'number that is added to the variances, in squared units of the data; `"auto"` estimates it from data and sigma, see [distances](#distances)',
    },
  ),
  /**
   * Method for finding neighbors. Default `"auto"`.
   * - `"exact"` compares all pairs of points.
   * - `"cells"` partitions the points into cells by k-means and compares each point with the points of the nearest
   *   cells. The number of these cells is chosen so that 99 % of the true neighbors are found, or 97.5 % above 200,000
   *   points. The fraction found is measured on 512 points and reported in `neighbors.recall` of the result.
   * - `"auto"` compares all pairs of up to 15,000 points. For more points it builds the cells, and then searches
   *   exactly if that needs fewer comparisons, as for points without any structure.
   *
   * Below about 1,000 points, or 24 times the perplexity, every search is exact.
   *
   * The value may also be neighbors found elsewhere, all distances between the points, or affinities. They can also
   * replace the data: `runTsne({ distances })`.
   */
  neighbors: declare<NeighborSearch | NeighborGraph, NeighborSearch | "given">(
    {
      accepted: '"auto", "exact", "cells", {indices, distances}, {distances} of all pairs of points, or {affinities}',
      range: '`"auto"`, `"exact"`, `"cells"`, or an object',
      placeholder: "<how>",
      check: checkNeighborOption,
      parse: (text) => text as NeighborSearch,
    },
    {
      default: "auto",
      help: "how neighbors are found: exact (all pairs are compared), cells (faster, finds about 99 % of the neighbors), or auto (the faster of both)",
      guide:
        'how neighbors are found, or [neighbors from another program](#neighbors); `"auto"` uses the faster search',
    },
  ),
  /**
   * Method for computing repulsion. Default `"auto"`; {@link runBhTsne} accepts only `"barnes-hut"`.
   * - `"barnes-hut"` uses a tree (van der Maaten 2014).
   * - `"fft"` uses a particle mesh, only in 2-D (smooth particle-mesh Ewald, Essmann et al. 1995, with the kernel of
   *   t-SNE). Fewer than 100 points are computed with Barnes-Hut.
   * - `"exact"` computes all pairs, O(n^2).
   * - `"auto"` uses the fastest method at the usual accuracy: `"fft"` in 2-D from 4,000 points on, else `"barnes-hut"`.
   *   If a theta is given, it always uses `"barnes-hut"`.
   */
  method: choice<MethodName>(METHODS, {
    default: "auto",
    help: "how repulsion is computed: barnes-hut, fft (2-D only), exact, or auto: fft for 4000 or more points in 2-D, otherwise barnes-hut, and always barnes-hut if --theta is given",
    guide:
      'how `runTsne` and `Tsne` compute repulsion: `"fft"` is a particle mesh, in 2-D only; `"auto"` uses the mesh for 4,000 or more points in 2-D, otherwise Barnes-Hut, and always Barnes-Hut if theta is given',
  }),
  /**
   * Accuracy of the Barnes-Hut repulsion (van der Maaten 2014): 0 to 1. Lower values are more accurate and slower. A
   * cell counts as one point if its width is below theta times its distance; 0 computes every pair exactly, in O(n^2).
   * Default 0.5, at which forces had a root mean square error of 0.4 to 1.0 % on embeddings of 500 to 70,000 points.
   */
  theta: number(
    { from: 0, to: 1 },
    {
      default: 0.5,
      help: "accuracy of Barnes-Hut; 0 is exact",
      guide: "accuracy of Barnes-Hut; 0 is exact, in O(n^2)",
    },
  ),
  /**
   * Distance between the nodes of the mesh of `"fft"`, in units of the embedding: 0.1 to 1. Lower values are more
   * accurate and slower: the root mean square error of the forces falls with the fourth to sixth power of the spacing.
   * Default 0.4, at which it is 0.3 to 0.8 % on embeddings of 1,000 to 70,000 points. From 0.4 on, the repulsion between
   * near points is summed pair by pair where that is faster. If 50 points or more are equal, the distance between nodes
   * is a fifth smaller. An embedding that is too wide for a mesh is computed with
   * Barnes-Hut.
   */
  meshSpacing: number(
    { from: 0.1, to: 1 },
    {
      default: 0.4,
      isAdvanced: true,
      help: "accuracy of fft: distance between the nodes of its mesh, in units of the embedding; smaller is more accurate",
      guide: "accuracy of the mesh: distance between its nodes, in units of the embedding",
    },
  ),
  /**
   * Degrees of freedom alpha of the kernel of the embedding, w = (1 + d^2 / alpha)^-alpha: 0.1 to 100. Below 1 the
   * tails are heavier and groups divide into finer ones. Above 1 the kernel approaches a Gaussian, as in SNE (Kobak,
   * Linderman, Steinerberger, Kluger & Berens 2019; openTSNE has the same form). With b = 1 / (1 + d^2 / alpha), a
   * quarter of the gradient of KL is sum_j (p_ij b_ij - w_ij b_ij / Z) (y_i - y_j). Default 1, Student's t.
   */
  degreesOfFreedom: number(
    { from: 0.1, to: 100 },
    {
      default: 1,
      defaultText: "1",
      isAdvanced: true,
      help: "degrees of freedom of the kernel: below 1 shows finer groups, above 1 makes the kernel more like a Gaussian",
      guide: "alpha of the kernel (1 + d^2 / alpha)^-alpha; below 1 shows finer groups (Kobak et al. 2019)",
    },
  ),
  /**
   * Seed of the random numbers: an integer from 0 to 2^53 - 1. The same seed, input and options give the same
   * embedding, bit for bit. Default 42.
   */
  seed: integer(
    { from: 0, to: Number.MAX_SAFE_INTEGER },
    { default: 42, help: "seed of the random numbers", guide: "seed of the random numbers, below 2^53" },
  ),
  /**
   * Number of principal components to which the data are reduced first: an integer from 1 to min(n, d), or `true` for
   * min(50, n, d). Use it to save time on data with hundreds of columns. Default `false`: the data are not reduced.
   * Cannot be combined with sigma, which has no meaning along other axes.
   */
  pca: declare<number | boolean, number | undefined>(
    {
      accepted: "a number of components, true or false",
      range: "1 to min(n, d), or `true`",
      placeholder: "<n>",
      // The range depends on the data.
      check: (value) => value as number | boolean,
      parse: (text, flag) => parseInteger(text, flag, 1),
    },
    {
      default: false,
      defaultText: "none",
      help: "number of principal components to which the data are reduced first",
      guide:
        "number of principal components to which the data are reduced first; `true` means 50. Cannot be used with sigma, because standard deviations belong to the given columns",
    },
  ),
  /**
   * The initial embedding. Default `"pca"`, or `"spectral"` if there are neighbors but no data.
   * - `"pca"`: the first principal components, scaled to a standard deviation of 1e-4 (Kobak & Berens 2019). It keeps
   *   the coarse structure of the data.
   * - `"spectral"`: Laplacian eigenmaps of the affinities (Belkin & Niyogi 2003), scaled to a standard deviation of
   *   1e-4 along each axis. They do not need the data.
   * - `"random"`: positions drawn from a Gaussian with a standard deviation of 1e-4.
   * - an n x outputDimensions matrix, which is used without scaling.
   */
  init: declare<NamedStart | MatrixLike, NamedStart | "given">(
    {
      accepted: '"pca", "spectral", "random" or an n x outputDimensions matrix',
      range: '`"pca"`, `"spectral"`, `"random"`, or an n x outputDimensions matrix',
      placeholder: "<how>",
      check(value, argument) {
        if (typeof value === "string" && !NAMED_STARTS.includes(value as NamedStart)) {
          reject(argument, value, '"pca", "spectral", "random" or an n x outputDimensions matrix');
        }
        return value as NamedStart | MatrixLike;
      },
      parse: (text) => text as NamedStart,
    },
    {
      default: "pca",
      defaultText: "pca, or spectral without data",
      help: "initial embedding: pca, spectral, random, or a file with one point per row",
      guide: "the initial embedding",
    },
  ),
  /**
   * Whether a given `init` is centered and scaled to the width of the other initial embeddings, a standard deviation of
   * 1e-4 in its first column. Set it for positions from elsewhere, such as geographic coordinates or UMAP. Default
   * false, which continues from the given embedding without scaling.
   */
  rescaleInit: boolean<never>({
    default: false,
    isAdvanced: true,
    help: "scale a given initial embedding to the usual standard deviation of 1e-4",
    guide: "scale a given `init` to the usual standard deviation of 1e-4",
    native: false,
  }),
  /**
   * Step length of `optimizer: "momentum"`, > 0, in the convention of the reference implementation: the step is
   * learningRate times a quarter of the gradient of KL. A number applies to all iterations. Default `"auto"`: n divided
   * by the current exaggeration (Belkina et al. 2019), that is n / earlyExaggeration at first and n / exaggeration
   * afterwards, but at least 50.
   */
  learningRate: autoOr<number>(
    { above: 0 },
    {
      default: "auto",
      isAdvanced: true,
      help: "step length of the momentum optimizer, or auto: points / exaggeration, at least 50",
      guide: 'step length of the momentum optimizer; `"auto"` is n / exaggeration, at least 50',
    },
  ),
  /**
   * Factor on the attraction during the first iterations, 1 to 1e6. It lets groups form before they separate. Default
   * 12.
   */
  earlyExaggeration: number(
    { from: 1, to: 1e6 },
    { default: 12, isAdvanced: true, help: "factor that multiplies the attraction during the first iterations" },
  ),
  /**
   * Iterations with early exaggeration, an integer >= 0. `optimizer: "curvature"` lowers the exaggeration geometrically
   * to `exaggeration` in the second half of them, and raises the momentum when they end. Raise the number if groups
   * that belong together end up apart, as on manifolds. Default 90, or 250 with `optimizer: "momentum"`.
   */
  earlyExaggerationIterations: integer(
    { from: 0, to: 1e9 },
    {
      defaultText: "90, or 250 with the momentum optimizer",
      isAdvanced: true,
      help: "iterations with early exaggeration",
    },
  ),
  /**
   * Factor on the attraction after the early phase, 0.01 to 1e6. Above 1 groups contract and the structure between them
   * becomes clearer: use 4 for large data (Kobak & Berens 2019). Larger values approach a force-directed layout of the
   * neighbor graph (Böhm, Berens & Kobak 2022), and very large values collapse all points into one. The KL divergence
   * is reported without exaggeration. Default 1.
   */
  exaggeration: number(
    { from: 0.01, to: 1e6 },
    {
      default: 1,
      isAdvanced: true,
      help: "factor that multiplies the attraction during the remaining iterations",
      guide:
        "factor that multiplies the attraction after the early phase; values above 1 make groups contract (Böhm, Berens & Kobak 2022)",
    },
  ),
  /** Momentum of `optimizer: "momentum"` during early exaggeration, 0 <= momentum < 1. Default 0.5. */
  momentum: number(
    { from: 0, below: 1 },
    { defaultText: "0.5", isAdvanced: true, help: "momentum of the momentum optimizer during early exaggeration" },
  ),
  /** Momentum of `optimizer: "momentum"` after early exaggeration, 0 <= momentum < 1. Default 0.8. */
  finalMomentum: number(
    { from: 0, below: 1 },
    { defaultText: "0.8", isAdvanced: true, help: "momentum of the momentum optimizer after early exaggeration" },
  ),
  /** Number of threads, 1 to 1024. It does not affect the embedding. Default: the number of processors. */
  threads: integer(
    { from: 1, to: 1024 },
    {
      defaultText: "all processors",
      help: "threads to use",
      guide: "threads to use; the embedding does not depend on it",
    },
  ),
};

/** Options that monitor or stop a run. They do not change its result. */
export const RUN_CONTROLS = {
  /** Whether to print progress lines to standard error. Default false. */
  verbose: boolean({ default: false, flag: false, help: "whether to print progress lines to standard error" }),
  /** Called during the run about ten times per second, and at least every 50 iterations. */
  onProgress: callback<(progress: TsneProgress) => void>("a function", {
    help: "called with `{stage, fraction, iteration, iterations, kl, seconds}` about ten times per second",
  }),
  /**
   * Called with the embedding at iteration 0 and at every multiple of `snapshotEvery`, for example to make an
   * animation. The final embedding is in the result, not necessarily in a snapshot. If the event loop is busy, the run
   * waits until the last few snapshots have been delivered.
   */
  onSnapshot: callback<(snapshot: TsneSnapshot) => void>("a function", {
    help: "called with `{iteration, embedding, kl}` at the start and every `snapshotEvery` iterations",
  }),
  /** Iterations from one snapshot to the next, an integer >= 1. Default 10. Only with `onSnapshot`. */
  snapshotEvery: integer(
    { from: 1, to: 1e9 },
    {
      default: 10,
      help: "iterations from one frame or snapshot to the next; all frames are kept in memory",
      guide: "iterations from one snapshot to the next; only with `onSnapshot`",
    },
  ),
  /** Stops the run: its promise is rejected with an {@link AbortError}. */
  signal: abortSignal({ help: "stops the run" }),
};

/** All options of a run. */
export const TSNE_OPTIONS = { ...TSNE_SETTINGS, ...RUN_CONTROLS };

/** Declares an option that gives covariances. Its values are checked together with the data. */
function covarianceSetting(range: string, placeholder: string, help: string) {
  return declare<StackLike, never>(
    {
      accepted: "an array of three dimensions",
      range,
      placeholder,
      check: (value) => value as StackLike,
      parse: (text) => text as unknown as StackLike,
    },
    { defaultText: "none", help, native: false },
  );
}

function checkNeighborOption(value: unknown, argument: string): NeighborSearch | NeighborGraph {
  if (typeof value === "string") {
    if (!NEIGHBOR_SEARCHES.includes(value as NeighborSearch)) {
      reject(argument, value, oneOf(NEIGHBOR_SEARCHES, value));
    }
    return value as NeighborSearch;
  }
  if (!isNeighborGraph(value)) {
    return reject(
      argument,
      value,
      '"auto", "exact", "cells", {indices, distances}, {distances} of all pairs of points, or {affinities}',
    );
  }
  rejectUnknown(value, "affinities" in value ? ["affinities"] : ["indices", "distances", "squared"], `${argument}.`);
  return value;
}

function readFromFile(_text: string, flag: string): never {
  throw new Error(`the value of ${flag} is read from a file`);
}
