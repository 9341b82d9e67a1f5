/** The face of the native addon, for src/ alone: arguments are trusted, so they are checked there first. */
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
  }

  interface NativeNeighbors {
    method: "exact" | "nn-descent" | "given";
    recall: number;
  }

  /** k of each point, nearest first. */
  interface NativeNeighborLists {
    indices: Uint32Array;
    squared: Float32Array;
    k: number;
  }

  interface NativeOptions {
    method: "auto" | "barnes-hut" | "fft" | "exact";
    meshSpacing: number;
    distance: string;
    neighbors: "auto" | "exact" | "nn-descent" | "given";
    varianceFloor: number;
    perplexity: number;
    theta: number;
    dims: number;
    maxIter: number;
    seed: number;
    initialDims: number | undefined;
    init: "pca" | "random" | "given";
    learningRate: number;
    finalLearningRate: number;
    earlyExaggeration: number;
    earlyExaggerationIter: number;
    momentum: number;
    finalMomentum: number;
    threads: number;
  }

  class Run {
    /** Copies its input. Throws an error with `code`, `argument`, `row`, `column` and `value` at a bad number. */
    constructor(
      data: NativeMatrix,
      sigma: NativeMatrix | undefined,
      start: NativeMatrix | undefined,
      options: NativeOptions,
      neighbors: NativeNeighborLists | undefined,
    );
    /** Goes on to iteration `until`, off the main thread; resolves to the KL divergence if `wantsKl`. */
    advance(
      until: number,
      wantsKl: boolean,
      onProgress: ((progress: NativeProgress) => void) | undefined,
    ): Promise<number | undefined>;
    /** Makes a running advance() reject with code ABORTED. */
    cancel(): void;
    /** n x dims, row after row. Like iteration(), neighbors() and seconds(), throws BUSY during advance(). */
    embedding(): Float32Array;
    iteration(): number;
    /** The method in use, `auto` resolved. */
    method(): "barnes-hut" | "fft" | "exact";
    neighbors(): NativeNeighbors;
    seconds(): Record<NativeProgress["stage"], number>;
  }

  interface NativePca {
    mean: Float64Array;
    /** components x d */
    components: Float32Array;
    variances: Float64Array;
    /** n x components */
    scores: Float32Array;
  }

  function pca(
    data: NativeMatrix,
    components: number,
    seed: number,
    threads: number,
  ): { result: Promise<NativePca>; cancel(): void };

  /** The instruction set in use: "baseline", "avx2" or "avx512". */
  const isa: string;
}

export = binding;
