import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, FileError } from "../../errors.js";
import type { Dataset, DatasetOptions, DatasetOrigin } from "../datasets/dataset.js";
import { openDataset } from "../datasets/index.js";
import { loadModel } from "../models/load.js";
import type { Model } from "../models/model.js";
import { checkpointPath } from "../training/checkpoint.js";

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
  const places = [join(folder, "model.safetensors"), join(folder, "model", "model.safetensors")];
  const isDone = (await Promise.all(places.map(isThere))).some(Boolean);
  if (!isDone && (await isThere(checkpointPath(folder)))) {
    throw new FileError("FILE_READ", folder, "holds a training that is not done; resume it first");
  }
  const { dataset } = await readConfig(join(folder, "config.json"));
  return { folder, model: await loadModel(folder), origin: dataset?.origin, trainingCount: dataset?.count };
}

interface RunConfig {
  readonly dataset?: { readonly count?: number; readonly origin?: DatasetOrigin };
}

async function readConfig(path: string): Promise<RunConfig> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError("FILE_FORMAT", path, "is no JSON", { cause });
  }
}

/**
 * The data set that a run was trained on, or another one.
 *
 * @param source name or path of another one
 * @param options override those of the run's data set, and are those of another one
 * @throws {ArgumentError} INVALID_ARGUMENT where the run's own is not known and no other is given
 */
export async function openRunDataset(
  { origin }: Pick<Run, "origin">,
  source: string | undefined,
  options: DatasetOptions = {},
): Promise<Dataset> {
  if (source !== undefined) return openDataset(source, options);
  if (!origin) {
    const accepted = "the name or the path of a data set: the run does not say on which it was trained";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "dataset", received: source, accepted });
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return openDataset(origin.source, { ...origin.options, ...Object.fromEntries(given) });
}
