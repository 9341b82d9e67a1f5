import { stat } from "node:fs/promises";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { AbortError, FileError } from "../errors.js";
import {
  createModel,
  type ModelName,
  type ModelOptions,
  openRunDataset,
  selectBackend,
  type TrainOptions,
  trainRun,
} from "../vae/index.js";
import { readRunConfig } from "../vae/without-tensorflow.js";

/** Progress report of a continued training. */
export interface TrainingReport {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: Readonly<Record<string, number>>;
}

// Any message to this thread stops the training after the current step, with a checkpoint.
const controller = new AbortController();
const { signal } = controller;
parentPort?.once("message", () => controller.abort());

try {
  await resume((workerData as { folder: string }).folder);
} catch (error) {
  if (!(error instanceof AbortError)) throw error;
} finally {
  parentPort?.close();
}

/** Continues the training in a folder with its original settings. */
async function resume(folder: string): Promise<void> {
  const {
    model: name,
    configuration,
    dataset: trained,
    training = {},
  } = await readRunConfig(join(folder, "config.json"));
  if (!name || !configuration || !trained?.origin) {
    throw new FileError("FILE_FORMAT", folder, "does not contain the model and the images of a training");
  }
  await selectBackend();
  const dataset = await openRunDataset({ origin: trained.origin }, undefined, { signal });
  const model = createModel(name as ModelName, configuration as ModelOptions<ModelName>);
  try {
    const summary = await stat(join(folder, "logs")).then(Boolean, () => false);
    await trainRun(model, dataset, {
      ...(training as TrainOptions),
      folder,
      summary,
      signal,
      onProgress: ({ epoch, step, steps, loss }) =>
        parentPort?.postMessage({ epoch, step, steps, loss } satisfies TrainingReport),
    });
  } finally {
    model.dispose();
    await dataset.close();
  }
}
