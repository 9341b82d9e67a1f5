import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { throwIfAborted } from "../../abort.js";
import { ArgumentError, FileError } from "../../errors.js";
import { checkPath, isTableFolder, readDataset, rowsWithPosition, takeDataset } from "../../io/index.js";
import { isSavedRun } from "../../tsne/index.js";
import { Exploration } from "../exploration.js";
import { columnOptions, type InputOptions } from "../options.js";
import { SavedSelections } from "../saved-selections.js";

/**
 * Opens what is to be explored: the folder of a training, a model or a comparison; a saved run; a map (a matrix of two columns);
 * or points, whose maps are computed while they are looked at (a matrix of more columns).
 *
 * What takes long goes on after this has returned.
 *
 * @throws {FileError} FILE_READ or FILE_FORMAT for what cannot be explored
 * @throws {ArgumentError} for options that do not fit it
 */
export async function openExploration(
  source: string,
  options: InputOptions = {},
  signal?: AbortSignal,
): Promise<Exploration> {
  checkPath(source);
  const status = await stat(source).catch(() => undefined);
  if (!status) throw new FileError("FILE_READ", source, "no such file or folder");
  const exploration = new Exploration(basename(resolve(source)));
  const stop = () => void exploration.close();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    throwIfAborted(signal);
    exploration.selections = await SavedSelections.open(`${resolve(source)}.selections.json`);
    if (status.isDirectory()) await openFolder(exploration, source, options);
    else await openFile(exploration, source, options);
    throwIfAborted(signal);
    return exploration;
  } catch (error) {
    await exploration.close();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

async function openFolder(exploration: Exploration, folder: string, options: InputOptions): Promise<void> {
  const training = ["model.safetensors", "model/model.safetensors", "checkpoint/checkpoint.safetensors"];
  const isThere = (name: string) => stat(join(folder, name)).then(Boolean, () => false);
  if ((await Promise.all(training.map(isThere))).some(Boolean)) {
    const { openTraining } = await import("./training.js");
    return openTraining(exploration, folder, options);
  }
  const { METRICS_KIND } = await import("../../compare/index.js");
  const metrics = await readFile(join(folder, "metrics.json"), "utf8").catch(() => "");
  if (metrics.includes(METRICS_KIND)) {
    const { openComparison } = await import("./comparison.js");
    return openComparison(exploration, folder, options);
  }
  if (await isTableFolder(folder)) return openTable(exploration, folder, options);
  const reason =
    "is neither the folder of a training or a model (train --run-dir), nor that of a comparison (compare -o), nor one of tables";
  throw new FileError("FILE_FORMAT", folder, reason);
}

async function openFile(exploration: Exploration, path: string, options: InputOptions): Promise<void> {
  if (await isSavedRun(path)) {
    const { openSavedRun } = await import("./saved-run.js");
    return openSavedRun(exploration, path, options);
  }
  return openTable(exploration, path, options);
}

/** A map or points in a file, or in a folder of tables. */
async function openTable(exploration: Exploration, path: string, options: InputOptions): Promise<void> {
  const { strict } = options;
  const whole = await readDataset(path, { ...columnOptions(options), strict, signal: exploration.signal });
  // Embeddings have rows without a position where rows of the data were dropped.
  const kept = rowsWithPosition(whole.means);
  exploration.setGaps(whole.means.rows, kept);
  exploration.columnReport = whole.report;
  const dataset = kept ? takeDataset(whole, kept) : whole;
  const { means: matrix } = dataset;
  if (matrix.rows < 1 || matrix.cols < 2) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument: path,
      received: matrix.shape,
      accepted: "an embedding of 2 columns, or points of more",
      message: `${path}: expected an embedding of 2 columns, or points of more, received ${matrix.rows} x ${matrix.cols}`,
    });
  }
  const { openMap, openPoints } = await import("./matrix.js");
  return matrix.cols === 2
    ? openMap(exploration, path, dataset, options)
    : openPoints(exploration, path, dataset, options);
}
