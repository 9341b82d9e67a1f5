import { join } from "node:path";
import { makeFolder } from "../../io/index.js";
import type { Dataset } from "../datasets/dataset.js";
import { type Model, runName } from "../models/index.js";
import { type Run, trainRun } from "../runs/index.js";
import type { TrainingProgress } from "../training/index.js";
import type { ComparedModel } from "./compare-models.js";

/** Options of {@link trainModels}. */
export interface TrainModelsOptions {
  /**
   * Folder for the runs. Each run has its own folder, named after its settings. An existing run is continued, or is
   * used without further training if it is finished.
   */
  readonly folder: string;
  /** Number of passes over all images. */
  readonly epochs: number;
  /** Seed of the training. Default 42. */
  readonly seed?: number | undefined;
  /** Stops the training. */
  readonly signal?: AbortSignal | undefined;
  /** Called before the training of each model. */
  readonly onStart?: ((model: Model, folder: string) => void) | undefined;
  /** Called during the training of each model. */
  readonly onProgress?: ((model: Model, progress: TrainingProgress) => void) | undefined;
}

/** Trains several models on the same images, one after the other. */
export async function trainModels(
  models: readonly Model[],
  dataset: Dataset,
  options: TrainModelsOptions,
): Promise<ComparedModel[]> {
  const { epochs, seed, signal, onStart, onProgress } = options;
  await makeFolder(options.folder);
  const compared: ComparedModel[] = [];
  for (const model of models) {
    const folder = join(options.folder, runName(model, dataset.name));
    onStart?.(model, folder);
    await trainRun(model, dataset, {
      folder,
      epochs,
      seed,
      summary: false,
      signal,
      onProgress: (progress) => onProgress?.(model, progress),
    });
    compared.push({ name: model.name, model, trainingCount: dataset.train.count });
  }
  return compared;
}

/**
 * Chooses a name for the model of each run in a comparison: the name of the model, or the folder of the run if another
 * run has a model with the same name.
 */
export function nameRuns(runs: readonly Run[]): ComparedModel[] {
  return runs.map(({ folder, model, trainingCount }) => {
    const isOnlyOne = runs.filter((other) => other.model.name === model.name).length === 1;
    return { name: isOnlyOne ? model.name : folder.replace(/[\\/]+$/, ""), model, trainingCount };
  });
}
