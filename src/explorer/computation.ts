import { abortError, throwIfAborted } from "../abort.js";
import { AbortError } from "../errors.js";
import type { Matrix } from "../matrix.js";
import type { ResolvedTsneOptions, Stage, Tsne, TsneProgress, TsneResult, TsneSnapshot } from "../tsne/index.js";
import type { ComputationState } from "./protocol.js";

/** A computation with a visible state. Some computations can also be stopped and continued. */
export interface Computation {
  readonly state: ComputationState;
  /** Current positions of the points, n x 2; undefined before there is an embedding. */
  readonly positions?: Float32Array | undefined;
  stop?(): void;
  continue?(): void;
}

/** Called whenever the state of a computation changes. */
export type ComputationListener = (state: ComputationState) => void;

/** The initial state of a computation that has not begun. */
export const waiting = (
  run: Pick<ComputationState, "id" | "kind" | "title"> & Partial<ComputationState>,
): ComputationState => ({
  state: "waiting",
  message: "",
  iteration: 0,
  iterations: null,
  fraction: null,
  loss: null,
  parts: {},
  layout: null,
  controllable: false,
  ...run,
});

/** A computation that reports its progress as a fraction, such as encoding or measuring. */
export class Preparation implements Computation {
  state: ComputationState;

  constructor(
    id: string,
    title: string,
    private readonly report: ComputationListener,
  ) {
    this.state = waiting({ id, kind: "preparation", title });
  }

  /** Runs `work`, which reports its progress as a fraction from 0 to 1. */
  async run<T>(work: (onProgress: (fraction: number) => void) => Promise<T>): Promise<T> {
    this.update({ state: "running", fraction: 0 });
    try {
      const result = await work((fraction) => this.update({ fraction }));
      this.update({ state: "finished", fraction: 1 });
      return result;
    } catch (error) {
      this.update(failed(error));
      throw error;
    }
  }

  private update(change: Partial<ComputationState>): void {
    this.state = { ...this.state, ...change };
    this.report(this.state);
  }
}

/** The state of a computation that failed. */
export const failed = (error: unknown): Partial<ComputationState> => ({
  state: "failed",
  message: error instanceof Error ? error.message : String(error),
  controllable: false,
});

const STAGES: Readonly<Record<Stage, string>> = {
  pca: "Principal components",
  neighbors: "Finding neighbors",
  affinities: "Computing affinities",
  initialization: "Computing initial positions",
  optimization: "Gradient descent",
};

/** The part of a `Tsne` that an {@link EmbeddingComputation} uses. The class for browsers has it, too. */
export interface EmbeddingRun {
  readonly iteration: number;
  /** The class for browsers has no options before its first fit. */
  readonly options: Pick<ResolvedTsneOptions, "iterations"> | undefined;
  fit(iterations?: number): Promise<TsneResult>;
  stop(): void;
}

/** Creates a run that reports its progress to `callbacks`. */
export type CreateTsne<Run extends EmbeddingRun = Tsne> = (callbacks: {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TsneProgress) => void;
  readonly onSnapshot: (snapshot: TsneSnapshot) => void;
}) => Run | Promise<Run>;

/** A t-SNE computation with a visible state that can be stopped and continued. */
export class EmbeddingComputation<Run extends EmbeddingRun = Tsne> implements Computation {
  state: ComputationState;
  positions: Float32Array | undefined;
  /** Positions of the points before the first iteration. */
  start: Matrix | undefined;
  private tsne: Run | undefined;
  private isStopping = false;
  private resume: (() => void) | undefined;
  private noteStopped: () => void = () => {};
  /** Resolves when the embedding is stopped for the first time. */
  readonly stopped = new Promise<void>((resolve) => {
    this.noteStopped = resolve;
  });

  constructor(
    id: string,
    title: string,
    private readonly create: CreateTsne<Run>,
    private readonly report: ComputationListener,
  ) {
    this.state = waiting({ id, kind: "embedding", title, layout: id });
  }

  /**
   * Runs to the last iteration. The promise stays pending while the embedding is stopped, until it is continued and
   * finished.
   *
   * @param isStopped whether to wait for {@link continue} before the first iteration
   * @throws {AbortError} if the signal is aborted
   */
  async run(signal: AbortSignal, isStopped = false): Promise<{ tsne: Run; result: TsneResult }> {
    try {
      this.tsne = await this.create({
        signal,
        onProgress: (progress) => this.follow(progress),
        onSnapshot: ({ embedding }) => {
          this.positions = embedding.data as Float32Array;
        },
      });
      const { tsne } = this;
      const iterations = tsne.options?.iterations ?? "auto";
      this.update({ iterations: iterations === "auto" ? null : iterations, controllable: true });
      if (isStopped) await this.pause(signal);
      for (;;) {
        this.isStopping = false;
        this.update({ state: "running" });
        const result = await this.advance(tsne, signal);
        if (result) this.positions = result.embedding.data as Float32Array;
        if (result && !this.isStopping) {
          this.update({ state: "finished", message: "", iteration: tsne.iteration, loss: result.kl, fraction: 1 });
          this.update({ controllable: false });
          return { tsne, result };
        }
        await this.pause(signal);
      }
    } catch (error) {
      this.update(failed(error));
      throw error;
    }
  }

  stop(): void {
    if (this.state.state !== "running") return;
    this.isStopping = true;
    this.update({ message: "Stopping" });
    this.tsne?.stop();
  }

  continue(): void {
    this.resume?.();
  }

  /** Marks the embedding as failed before it begins. */
  fail(error: unknown): void {
    this.update(failed(error));
  }

  /** @returns undefined if the embedding was stopped before it had positions */
  private async advance(tsne: Run, signal: AbortSignal): Promise<TsneResult | undefined> {
    try {
      if (tsne.iteration === 0) {
        const { embedding } = await tsne.fit(0);
        this.start ??= embedding;
        this.positions = embedding.data as Float32Array;
        if (this.isStopping) return undefined;
      }
      return await tsne.fit();
    } catch (error) {
      if (error instanceof AbortError && this.isStopping && !signal.aborted) return undefined;
      throw error;
    }
  }

  private async pause(signal: AbortSignal): Promise<void> {
    this.update({ state: "stopped", message: "Stopped", iteration: this.tsne?.iteration ?? 0 });
    this.noteStopped();
    throwIfAborted(signal);
    let abort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.resume = resolve;
        abort = () => reject(abortError(signal));
        signal.addEventListener("abort", abort, { once: true });
      });
    } finally {
      this.resume = undefined;
      if (abort) signal.removeEventListener("abort", abort);
    }
  }

  private follow({ stage, fraction, iteration, iterations, kl }: TsneProgress): void {
    this.update({
      message: STAGES[stage],
      iteration,
      iterations: iterations ?? null,
      fraction,
      loss: kl ?? this.state.loss,
    });
  }

  private update(change: Partial<ComputationState>): void {
    this.state = { ...this.state, ...change };
    this.report(this.state);
  }
}
