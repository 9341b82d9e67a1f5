import { stat } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../../errors.js";
import type { DatasetOrigin } from "../datasets/dataset.js";
import { loadModel, restoreModel } from "../models/load.js";
import type { Model } from "../models/model.js";
import { checkpointPath, readAnyCheckpoint, withPrefix } from "../training/checkpoint.js";
import { readRunConfig } from "./config.js";

/** A training and its current state, as they are stored in the folder of the run. */
export interface Run {
  readonly folder: string;
  readonly model: Model;
  /** How the data set was opened; undefined if unknown. */
  readonly origin: DatasetOrigin | undefined;
  /** Number of training images; undefined if unknown. */
  readonly trainingCount: number | undefined;
  /**
   * Position of an unfinished training: the epoch and step of the checkpoint that contains the weights of the model;
   * undefined if the training is finished.
   */
  readonly checkpoint: { readonly epoch: number; readonly step: number } | undefined;
}

/**
 * Opens the folder of a run, or of a model alone. If the training is not finished, the model has the weights of its
 * checkpoint.
 *
 * @throws {FileError} FILE_READ if there is no model and no checkpoint; FILE_FORMAT for damaged files
 */
export async function openRun(folder: string): Promise<Run> {
  const isThere = (path: string) => stat(path).then(Boolean, () => false);
  if (!(await isThere(folder))) throw new FileError("FILE_READ", folder, "no such file or folder");
  const { dataset } = await readRunConfig(join(folder, "config.json"));
  const run = { folder, origin: dataset?.origin, trainingCount: dataset?.count };
  const candidates = [join(folder, "model.safetensors"), join(folder, "model", "model.safetensors")];
  const isDone = (await Promise.all(candidates.map(isThere))).some(Boolean);
  const path = checkpointPath(folder);
  if (isDone || !(await isThere(path))) return { ...run, model: await loadModel(folder), checkpoint: undefined };
  const { found, checkpoint } = await readAnyCheckpoint(path);
  const model = await restoreModel(path, found, withPrefix(checkpoint.tensors, "weights/"));
  const { epoch, step } = checkpoint.state;
  return { ...run, model, checkpoint: { epoch, step } };
}
