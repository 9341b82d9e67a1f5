import { AbortError, ArgumentError, SigmaTsneError } from "../errors.js";
import type { MatrixLike } from "../matrix.js";
import type {
  NeighborGraph,
  PlacementOptions,
  PlacementResult,
  ResolvedTsneOptions,
  TsneOptions,
  TsneResult,
} from "../tsne/index.js";
import { Computer } from "./computer.js";

interface Made {
  options: ResolvedTsneOptions;
  warnings: readonly string[];
  shape: [number, number];
}

/**
 * One embedding in its own worker, which keeps its state. You can fit some iterations, inspect the embedding, continue,
 * stop, and place new points. It works like the class with the same name for Node.js, with these differences. The first
 * call of {@link fit} checks the data and rejects if they are invalid, whereas the constructor for Node.js throws. Runs
 * cannot be saved to files. {@link end} frees the worker with its memory.
 */
export class Tsne {
  readonly #data: MatrixLike | NeighborGraph;
  readonly #given: TsneOptions;
  #computer: Computer | undefined;
  #made: Promise<Made> | undefined;
  #facts: Made | undefined;
  #iteration = 0;
  #isFinished = false;
  #fitting: AbortController | undefined;

  /**
   * @param data n x d means, n >= 3, finite; or neighbors, distances or affinities of n points without data
   * @param options those of `runTsne`
   */
  constructor(data: MatrixLike | NeighborGraph, options: TsneOptions = {}) {
    this.#data = data;
    this.#given = options;
  }

  /** Number of completed iterations. */
  get iteration(): number {
    return this.#iteration;
  }

  /** Whether the run is finished, so that {@link fit} without a number of iterations has nothing to do. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** The options with the defaults filled in; `undefined` before the first {@link fit}. */
  get options(): ResolvedTsneOptions | undefined {
    return this.#facts?.options;
  }

  /** Warnings about the result, in sentences; empty before the first {@link fit}. */
  get warnings(): readonly string[] {
    return this.#facts?.warnings ?? [];
  }

  /**
   * Continues gradient descent. The first call also checks the data and computes neighbors and affinities.
   *
   * @param iterations number of further iterations, an integer >= 0. Default: all remaining iterations of the run,
   *   which the option `iterations` defines
   * @returns the embedding after these iterations
   * @throws {ArgumentError} for a bad option or shape, {@link DataError} for values that cannot be embedded
   * @throws {SigmaTsneError} BUSY during another fit
   * @throws {AbortError} if the signal of the options is aborted. During gradient descent, the run stops after its
   *   current iteration and can be continued. The neighbor search is not interrupted.
   */
  async fit(iterations?: number): Promise<TsneResult> {
    if (this.#fitting) throw new SigmaTsneError("BUSY", "the run is still computing: await its other calls first");
    const { signal, onProgress, onSnapshot } = this.#given;
    if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
    const stopping = new AbortController();
    const abort = () => stopping.abort();
    signal?.addEventListener("abort", abort, { once: true });
    this.#fitting = stopping;
    try {
      await this.#make();
      const callbacks = { ...(onProgress && { onProgress }), ...(onSnapshot && { onSnapshot }) };
      const computer = this.#computer as Computer;
      const call = computer.call<{ result: TsneResult; isFinished: boolean }>(
        "fit",
        [iterations, callbacks],
        stopping.signal,
      );
      const { result, isFinished } = await call;
      this.#iteration = result.iterations;
      this.#isFinished = isFinished;
      if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
      return result;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#fitting = undefined;
    }
  }

  /**
   * Ends a running {@link fit} after its current iteration: it resolves to the embedding at that iteration, or rejects
   * with an {@link AbortError} if there is no embedding yet. A later fit() continues from there.
   */
  stop(): void {
    this.#fitting?.abort();
  }

  /**
   * Places new points into the current embedding, which does not change.
   *
   * @param newMeans m x d, with as many columns as the data of the run, finite; m may be 0
   * @throws {ArgumentError} for a bad option or shape, or a run without an embedding; {@link DataError} for NaN and
   *   infinities
   */
  async place(newMeans: MatrixLike, options: PlacementOptions = {}): Promise<PlacementResult> {
    if (!this.#computer || this.#iteration === 0) {
      throw new ArgumentError("INVALID_ARGUMENT", {
        argument: "run",
        received: this,
        accepted: "a run that has an embedding",
        message: "run: it has no embedding yet. Await its fit() first",
      });
    }
    return this.#computer.call("place", [newMeans, options], options.signal);
  }

  /**
   * Ends the worker and frees its memory. Running calls and all later calls are rejected with an {@link AbortError}.
   */
  end(): void {
    this.#computer?.end();
  }

  /** Starts the worker and creates the run in it, unless this was already done. */
  async #make(): Promise<void> {
    this.#computer ??= new Computer();
    this.#made ??= this.#computer.call<Made>("construct", [this.#data, this.#given]);
    try {
      this.#facts = await this.#made;
    } catch (error) {
      this.#made = undefined;
      throw error;
    }
  }
}
