import { abortError } from "../abort.js";
import { rejectUnknown, requireOptions, requireSignal, shapeMismatch } from "../arguments.js";
import { awaitNative, binding, type NativeProgress, type NativeStateShape, withTranslation } from "../binding.js";
import { AbortError, ArgumentError, DataError, SigmaTsneError } from "../errors.js";
import { describeFarValue } from "../far-value.js";
import { Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import type { FittedPreparation } from "../preparation/index.js";
import { isSparse, type SparseMatrixLike } from "../sparse-matrix.js";
import { covarianceOption, readCovariances } from "./covariances.js";
import { type MethodName, RUN_CONTROLS, type TsneProgress, type TsneSnapshot } from "./declarations.js";
import { givenGraph, toPoints, withGraph } from "./given-graph.js";
import { checkNeighbors, type NeighborGraph } from "./given-neighbors.js";
import { givenStart } from "./given-start.js";
import { estimateResolved, inGiB, requireMemory, spreadOf } from "./memory.js";
import { type ResolvedTsneOptions, resolveTsneOptions, type TsneOptions, toNative } from "./options.js";
import { describePerplexity, neighborCount } from "./perplexity.js";
import { type PlacementOptions, type PlacementResult, placePoints } from "./placement.js";
import { RestoredRun, type RunParts, readRun, writeRun } from "./run-file.js";
import { toDenseData } from "./sparse-data.js";

/** Duration of each stage in seconds; 0 for unused stages. */
export interface TsneSeconds {
  pca: number;
  neighbors: number;
  affinities: number;
  initialization: number;
  optimization: number;
  /**
   * From the call to the result, including the check and copy of the input, excluding pauses between calls of {@link
   * Tsne.fit}.
   */
  total: number;
}

/**
 * The reason for the end of a run. `"converged"`: the KL divergence fell by less than `tolerance` within 50 iterations.
 * `"limit"`: it had not converged after `maxIterations`. `"iterations"`: all requested iterations are done. `"stop"`:
 * {@link Tsne.stop} was called.
 */
export type StopReason = "converged" | "limit" | "iterations" | "stop";

/** An embedding and facts about its run. */
export interface TsneResult {
  /** n x outputDimensions positions, float32, in the order of the input, centered. */
  embedding: Matrix;
  /** KL divergence KL(P||Q) of the embedding from the affinities in nats, without exaggeration. Lower is better. */
  kl: number;
  /** Completed iterations. */
  iterations: number;
  /** The reason for the end of the last {@link Tsne.fit}. */
  stopped: StopReason;
  /** The method used for repulsion. */
  method: "barnes-hut" | "fft" | "exact";
  /**
   * The source of the neighbors, and the fraction of true neighbors among them: 1 for an exact search, measured on 512
   * points for cells, and assumed to be 1 for given neighbors.
   */
  neighbors: { method: "exact" | "cells" | "given"; recall: number };
  /**
   * The variance floor in use, in squared units of the data: the option, or its estimate for `"auto"`. `undefined` if
   * the distance has no floor.
   */
  varianceFloor: number | undefined;
  seconds: TsneSeconds;
  /** Warnings about the data or the settings, in sentences; see {@link Tsne.warnings}. */
  warnings: readonly string[];
  /** The resolved options, including defaults. */
  options: ResolvedTsneOptions;
}

/** Options of {@link Tsne.load}: those of {@link TsneOptions} that are not stored in the file. */
export type LoadOptions = Pick<TsneOptions, "threads" | keyof typeof RUN_CONTROLS>;

/**
 * One embedding as an object that keeps its state: fit some iterations, look at the embedding, continue, stop.
 *
 * ```ts
 * const tsne = new Tsne(means, { sigma });
 * let { embedding } = await tsne.fit(250);
 * ({ embedding } = await tsne.fit()); // to the end
 * ```
 */
export class Tsne {
  /** The resolved options, including defaults. */
  readonly options: ResolvedTsneOptions;
  /**
   * Warnings in sentences that name the row: a value far beyond all others, an initial embedding that is too wide, or a
   * method that does not support so few points. Empty for most runs.
   */
  readonly warnings: readonly string[];
  readonly #parts: RunParts;
  readonly #native: RunParts["native"];
  readonly #rows: number;
  readonly #cols: number;
  readonly #onProgress: ((progress: TsneProgress) => void) | undefined;
  readonly #onSnapshot: ((snapshot: TsneSnapshot) => void) | undefined;
  readonly #snapshotEvery: number;
  readonly #signal: AbortSignal | undefined;
  readonly #verbose: boolean;
  readonly #memory: number;
  #iteration = 0;
  #seconds = 0;
  #stopping = false;
  #fitting = false;
  /** Settles when all calls that use the current embedding are done. */
  #exclusive: Promise<unknown> = Promise.resolve();
  #exclusives = 0;

  /**
   * Checks and copies the data. The computation starts with {@link fit}.
   *
   * @param data n x d means, n >= 3, finite; or neighbors, distances or affinities of n points without data
   * @throws {ArgumentError} for a bad option or shape, {@link DataError} for values that cannot be embedded
   */
  constructor(data: MatrixLike | NeighborGraph, options?: TsneOptions);
  /** @internal */
  constructor(restored: RestoredRun, options: LoadOptions);
  constructor(data: MatrixLike | NeighborGraph | RestoredRun, options: TsneOptions = {}) {
    const start = performance.now();
    this.#parts = data instanceof RestoredRun ? data.parts : createRun(data, options);
    const { native, rows, cols, hasSigma, hasCovariance } = this.#parts;
    this.options = this.#parts.options;
    this.warnings = this.#parts.warnings;
    this.#native = native;
    this.#rows = rows;
    this.#cols = cols;
    this.#onProgress = options.onProgress;
    this.#onSnapshot = options.onSnapshot;
    this.#snapshotEvery = options.onSnapshot ? (options.snapshotEvery ?? 10) : 0;
    this.#signal = options.signal;
    this.#verbose = options.verbose ?? false;
    this.#memory = estimateResolved(rows, cols, spreadOf(cols, hasSigma, hasCovariance), this.options).peak;
    this.#iteration = native.iteration();
    this.#seconds = (performance.now() - start) / 1000;
  }

  /**
   * Reads a run that {@link save} wrote. {@link place} can be called immediately. {@link fit} continues from the saved
   * iteration, with results identical in every byte to those of a run that was not saved. For that, it computes the
   * neighbors and affinities again, because they are not in the file.
   *
   * @param options options that the file does not contain; `threads` defaults to all processors
   * @throws {FileError} FILE_READ if the file cannot be read. FILE_FORMAT if it is not a saved run, is cut off, or has
   *   changed bytes. FILE_VERSION if another version of the package must read it
   * @throws {SigmaTsneError} OUT_OF_MEMORY, {@link AbortError}
   */
  static async load(path: string, options: LoadOptions = {}): Promise<Tsne> {
    checkLoadOptions(options);
    return new Tsne(await readRun(path, options), options);
  }

  /**
   * Writes the run to one file, so that {@link load} can restore it: its points, options and the state of its
   * embedding. The file is replaced atomically. The usual extension is .tsne.
   *
   * @param options.preparation the preparation of the data, as returned by {@link prepareData}. After loading, new
   *   points are given in the units before the preparation, and the same preparation is applied to them.
   * @throws {ArgumentError} SHAPE_MISMATCH for a preparation with another number of columns
   * @throws {ArgumentError} INVALID_ARGUMENT if the run has no embedding yet: {@link fit} it first, for example for 0
   *   iterations
   * @throws {FileError} FILE_WRITE if the file cannot be written
   */
  async save(
    path: string,
    options: { signal?: AbortSignal | undefined; preparation?: FittedPreparation | undefined } = {},
  ): Promise<void> {
    const { signal, preparation = this.#parts.preparation } = options;
    requireSignal(signal);
    const columns = (preparation?.scales ?? preparation?.prior)?.center.length ?? this.#cols;
    if (columns !== this.#cols) {
      const accepted = `scales of ${this.#cols} columns, one per column of the data`;
      throw new ArgumentError("SHAPE_MISMATCH", { argument: "preparation", received: columns, accepted });
    }
    const parts = { ...this.#parts, preparation };
    await this.exclusively({ signal }, async (_native, _report, shape) => writeRun(path, parts, shape, signal));
  }

  /**
   * Places new points into the current embedding, which does not change. Each point is placed independently: its
   * position does not depend on the other points that are placed, nor on the number of threads.
   *
   * The nearest neighbors of a new point among the fitted points give affinities with the requested perplexity. The
   * neighbor search is exact and uses the distance of the run and its preparation of the data. The point starts at the
   * weighted median of its neighbors in each coordinate. It then minimizes KL(P_i || Q_i), with q_ij normalized over
   * the fitted points (after Poličar, Stražar & Zupan 2019, "Embedding to reference t-SNE space"), within the bounds of
   * the embedding plus a margin.
   *
   * Concurrent calls wait for each other. Later calls reuse the data structures of the first one.
   *
   * @param newMeans m x d, with as many columns as the data of the run, finite; m may be 0
   * @throws {ArgumentError} for a bad option or shape, a run without an embedding, a run with given neighbors and no
   *   named distance, or one whose `degreesOfFreedom` is not 1
   * @throws {DataError} for NaN and infinities, with the row
   * @throws {SigmaTsneError} BUSY during {@link fit}, OUT_OF_MEMORY
   * @throws {AbortError} if `options.signal` is aborted
   */
  place(newMeans: MatrixLike, options: PlacementOptions = {}): Promise<PlacementResult> {
    return placePoints(this, newMeans, options);
  }

  /** Points and dimensions of the data: `[n, d]`. */
  get shape(): [number, number] {
    return [this.#rows, this.#cols];
  }

  /** The preparation of the data of a loaded run, if there is one. {@link place} applies it to new points as well. */
  get preparation(): FittedPreparation | undefined {
    return this.#parts.preparation;
  }

  /**
   * Upper estimate of the bytes that the run needs in addition to its input.
   *
   * @internal
   */
  get estimatedMemory(): number {
    return this.#memory;
  }

  /** Whether the points have standard deviations or covariances. */
  get hasSigma(): boolean {
    return this.#parts.hasSigma;
  }

  /** Whether the points have covariances. */
  get hasCovariance(): boolean {
    return this.#parts.hasCovariance;
  }

  /**
   * Runs `work` on the current embedding, after the `work` of earlier calls has finished. Fails during {@link fit}.
   *
   * @internal
   */
  exclusively<T>(
    { signal, onProgress }: Pick<PlacementOptions, "signal" | "onProgress">,
    work: (native: RunParts["native"], report: (fraction: number) => void, shape: NativeStateShape) => Promise<T>,
  ): Promise<T> {
    const begin = performance.now();
    const turn = async (): Promise<T> => {
      if (signal?.aborted) throw abortError(signal);
      if (this.#fitting) throw new SigmaTsneError("BUSY", "the run is still computing: await its fit() first");
      const shape = withTranslation(() => this.#native.describeState());
      if (!shape) {
        throw new ArgumentError("INVALID_ARGUMENT", {
          argument: "run",
          received: this,
          accepted: "a run that has an embedding",
          message: "run: it has no embedding yet. Await its fit() first",
        });
      }
      let thrown: { error: unknown } | undefined;
      const report = (fraction: number) => {
        try {
          onProgress?.({ fraction, seconds: (performance.now() - begin) / 1000 });
        } catch (error) {
          thrown = { error };
          throw error;
        }
      };
      try {
        return await awaitNative(work(this.#native, report, shape), () => this.#native.cancel(), signal);
      } catch (error) {
        if (thrown) throw thrown.error;
        throw error;
      }
    };
    this.#exclusives++;
    const result = this.#exclusive.then(turn).finally(() => {
      this.#exclusives--;
    });
    this.#exclusive = result.catch(() => {});
    return result;
  }

  /** Completed iterations. */
  get iteration(): number {
    return this.#iteration;
  }

  /** Whether {@link fit} without an argument would do no further iterations. */
  get isFinished(): boolean {
    return this.#iteration >= this.#end || (this.options.iterations === "auto" && this.#native.hasConverged());
  }

  /** The last possible iteration of the run. */
  get #end(): number {
    const { iterations, maxIterations } = this.options;
    return iterations === "auto" ? (maxIterations as number) : iterations;
  }

  /**
   * Continues gradient descent. The first call also computes neighbors and affinities.
   *
   * @param iterations number of further iterations, an integer >= 0. They are done even if the run has converged or
   *   completed its `iterations`. Default: until the end of the run, which the option `iterations` defines.
   * @returns the embedding after these iterations
   * @throws {AbortError} if the signal is aborted; the run keeps its last iteration and can continue
   */
  async fit(iterations?: number): Promise<TsneResult> {
    if (iterations !== undefined && !(Number.isSafeInteger(iterations) && iterations >= 0)) {
      throw new ArgumentError("OUT_OF_RANGE", {
        argument: "iterations",
        received: iterations,
        accepted: "an integer >= 0",
      });
    }
    if (this.#fitting || this.#exclusives > 0) {
      throw new SigmaTsneError("BUSY", "the run is still computing: await its other calls first");
    }
    if (this.#signal?.aborted) throw abortError(this.#signal);
    this.#fitting = true;
    this.#stopping = false;
    const begin = performance.now();
    const before = this.#seconds;
    const elapsed = () => before + (performance.now() - begin) / 1000;
    const until = iterations === undefined ? Math.max(this.#end, this.#iteration) : this.#iteration + iterations;
    const untilConverged = iterations === undefined && this.options.iterations === "auto";
    let kl: number | undefined;
    try {
      kl = await this.#advance({ until, untilConverged }, elapsed);
    } finally {
      this.#fitting = false;
      this.#iteration = this.#native.iteration();
      this.#seconds = elapsed();
    }
    return {
      embedding: this.#embeddingOf(this.#native.embedding()),
      kl: kl as number,
      iterations: this.#iteration,
      stopped: this.#reasonOfStop(until, untilConverged),
      method: this.#native.method(),
      neighbors: this.#native.neighbors(),
      varianceFloor: this.#native.varianceFloor(),
      seconds: { ...this.#native.seconds(), total: this.#seconds },
      warnings: [...this.warnings, ...describeRecall(this.#native.neighbors())],
      options: this.options,
    };
  }

  /**
   * Ends a running {@link fit} after its current iteration: it resolves to the embedding at that iteration, or rejects
   * with an {@link AbortError} if there is no embedding yet. A later fit() continues from there.
   */
  stop(): void {
    if (!this.#fitting) return;
    this.#stopping = true;
    this.#native.cancel();
  }

  #reasonOfStop(until: number, untilConverged: boolean): StopReason {
    if (untilConverged && this.#native.hasConverged()) return "converged";
    if (this.#iteration < until) return "stop";
    return untilConverged ? "limit" : "iterations";
  }

  #embeddingOf(positions: Float32Array): Matrix {
    return new Matrix(positions, this.#rows, this.options.outputDimensions);
  }

  async #advance(
    { until, untilConverged }: { until: number; untilConverged: boolean },
    elapsed: () => number,
  ): Promise<number | undefined> {
    if (this.#verbose && this.#iteration === 0) {
      const { distance, perplexity, threads } = this.options;
      log(
        `${this.#rows} points x ${this.#cols}, ${distance} distance, ${describePerplexity(perplexity)}, ${threads} threads, up to ${inGiB(this.#memory)} of memory`,
      );
      for (const warning of this.warnings) log(warning);
    }
    const cancel = () => this.#native.cancel();
    let kl: number | undefined;
    let thrown: { error: unknown } | undefined;
    const report = ({ neighbors, embedding, ...progress }: NativeProgress) => {
      kl = progress.kl ?? kl;
      const iterations = untilConverged ? undefined : Math.max(until, this.#end);
      const full = { ...progress, kl, iterations, seconds: elapsed() };
      if (this.#verbose && progress.stage !== "optimization" && progress.fraction === 0) log(`${progress.stage} ...`);
      if (this.#verbose && neighbors && progress.fraction === 0) log(describeNeighbors(neighbors));
      if (this.#verbose && progress.kl !== undefined) {
        log(`iteration ${progress.iteration}: KL ${progress.kl.toFixed(4)}, ${full.seconds.toFixed(1)} s`);
      }
      try {
        this.#onProgress?.(full);
        const { iteration } = progress;
        if (embedding) this.#onSnapshot?.({ iteration, embedding: this.#embeddingOf(embedding), kl: progress.kl });
      } catch (error) {
        thrown = { error };
        throw error;
      }
    };
    const wanted = this.#verbose || this.#onProgress || this.#onSnapshot ? report : undefined;
    try {
      const how = { until, untilConverged, wantsKl: true, onProgress: wanted, snapshotEvery: this.#snapshotEvery };
      return await awaitNative(this.#native.advance(how), cancel, this.#signal);
    } catch (error) {
      // Errors thrown by the caller's own functions are passed on unchanged, even if they look like errors of the core.
      if (thrown) throw thrown.error;
      const resumable = error instanceof AbortError && this.#stopping && !this.#signal?.aborted;
      if (!resumable || this.#native.iteration() === 0) throw error;
      return await awaitNative(
        this.#native.advance({
          until: this.#native.iteration(),
          untilConverged: false,
          wantsKl: true,
          onProgress: undefined,
          snapshotEvery: 0,
        }),
        cancel,
        this.#signal,
      );
    }
  }
}

/**
 * Embeds points, or means with standard deviations, by Barnes-Hut t-SNE (van der Maaten 2014) and resolves to the
 * embedding. The work is done off the main thread.
 *
 * @param data n x d means, n >= 3, finite; or neighbors, distances or affinities of n points without data
 * @param options see {@link TsneOptions}; `sigma`, n x d, makes the run sigma-aware (Ede 2020, arXiv:2003.01113)
 * @throws {ArgumentError} for a bad option or shape, {@link DataError} for values that cannot be embedded,
 *   {@link AbortError} when stopped through `options.signal`
 */
export async function runBhTsne(
  data: MatrixLike | NeighborGraph,
  options: Omit<TsneOptions, "method"> = {},
): Promise<TsneResult> {
  requireOptions(options);
  const method = (options as TsneOptions).method ?? "barnes-hut";
  if (method !== "barnes-hut") {
    const accepted = '"barnes-hut", because other methods need runTsne';
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "method", received: method, accepted });
  }
  return runTsne(data, { ...options, method });
}

/**
 * Embeds points, or means with standard deviations, by t-SNE. It uses `options.method`, or by default the fastest
 * method for the number of points and dimensions, and resolves to the embedding and the name of the method. The work is
 * done off the main thread.
 *
 * @param data n x d means, n >= 3, finite; or neighbors, distances or affinities of n points without data. Sparse data
 *   with more than 1000 columns are reduced to `pca` principal components, by default 50, without a dense copy. Other
 *   sparse data are converted to dense data.
 * @param options see {@link TsneOptions}; `sigma`, n x d, makes the run sigma-aware (Ede 2020, arXiv:2003.01113)
 * @throws the errors of {@link runBhTsne}
 */
export async function runTsne(
  data: MatrixLike | SparseMatrixLike | NeighborGraph,
  options: TsneOptions = {},
): Promise<TsneResult> {
  if (options?.signal?.aborted) throw abortError(options.signal);
  return isSparse(data) ? runSparse(data, options) : new Tsne(data, options).fit();
}

/** Runs sparse data after conversion to dense data. Data with many columns are reduced to principal components. */
async function runSparse(sparse: SparseMatrixLike, options: TsneOptions): Promise<TsneResult> {
  requireOptions(options);
  const begin = performance.now();
  const { pca: asked, seed, threads, signal } = options;
  const reduced = await toDenseData(sparse, asked, { seed, threads, signal });
  const seconds = (performance.now() - begin) / 1000;
  const result = await new Tsne(reduced.data, { ...options, pca: undefined }).fit();
  return {
    ...result,
    seconds: { ...result.seconds, pca: seconds, total: result.seconds.total + seconds },
    warnings: [...reduced.warnings, ...result.warnings],
    options: { ...result.options, pca: reduced.components },
  };
}

/** Describes the iterations of a run, and the reason for its end unless the number was requested. */
export function describeEnd({ iterations, stopped }: Pick<TsneResult, "iterations" | "stopped">): string {
  const reason = { converged: " (converged)", limit: " (not converged)", iterations: "", stop: " (stopped)" }[stopped];
  return `after ${iterations} iterations${reason}`;
}

/** Describes the source of the neighbors. */
export function describeNeighbors({ method, recall }: TsneResult["neighbors"]): string {
  if (method === "given") return "neighbors as given";
  return method === "exact" ? "exact neighbors" : `neighbors from cells, recall ${(100 * recall).toFixed(1)} %`;
}

/** Describes the variance floor in use; undefined for a distance without one. */
export function describeFloor(varianceFloor: number | undefined): string | undefined {
  return varianceFloor === undefined ? undefined : `variance floor ${Number(varianceFloor.toPrecision(3))}`;
}

function checkLoadOptions(options: LoadOptions): void {
  requireOptions(options);
  rejectUnknown(options, ["threads", ...Object.keys(RUN_CONTROLS)]);
  // Applies the checks of a run's options for the smallest possible run.
  resolveTsneOptions(options, 3, 1);
}

function createRun(data: MatrixLike | NeighborGraph, given: TsneOptions): RunParts {
  requireOptions(given);
  const matrix = toPoints(data);
  const { rows, cols } = matrix;
  const asked = withGraph(data, given);
  const graph = givenGraph(asked, rows);
  const options = graph?.perplexity === undefined ? asked : { ...asked, perplexity: graph.perplexity };
  const resolved = resolveTsneOptions(options, rows, cols);
  const hasCovariance = covarianceOption(options) !== undefined;
  requireMemory(rows, cols, spreadOf(cols, options.sigma !== undefined, hasCovariance), resolved);
  const covariance = readCovariances(options, rows, cols);
  const sigma = covariance || options.sigma === undefined ? undefined : toMatrix(options.sigma, "sigma");
  if (sigma && (sigma.rows !== rows || sigma.cols !== cols)) {
    throw shapeMismatch("sigma", sigma, `${rows} x ${cols}, the shape of the data`);
  }
  const start = resolved.init === "given" ? givenStart(options, rows, resolved.outputDimensions) : undefined;
  const lists = graph?.lists && checkNeighbors(graph.lists, rows, neighborCount(resolved.perplexity, rows));
  const native = withTranslation(
    () =>
      new binding.Run({
        data: matrix,
        sigma,
        covariance,
        start: start?.positions,
        options: toNative(resolved),
        neighbors: lists,
        graph: graph?.affinities,
      }),
  );
  const warnings = [
    ...describeFarValue(native.farValue()),
    ...(graph?.warnings ?? []),
    ...(start?.warnings ?? []),
    ...describeMethod(resolved.method, native.method(), rows),
  ];
  return {
    native,
    options: resolved,
    rows,
    cols,
    hasSigma: sigma !== undefined || hasCovariance,
    hasCovariance,
    given: lists,
    affinities: graph?.affinities,
    preparation: undefined,
    warnings,
  };
}

/** Recall below which a warning is given. */
const LEAST_RECALL = 0.95;

/** Returns a warning if a search in cells missed many neighbors. */
export function describeRecall({ method, recall }: TsneResult["neighbors"]): string[] {
  if (method !== "cells" || recall >= LEAST_RECALL) return [];
  const found = `${(100 * recall).toFixed(1)} %`;
  return [
    `The search for neighbors (cells) found ${found} of the true neighbors: expected ${100 * LEAST_RECALL} % or more. Use "exact" for the option neighbors, which takes longer.`,
  ];
}

/** Returns a warning if the requested method does not support so few points. */
function describeMethod(asked: MethodName, used: TsneResult["method"], rows: number): string[] {
  if (asked !== "fft" || used === "fft") return [];
  return [`Method "fft" needs at least 100 points; "${used}" was used for these ${rows}.`];
}

const log = (line: string): void => void process.stderr.write(`sigma-tsne: ${line}\n`);
