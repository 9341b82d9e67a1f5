/** The interface of the native addon and of the WebAssembly core (src/wasm), for src/ alone, which checks all arguments before it calls the addon. */
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
    /** While `stage` is "affinities". */
    neighbors?: NativeNeighbors;
    /** n x outputDimensions, at iterations that are multiples of `snapshotEvery`. */
    embedding?: Float32Array;
  }

  interface NativeNeighbors {
    method: "exact" | "cells" | "given";
    recall: number;
  }

  /** The value farthest from the median of its column, in units of a typical point's distance from the center; only if it is far beyond. */
  interface NativeFarValue {
    row: number;
    column: number;
    value: number;
    times: number;
  }

  /** k of each point, nearest first. */
  interface NativeNeighborLists {
    indices: Uint32Array;
    squared: Float32Array;
    k: number;
  }

  /** Edges with weights >= 0 by compressed rows: those of row i are at offsets[i] to offsets[i + 1]. */
  interface NativeGraph {
    offsets: Float64Array;
    columns: Uint32Array;
    weights: Float32Array;
  }

  /** The resolved options of a run, by the native fields that src/tsne/declarations.ts declares and run.cpp reads. */
  type NativeOptions = Readonly<Record<string, unknown>>;

  /** What a run that is saved is, beside its options and arrays. */
  interface NativeStateShape {
    rows: number;
    /** Of the data as given. */
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
    /** Of the attraction in the last iteration, over all points. */
    meanCurvature: number;
    /** Whether the velocities led uphill in the last iteration. */
    climbs: boolean;
    /** The last two KL divergences that the test for convergence compares. */
    klBefore?: number;
    kl?: number;
  }

  /** center and the spreads are float64, order uint32, the others float32; axes are cols x pca. */
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

  /** Covariances of n points: n x (d inner) numbers, and the standard deviations beside factors. */
  interface NativeCovariances {
    /** Named by errors. */
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
    /** Whether draws use what the fitted points say about the true values. */
    prior: "neighbors" | "none";
    /** Whether `drawn` is returned as well. */
    keepsDraws?: boolean;
  }

  interface NativeUncertainty {
    displacements: Float32Array;
    covariances: Float32Array;
    means: Float32Array;
    shares: Float32Array;
    /** points x draws x output dimensions: where the draws land. */
    drawn?: Float32Array | undefined;
  }

  class Run {
    /**
     * A run to be restored: `shape` says what of, writeState() fills it, restore() makes it one; before that it can do nothing else.
     */
    constructor(run: {
      data: undefined;
      options: NativeOptions;
      neighbors: NativeNeighborLists | undefined;
      shape: NativeStateShape;
    });
    /** Copies its input. Throws an error with `code`, `argument`, `row`, `column` and `value` at a bad number. */
    constructor(run: {
      data: NativeMatrix;
      sigma: NativeMatrix | undefined;
      covariance?: NativeCovariances | undefined;
      start: NativeMatrix | undefined;
      options: NativeOptions;
      neighbors: NativeNeighborLists | undefined;
      /** Takes the place of neighbors. */
      graph?: NativeGraph | undefined;
    });
    /**
     * Goes on to iteration `until`, or until the run has converged if `untilConverged`, off the main thread; resolves to the KL
     * divergence if `wantsKl`. Reports bring the embedding at every
     * `snapshotEvery`th iteration, and never where that is 0; the run waits while the event loop takes none of them.
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
    /** n x outputDimensions, row after row. Like iteration(), neighbors() and seconds(), throws BUSY during advance(). */
    embedding(): Float32Array;
    iteration(): number;
    /** Whether the KL divergence fell by less than the tolerance when it was last compared. Throws BUSY during advance(). */
    hasConverged(): boolean;
    /** The method in use, `auto` resolved. */
    method(): "barnes-hut" | "fft" | "exact";
    neighbors(): NativeNeighbors;
    seconds(): Record<NativeProgress["stage"], number>;
    /** The floor in use, if the distance has one and it is known. Throws BUSY during advance(). */
    varianceFloor(): number | undefined;
    /**
     * The points in units of the data, n x columns: principal components if the run reduces to these. With a seed, draws from their
     * Gaussians in place of the means.
     */
    points(seed?: number): { columns: number; means: Float64Array; sigma: Float64Array | undefined };
    /** Of the data; undefined for a restored run. */
    farValue(): NativeFarValue | undefined;
    /**
     * Places m points into the embedding, off the main thread. With `uncertainty`, also places random draws from each point and measures how
     * their positions scatter. `onProgress` gets the share that is done.
     */
    place(points: {
      data: NativeMatrix;
      sigma: NativeMatrix | undefined;
      covariance?: NativeCovariances | undefined;
      /** A point of the embedding that neither attracts nor repels each new point. */
      own?: Uint32Array;
      options: NativePlacementOptions & { uncertainty: NativeUncertaintyOptions | undefined };
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<{ positions: Float32Array; divergences: Float32Array } & Partial<NativeUncertainty>>;
    measureUncertainty(which: {
      points: Uint32Array;
      options: NativeUncertaintyOptions;
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<NativeUncertainty>;
    /** In units of the embedding, squared; infinite where the position is no minimum. `isExact` is false where a mesh was read. */
    measureSingularity(how: {
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<{ scores: Float32Array; isExact: boolean }>;
    /** `length` of the moves in units of the data; 0 stands for a choice, which is returned. */
    measurePerturbation(how: {
      options: { length: number; directions: number; iterations: number; seed: number };
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<{ scores: Float32Array; length: number; directions: number }>;
    /** `nullScores` are those of the points with permuted columns, which are embedded for that. */
    measureReliability(how: {
      options: { seed: number };
      onProgress: ((fraction: number) => void) | undefined;
    }): Promise<{ scores: Float64Array; nullScores: Float64Array }>;
    /**
     * `drawn`, n x draws x output dimensions, is where the draws of the points land. `reruns` and `draws` hold the group of each point, n
     * numbers for each rerun or draw: -1 for none, -2 where the rerun left the point out.
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
    /** Undefined before there is an embedding. */
    describeState(): NativeStateShape | undefined;
    /** Rows `[first, last)` of an array. */
    readState(rows: { name: NativeStateArray; first: number; last: number }): Float32Array | Float64Array | Uint32Array;
    /** Fills rows of an array of a run to be restored, from row `first` on. */
    writeState(rows: {
      name: NativeStateArray;
      first: number;
      numbers: Float32Array | Float64Array | Uint32Array;
    }): void;
    /** Throws INVALID_ARGUMENT, saying why, for what is no run. */
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

  /** `values` is stored x 1, a number for each of `columns`; offsets[rows] is their number. */
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
    /** That suits the distance. */
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
    /** Points to look at; 0 stands for all. */
    sample: number;
    seed: number;
    threads: number;
  }

  /** NaN where undefined. */
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
    /** The points that were looked at, ascending. */
    points: Uint32Array;
    /** points x k, as the next two */
    kept: Float64Array;
    trustworthiness: Float64Array;
    continuity: Float64Array;
    /** One number per point, NaN where it has no class; empty without classes. */
    hits: Float64Array;
    /** The same; empty with one class, too. */
    silhouettes: Float64Array;
    farValue: NativeFarValue | undefined;
  }

  /** `classes` are numbered from 1, without gaps; 0 stands for none. */
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
    /** 0 leaves the column out. */
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
   * The k points nearest to each query, nearest first. With `sigma`, `querySigma` is there too. Query q is not
   * compared with point `own[q]`.
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

  /** `points` are n x 2, n >= 2, and are copied. Throws as Run does. `onProgress` gets the share that is done. */
  function separate(input: {
    points: NativeMatrix;
    options: NativeSeparationOptions;
    onProgress: ((fraction: number) => void) | undefined;
  }): { result: Promise<NativeSeparation>; cancel(): void };

  /** The same for rows * columns >= n cells, which are counted row after row. */
  function assignToGrid(input: {
    points: NativeMatrix;
    rows: number;
    columns: number;
    threads: number;
    onProgress: ((fraction: number) => void) | undefined;
  }): { result: Promise<{ cells: Uint32Array; cost: number; bound: number }>; cancel(): void };

  /** The distances by name. */
  const distances: Readonly<Record<string, { usesSigma: boolean; hasFloor: boolean; usesCovariances: boolean }>>;

  type NativeActivation = "linear" | "relu" | "relu6" | "sigmoid" | "elu" | "leakyrelu";

  /**
   * Products and convolutions of float32 tensors that lie in one ArrayBuffer, on threads of its own. Tensors are given by their
   * byte offsets, results are written in place before the call returns, and nothing outside the tensors is touched: a tensor
   * that would reach beyond the buffer throws a RangeError. The same bits with any number of threads.
   */
  class Network {
    constructor(threads: number);
    /** out (m x n) = activation(op(a) op(b) + bias), where op(a) is m x k and stored transposed if the flag says so. */
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
     * @param shape batch, height, width and channels of x; height, width, vertical and horizontal stride of the filter; zeros
     * that pad the top and the left; height, width and channels of y
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
    /** A step of Adam on `count` numbers: values and moments before it, and where they go after it. */
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
     * Batch normalization of the columns of x (rows x cols) and a ReLU: y = max(0, gamma * (x - mean) / sqrt(variance + epsilon) +
     * beta). Writes y and the mean and the variance of every column.
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
   * Fills `values` with standard normal numbers and moves the state of xoshiro128++, four words, on. Undefined where networks are not
   * trained natively.
   */
  const drawNormals: ((state: Int32Array, values: Float32Array) => void) | undefined;

  /** The instruction set in use: "baseline", "avx2", "avx512" or "wasm-simd128". */
  const isa: string;

  /** What computes, and where that was not the first choice, why. */
  const backend: { readonly name: "native" | "wasm"; readonly reason?: string };
}

export = binding;
