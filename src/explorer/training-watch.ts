import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readTensorFile } from "../vae/models/safetensors.js";
import type { RunConfig } from "../vae/runs/config.js";
import { ScalarReader } from "../vae/tensorboard/read-scalars.js";
import { checkpointPath, type TrainingState } from "../vae/training/checkpoint.js";
import { isLocked } from "../vae/training/lock.js";
import { failed, type Report, type Watched, waiting } from "./live.js";
import type { LiveRun } from "./protocol.js";

/** Milliseconds between looks at the folder. */
const PAUSE = 1000;

/** A training in a folder, watched through its checkpoints and its log while another process goes on with it. */
export class TrainingWatch implements Watched {
  state: LiveRun;
  private readonly log: ScalarReader;
  /** Steps in all; undefined where that is not known. */
  private readonly steps: number | undefined;
  /** When the checkpoint that was read last was written. */
  private seen = 0;

  constructor(
    private readonly folder: string,
    { model = "a model", dataset, training }: RunConfig,
    private readonly report: Report,
  ) {
    const title = `Training of ${model} on ${dataset?.name ?? "images"}`;
    this.state = waiting({ id: "training", kind: "training", title, iterations: training?.epochs ?? null });
    this.steps = training?.maxSteps;
    this.log = new ScalarReader(join(folder, "logs"));
  }

  /**
   * Watches until the training is done.
   *
   * @throws {AbortError} if the signal is aborted
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const [isAtWork, isDone] = [await isLocked(this.folder), await this.hasModel()];
        await this.look();
        if (isDone && !isAtWork) {
          this.update({ state: "finished", message: "", fraction: 1 });
          return;
        }
        if (isAtWork) this.update({ state: "running", message: "" });
        else this.update({ state: "stopped", message: "Stopped: train --resume goes on with it" });
        await setTimeout(PAUSE, undefined, { signal });
      }
    } catch (error) {
      this.update(failed(error));
      throw error;
    }
  }

  private async hasModel(): Promise<boolean> {
    const places = ["model/model.safetensors", "metrics.json"];
    const found = await Promise.all(places.map((name) => stat(join(this.folder, name)).catch(() => undefined)));
    return found.every(Boolean);
  }

  private async look(): Promise<void> {
    const path = checkpointPath(this.folder);
    const { mtimeMs = 0 } = (await stat(path).catch(() => undefined)) ?? {};
    if (mtimeMs > this.seen) {
      this.seen = mtimeMs;
      const state = await readTensorFile(path).then(
        ({ facts }) => facts.state as TrainingState,
        // Replaced while it was looked for.
        () => undefined,
      );
      if (state) {
        const { epoch, step, history } = state;
        const last = history.at(-1);
        const parts = { ...prefixed("train", last?.train), ...prefixed("validation", last?.validation) };
        this.update({
          iteration: epoch,
          fraction: this.steps ? step / this.steps : null,
          loss: last?.train.loss ?? this.state.loss,
          parts: { ...this.state.parts, ...parts },
        });
      }
    }
    const logged = await this.log.read();
    if (Object.keys(logged).length === 0) return;
    this.update({
      loss: logged["batch/loss"] ?? logged["train/loss"] ?? this.state.loss,
      parts: { ...this.state.parts, ...logged },
    });
  }

  private update(change: Partial<LiveRun>): void {
    const isNew = Object.entries(change).some(([key, value]) => this.state[key as keyof LiveRun] !== value);
    this.state = { ...this.state, ...change };
    if (isNew) this.report(this.state);
  }
}

const prefixed = (prefix: string, parts: Readonly<Record<string, number>> | undefined) =>
  Object.fromEntries(Object.entries(parts ?? {}).map(([name, value]) => [`${prefix}/${name}`, value]));
