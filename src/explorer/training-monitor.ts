import { once } from "node:events";
import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { abortError } from "../abort.js";
import {
  checkpointPath,
  isLocked,
  type RunConfig,
  readTensorFile,
  ScalarReader,
  type TrainingState,
} from "../vae/without-tensorflow.js";
import { type Computation, type ComputationListener, failed, waiting } from "./computation.js";
import type { ComputationState } from "./protocol.js";
import type { TrainingReport } from "./training-thread.js";

/** Milliseconds between two checks of the folder. */
const PAUSE = 1000;

/**
 * A training in a folder. While another process trains, its checkpoints and log are read here. A stopped training can
 * be continued on its own thread.
 */
export class TrainingMonitor implements Computation {
  state: ComputationState;
  private readonly log: ScalarReader;
  /** Total number of steps; undefined if it is unknown. */
  private readonly steps: number | undefined;
  /** Modification time of the checkpoint that was read last. */
  private seen = 0;
  private thread: Worker | undefined;
  private failure = "";

  constructor(
    private readonly folder: string,
    { model = "a model", dataset, training }: RunConfig,
    private readonly report: ComputationListener,
  ) {
    const title = `Training of ${model} on ${dataset?.name ?? "images"}`;
    this.state = waiting({ id: "training", kind: "training", title, iterations: training?.epochs ?? null });
    this.steps = training?.maxSteps;
    this.log = new ScalarReader(join(folder, "logs"));
  }

  /**
   * Monitors the training until it is finished.
   *
   * @throws {AbortError} if the signal is aborted; a training that runs in this process has then written a checkpoint
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!(await this.look())) {
        await setTimeout(PAUSE, undefined, { signal }).catch(() => {
          throw abortError(signal);
        });
      }
    } catch (error) {
      this.update(failed(error));
      throw error;
    } finally {
      await this.end();
    }
  }

  /**
   * Only a training that this server continued can be stopped here. Other trainings must be stopped in the process that
   * started them.
   */
  stop(): void {
    if (!this.thread || this.state.state !== "running") return;
    this.update({ message: "Stopping" });
    this.thread.postMessage("stop");
  }

  continue(): void {
    if (this.thread || this.state.state !== "stopped") return;
    this.failure = "";
    const path = createRequire(import.meta.url).resolve("#training-thread");
    const thread = new Worker(path, { workerData: { folder: this.folder } });
    this.thread = thread;
    this.update({ state: "running", message: "Starting" });
    thread.on("message", ({ epoch, step, steps, loss }: TrainingReport) => {
      const parts = prefixed("batch", loss);
      this.update({
        message: "",
        iteration: epoch - 1,
        fraction: step / steps,
        loss: loss.loss ?? null,
        parts: { ...this.state.parts, ...parts },
      });
    });
    thread.on("error", (error) => {
      this.failure = error.message;
    });
    thread.on("exit", () => {
      this.thread = undefined;
    });
  }

  private async end(): Promise<void> {
    if (!this.thread) return;
    const { thread } = this;
    const gone = once(thread, "exit").catch(() => {});
    thread.postMessage("stop");
    await gone;
  }

  /**
   * Reads new checkpoints and log lines from the folder.
   *
   * @returns whether the training is finished
   */
  private async look(): Promise<boolean> {
    // Check the lock first. If no training holds it now, the files that are read afterwards are final.
    const isAtWork = this.thread !== undefined || (await isLocked(this.folder));
    const isDone = await this.hasResult();
    await this.readCheckpoint();
    await this.readLog();
    if (isDone && !isAtWork) {
      const loss = this.state.parts["train/loss"] ?? this.state.loss;
      this.update({ state: "finished", message: "", fraction: 1, loss, controllable: false });
      return true;
    }
    if (this.thread) this.update({ state: "running", controllable: true });
    else if (isAtWork) this.update({ state: "running", message: "Running in another process", controllable: false });
    else this.update({ state: "stopped", message: this.failure || "Stopped", controllable: true });
    return false;
  }

  private async hasResult(): Promise<boolean> {
    const names = ["model/model.safetensors", "metrics.json"];
    const found = await Promise.all(names.map((name) => stat(join(this.folder, name)).catch(() => undefined)));
    return found.every(Boolean);
  }

  private async readCheckpoint(): Promise<void> {
    const path = checkpointPath(this.folder);
    const { mtimeMs = 0 } = (await stat(path).catch(() => undefined)) ?? {};
    if (mtimeMs <= this.seen) return;
    this.seen = mtimeMs;
    // A damaged checkpoint is ignored here. Resuming the training from it reports the error.
    const file = await readTensorFile(path).catch(() => undefined);
    if (!file) return;
    const { epoch, step, history } = file.facts.state as TrainingState;
    const last = history.at(-1);
    this.update({
      iteration: epoch,
      fraction: this.steps ? step / this.steps : null,
      loss: last?.train.loss ?? this.state.loss,
      parts: {
        ...this.state.parts,
        ...prefixed("train", last?.train),
        ...prefixed("validation", last?.validation),
      },
    });
  }

  private async readLog(): Promise<void> {
    const logged = await this.log.read();
    if (Object.keys(logged).length === 0) return;
    const loss = logged["batch/loss"] ?? logged["train/loss"] ?? this.state.loss;
    this.update({ loss, parts: { ...this.state.parts, ...logged } });
  }

  private update(change: Partial<ComputationState>): void {
    const isNew = Object.entries(change).some(([key, value]) => this.state[key as keyof ComputationState] !== value);
    this.state = { ...this.state, ...change };
    if (isNew) this.report(this.state);
  }
}

const prefixed = (prefix: string, parts: Readonly<Record<string, number>> | undefined) =>
  Object.fromEntries(Object.entries(parts ?? {}).map(([name, value]) => [`${prefix}/${name}`, value]));
