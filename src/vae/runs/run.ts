import { stat } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../../errors.js";
import type { DatasetOrigin } from "../datasets/dataset.js";
import { loadModel } from "../models/load.js";
import type { Model } from "../models/model.js";
import { checkpointPath } from "../training/checkpoint.js";
import { readRunConfig } from "./config.js";

/** A training that is done, as it stands in its folder. */
export interface Run {
  readonly folder: string;
  readonly model: Model;
  /** How its data set was opened; undefined where that is not known. */
  readonly origin: DatasetOrigin | undefined;
  /** Number of training images; undefined where that is not known. */
  readonly trainingCount: number | undefined;
}

/**
 * Opens the folder of a run, or that of a model alone.
 *
 * @throws {FileError} FILE_READ where there is no model, or its training is not done; FILE_FORMAT for damaged files
 */
export async function openRun(folder: string): Promise<Run> {
  const isThere = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );
  if (!(await isThere(folder))) throw new FileError("FILE_READ", folder, "no such file or folder");
  const candidates = [join(folder, "model.safetensors"), join(folder, "model", "model.safetensors")];
  const isDone = (await Promise.all(candidates.map(isThere))).some(Boolean);
  if (!isDone && (await isThere(checkpointPath(folder)))) {
    throw new FileError("FILE_READ", folder, "contains an unfinished training. Resume it first");
  }
  const { dataset } = await readRunConfig(join(folder, "config.json"));
  return { folder, model: await loadModel(folder), origin: dataset?.origin, trainingCount: dataset?.count };
}
