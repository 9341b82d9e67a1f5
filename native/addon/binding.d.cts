/**
 * The interface of the native addon and of the WebAssembly core (src/wasm). Only src/ uses it, and src/ checks all
 * arguments before each call.
 */
declare namespace binding {
  interface NativeMatrix {
    readonly data: Float32Array | Float64Array;
    readonly rows: number;
    readonly cols: number;
  }

  interface NativeProgress {
    stage: "pca" | "neighbors" | "affinities" | "initialization" | "optimization";
    fraction: number;
    iteration: number;
    kl?: number;
    /** Only while `stage` is "affinities". */
    neighbors?: NativeNeighbors;
    /** n x outputDimensions, at iterations that are multiples of `snapshotEvery`. */
    embedding?: Float32Array;
  }

  interface NativeNeighbors {
    method: "exact" | "cells" | "given";
    recall: number;
  }

  /**
   * The value farthest from the median of its column, if it is far beyond the others. `times` is its distance in units
   * of the distance of a typical point from the center.
   */
  interface NativeFarValue {
    row: number;
    column: number;
    value: number;
    times: number;
  }

  /** The k nearest neighbors of each point, nearest first. */
  interface NativeNeighborLists {
    indices: Uint32Array;
    squared: Float32Array;
    k: number;
  }

  /**
   * Edges with weights >= 0 in compressed rows: the edges of row i are at the indices from offsets[i] to offsets[i +
   * 1].
   */
  interface NativeGraph {
    offsets: Float64Array;
    columns: Uint32Array;
    weights: Float32Array;
  }

  /** The resolved options of a run, under the native names that src/tsne/declarations.ts declares and run.cpp reads. */
  type NativeOptions = Readonly<Record<string, unknown>>;

  /** The numbers and flags of a saved run, in addition to its options and arrays. */
  interface NativeStateShape {
    rows: number;
    /** Columns of the original data, before a reduction by PCA. */
    cols: number;
    hasSigma: boolean;
    hasCovariance: boolean;
    sigmaIsEqual: boolean;
    /** The floor in use, if the distance has one. */
    varianceFloor?: number;
    hasCoordinateSpread: boolean;
    scale: number;
    sigmaScale: number;
    iteration: number;
    /** Mean curvature of the attraction over all points, in the last iteration. */
    meanCurvature: number;
    /** Whether the velocities led uphill in the last iteration. */
    climbs: boolean;
    /** The last two KL divergences that the test for convergence compares. */
    klBefore?: number;
    kl?: number;
  }

  /** `center` and the spreads are float64, `order` is uint32, the others are float32. `axes` is cols x pca. */
  type NativeStateArray =
    | "center"
    | "spreadCenter"
    | "spreadVariance"
    | "spreadBetween"
    | "axes"
    | "means"
    | "deviations"
    | "factors"
    | "order"
    | "positions"
    | "velocity"
    | "gains";

  /** Covariances of n points: n x (d * inner) numbers. The form "factors" also has standard deviations. */
  interface NativeCovariances {
    /** The name of the argument in errors. */
    argument: string;
    form: "matrices" | "factors" | "draws";
    numbers: NativeMatrix;
    inner: number;
    sigma: NativeMatrix | undefined;
  }

  interface NativePlacementOptions {
    perplexity: number | readonly number[];
    iterations: number;
  }

  interface NativeUncertaintyOptions extends NativePlacementOptions {
    draws: number;
    neighbors: number;
    seed: number;
    /** "neighbors" if draws use the prior from the fitted points for the true values; "none" if not. */
    prior: "neighbors" | "none";
    /** Whether the result also contains `drawn`. */
    keepsDraws?: boolean;
  }

  interface NativeUncertainty {
    displacements: Float32Array;
    covariances: Float32Array;
    means: Float32Array;
    shares: Float32Array;
    /** points x draws x output dimensions: the positions of the draws. */
    drawn?: Float32Array | undefined;
  }

  class Run {
    /**
     * Creates a run to restore. `shape` describes it, writeState() fills its arrays, and restore() completes it. Before
     * restore(), no other method can be used.
     */
    constructor(run: {
      data: undefined;
      options: NativeOptions;
      neighbors: NativeNeighborLists | undefined;
      shape: NativeStateShape;
    });
    /** Copies the input. A bad number throws an error with `code`, `argument`, `row`, `column` and `value`. */
    constructor(run: {
      data: NativeMatrix;
      sigma: NativeMatrix | undefined;
      covariance?: NativeCovariances | undefined;
      start: NativeMatrix | undefined;
      options: NativeOptions;
      neighbors: NativeNeighborLists | undefined;
      /** Used instead of neighbors. */
      graph?: NativeGraph | undefined;
    });
    /**
     * Runs up to iteration `until`, or until the run has converged if `untilConverged` is set, off the main thread.
     * Resolves to the KL divergence if `wantsKl` is set. Every `snapshotEvery`th iteration is reported with the
     * embedding; 0 means never. The run waits while the event loop does not receive these reports.
     */
    advance(how: {
      until: number;
      untilConverged: boolean;
      wantsKl: boolean;
      onProgress: ((progress: NativeProgress) => void) | undefined;
      snapshotEvery: number;
    }): Promise<number | undefined>;
    /** Makes a running advance() reject with code ABORTED. */
    cancel(): void;
    /**
     * n x outputDimensions, row by row. Like iteration(), neighbors() and seconds(), it throws BUSY during advance().
     */
    embedding(): Float32Array;
    iteration(): number;
    /**
     * Whether the last measured decrease of the KL divergence was below the tolerance. Throws BUSY during advance().
     */
    hasConverged(): boolean;
    /** The method in use, after `auto` is resolved. */
    method(): "barnes-hut" | "fft" | "exact";
    neighbors(): NativeNeighbors;
    seconds(): Record<NativeProgress["stage"], number>;
    /** The floor in use, if the distance has one and it is known. Throws BUSY during advance(). */
    varianceFloor(): number | undefined;
    /**
     * The points in units of the data, n x columns. If the run reduces the data, they are principal components. With a
     * seed, `means` contains random draws from the Gaussians of the points instead.
     */
    points(seed?: number): { columns: number; means: Float64Array; sigma: Float64Array | undefined };
    /** The far value of the data; undefined for a restored run. */
    farValue(): NativeFarValue | undefined;
    /**
     * Places m points into the embedding, off the main thread. With `uncertainty`, also places random draws from each
     * point and measures the scatter of their positions. `onProgress` gets the finished share of the work.
     */
    place(points: {
      data: NativeMatrix;
      sigma: NativeMatrix | undefined;
      covariance?: NativeCovariances | undefined;
      /** For each new point, a point of the embedding that neither attracts nor repels it. */
      own?: Uint32Array;
      options: NativePlacementOptions & { uncertainty: NativeUncertaintyOptions | undefined };
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<{ positions: Float32Array; divergences: Float32Array } & Partial<NativeUncertainty>>;
    measureUncertainty(which: {
      points: Uint32Array;
      options: NativeUncertaintyOptions;
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<NativeUncertainty>;
    /**
     * The scores are in squared units of the embedding, and infinite if the position is not a minimum. `isExact` is
     * false if sums were interpolated from a mesh.
     */
    measureSingularity(how: {
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<{ scores: Float32Array; isExact: boolean }>;
    /** `length` is the length of the moves in units of the data. 0 chooses a length, which the result contains. */
    measurePerturbation(how: {
      options: { length: number; directions: number; iterations: number; seed: number };
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<{ scores: Float32Array; length: number; directions: number }>;
    /** `nullScores` are the scores of the points with permuted columns, which are embedded for this purpose. */
    measureReliability(how: {
      options: { seed: number };
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<{ scores: Float64Array; nullScores: Float64Array }>;
    /**
     * `drawn` holds the positions of the draws of the points, n x draws x output dimensions. `reruns` and `draws` hold
     * the group of each point, n numbers per rerun or draw: -1 for no group, -2 if the rerun left the point out.
     */
    measureGroups(how: {
      options: { reruns: number; nulls: number; seed: number };
      drawn: Float32Array | undefined;
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<{
      groups: Int32Array;
      separations: Float64Array;
      outflows: Float64Array;
      nullSeparations: Float64Array;
      reruns: Int32Array;
      draws: Int32Array;
    }>;
    /** The description of the state; undefined before there is an embedding. */
    describeState(): NativeStateShape | undefined;
    /** Reads rows `[first, last)` of an array. */
    readState(rows: { name: NativeStateArray; first: number; last: number }): Float32Array | Float64Array | Uint32Array;
    /** Fills rows of an array of a run to restore, starting at row `first`. */
    writeState(rows: {
      name: NativeStateArray;
      first: number;
      numbers: Float32Array | Float64Array | Uint32Array;
    }): void;
    /** Completes the run. Throws INVALID_ARGUMENT with the reason if the state is not valid. */
    restore(): void;
  }

  interface NativePca {
    mean: Float64Array;
    /** components x d */
    components: Float32Array;
    variances: Float64Array;
    /** n x components */
    scores: Float32Array | Float64Array;
    farValue: NativeFarValue | undefined;
  }

  function pca(input: { data: NativeMatrix; components: number; seed: number; threads: number }): {
    result: Promise<NativePca>;
    cancel(): void;
  };

  /** `values` is stored x 1, with one number for each of `columns`. offsets[rows] is their number. */
  function pcaOfSparse(input: {
    offsets: Float64Array;
    columns: Uint32Array;
    values: NativeMatrix;
    rows: number;
    cols: number;
    components: number;
    seed: number;
    threads: number;
  }): { result: Promise<NativePca>; cancel(): void };

  /** In the caller's units; the arrays have one number per column. */
  interface NativeNoiseModel {
    mean: Float64Array;
    variance: Float64Array;
    neighborVariance: Float64Array;
    /** The floor that suits the distance. */
    varianceFloor: number;
  }

  function estimateNoiseModel(input: { data: NativeMatrix; sigma: NativeMatrix; distance: string; threads: number }): {
    result: Promise<NativeNoiseModel>;
    cancel(): void;
  };

  interface NativeEvaluationOptions {
    distance: string;
    neighbors: "auto" | "exact" | "cells";
    varianceFloor: "auto" | number;
    perplexity: number | readonly number[];
    k: readonly number[];
    /** The number of points to evaluate; 0 means all. */
    sample: number;
    seed: number;
    threads: number;
  }

  /** The numbers are NaN if the correlation is undefined. */
  interface NativeCorrelation {
    value: number;
    error: number;
  }

  interface NativeEvaluation {
    kl: number;
    /** The floor in use, if the distance has one. */
    varianceFloor?: number;
    method: "exact" | "cells";
    recall: number;
    pearson: NativeCorrelation;
    spearman: NativeCorrelation;
    pairs: number;
    /** The evaluated points, ascending. */
    points: Uint32Array;
    /** points x k, like the next two arrays */
    kept: Float64Array;
    trustworthiness: Float64Array;
    continuity: Float64Array;
    /** One number per point, NaN if the point has no class. Empty without classes. */
    hits: Float64Array;
    /** Like `hits`, but also empty if there is only one class. */
    silhouettes: Float64Array;
    farValue: NativeFarValue | undefined;
  }

  /** `classes` are numbered from 1, without gaps; 0 means no class. */
  function evaluate(input: {
    data: NativeMatrix;
    sigma: NativeMatrix | undefined;
    embedding: NativeMatrix;
    classes: Uint32Array | undefined;
    options: NativeEvaluationOptions;
    onProgress:
      | ((progress: {
          stage: "neighbors" | "affinities" | "kl" | "neighborhoods" | "silhouettes";
          fraction: number;
        }) => void)
      | undefined;
  }): { result: Promise<NativeEvaluation>; cancel(): void };
  /** In the caller's units; one number per column. */
  interface NativeCoordinateSpread {
    center: Float64Array;
    variance: Float64Array;
    /** 0 excludes the column. */
    between: Float64Array;
  }

  interface NativeNearest {
    /** queries x k */
    indices: Uint32Array;
    /** The floor in use, if the distance has one. */
    varianceFloor?: number;
    /** The coordinate spread in use, if the distance has one. */
    coordinateSpread?: NativeCoordinateSpread;
  }

  /**
   * Finds the k points nearest to each query, nearest first. `sigma` and `querySigma` must be given together. Query q
   * is not compared with point `own[q]`.
   */
  function nearest(input: {
    data: NativeMatrix;
    sigma: NativeMatrix | undefined;
    queries: NativeMatrix;
    querySigma: NativeMatrix | undefined;
    own: Uint32Array | undefined;
    options: { k: number; distance: string; varianceFloor: "auto" | number; threads: number };
    onProgress: ((fraction: number) => void) | undefined;
  }): { result: Promise<NativeNearest>; cancel(): void };

  interface NativeSeparationOptions {
    method: "flow" | "iterative" | "conditional";
    relaxations: number;
    grid: number;
    gamma: number;
    tolerance: number;
    iterations: number;
    bins: number;
    threads: number;
  }

  interface NativeSeparation {
    /** n x 2 */
    points: Float64Array;
    evenness: number;
    evennessBefore: number;
    kept: number;
    moved: number;
    lastMove: number;
    iterations: number;
    fallbacks: number;
  }

  /**
   * `points` are n x 2 with n >= 2, and are copied. Throws like the constructor of Run. `onProgress` gets the finished
   * share of the work.
   */
  function separate(input: {
    points: NativeMatrix;
    options: NativeSeparationOptions;
    onProgress: ((fraction: number) => void) | undefined;
  }): { result: Promise<NativeSeparation>; cancel(): void };

  /** Assigns the points to the cells of a grid with rows * columns >= n cells, which are counted row by row. */
  function assignToGrid(input: {
    points: NativeMatrix;
    rows: number;
    columns: number;
    threads: number;
    onProgress: ((fraction: number) => void) | undefined;
  }): { result: Promise<{ cells: Uint32Array; cost: number; bound: number }>; cancel(): void };

  /** The properties of each distance, by its name. */
  const distances: Readonly<Record<string, { usesSigma: boolean; hasFloor: boolean; usesCovariances: boolean }>>;

  type NativeActivation = "linear" | "relu" | "relu6" | "sigmoid" | "elu" | "leakyrelu";

  /**
   * Computes products and convolutions of float32 tensors in one ArrayBuffer, with its own threads. Tensors are given
   * by their byte offsets. Results are written before the call returns, and memory outside the tensors is not used: a
   * tensor that would extend beyond the buffer throws a RangeError. Results have the same bits for any number of
   * threads.
   */
  class Network {
    constructor(threads: number);
    /**
     * out (m x n) = activation(op(a) op(b) + bias). op(a) is m x k and op(b) is k x n; the flags say whether they are
     * stored transposed.
     */
    multiply(
      heap: ArrayBuffer,
      a: number,
      b: number,
      bias: number | null,
      out: number,
      m: number,
      n: number,
      k: number,
      transposeA: boolean,
      transposeB: boolean,
      activation: NativeActivation,
      slope: number,
    ): void;
    /**
     * y = activation(x * filter + bias), channels last.
     *
     * @param shape batch, height, width and channels of x; height, width, vertical and horizontal stride of the filter;
     * numbers of zeros that pad the top and the left; height, width and channels of y
     */
    convolve(
      heap: ArrayBuffer,
      x: number,
      filter: number,
      bias: number | null,
      y: number,
      shape: Int32Array,
      activation: NativeActivation,
      slope: number,
    ): void;
    convolveBackToInput(heap: ArrayBuffer, dy: number, filter: number, dx: number, shape: Int32Array): void;
    convolveBackToFilter(heap: ArrayBuffer, x: number, dy: number, dfilter: number, shape: Int32Array): void;
    /** sums (cols) = scale times the sum of the rows of x (rows x cols). */
    sumRows(heap: ArrayBuffer, x: number, sums: number, rows: number, cols: number, scale: number): void;
    /** Takes one step of Adam on `count` numbers. Reads value and moments, and writes the new value and moments. */
    stepAdam(
      heap: ArrayBuffer,
      gradient: number,
      value: number,
      first: number,
      second: number,
      newValue: number,
      newFirst: number,
      newSecond: number,
      count: number,
      rate: number,
      beta1: number,
      beta2: number,
      epsilon: number,
      correction1: number,
      correction2: number,
    ): void;
    /**
     * Batch normalization of the columns of x (rows x cols), followed by a ReLU:
     * y = max(0, gamma * (x - mean) / sqrt(variance + epsilon) + beta).
     * Writes y, and the mean and the variance of every column.
     */
    normalize(
      heap: ArrayBuffer,
      x: number,
      gamma: number,
      beta: number,
      y: number,
      mean: number,
      variance: number,
      rows: number,
      cols: number,
      epsilon: number,
    ): void;
    /** The gradients of `normalize` for the gradient dy of y. */
    normalizeBack(
      heap: ArrayBuffer,
      x: number,
      gamma: number,
      beta: number,
      mean: number,
      variance: number,
      dy: number,
      dx: number,
      dgamma: number,
      dbeta: number,
      rows: number,
      cols: number,
      epsilon: number,
    ): void;
    /** variance = softplus(rho)^2. */
    weightVariances(heap: ArrayBuffer, rho: number, variance: number, count: number): void;
    weightVariancesBack(heap: ArrayBuffer, rho: number, dvariance: number, drho: number, count: number): void;
    /** kl (one number) = the sum of KL(N(mean, softplus(rho)^2) || N(0, prior^2)). */
    weightDivergence(heap: ArrayBuffer, mean: number, rho: number, kl: number, count: number, prior: number): void;
    weightDivergenceBack(
      heap: ArrayBuffer,
      mean: number,
      rho: number,
      dkl: number,
      dmean: number,
      drho: number,
      count: number,
      prior: number,
    ): void;
  }

  /**
   * Fills `values` with standard normal numbers and advances the state of xoshiro128++, which has four words. Undefined
   * if networks are not trained natively.
   */
  const drawNormals: ((state: Int32Array, values: Float32Array) => void) | undefined;

  /** The instruction set in use: "baseline", "avx2", "avx512" or "wasm-simd128". */
  const isa: string;

  /** The largest number of threads that WebAssembly can use. Undefined for the native addon. */
  const mostThreads: number | undefined;

  /** The backend in use, and the reason if it is not the first choice. */
  const backend: { readonly name: "native" | "wasm"; readonly reason?: string };

  /** The error if neither backend can be loaded. Then all other members are missing. */
  const failure: Error | undefined;
}

export = binding;
