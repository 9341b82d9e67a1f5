import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { throwIfAborted } from "../../abort.js";
import { ArgumentError, FileError } from "../../errors.js";
import {
  checkPath,
  describeUnused,
  isTableFolder,
  type ListedColumn,
  listColumns,
  readDataset,
  rowsWithPosition,
  takeDataset,
} from "../../io/index.js";
import type { Matrix } from "../../matrix.js";
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

/**
 * A map or points in a file, or in a folder of tables. A table with the columns x and y is a map, and its other columns are what is known of
 * the points, unless the options choose columns of data.
 */
async function openTable(exploration: Exploration, path: string, options: InputOptions): Promise<void> {
  const { signal } = exploration;
  const listed = await listColumns(path, undefined, signal);
  const positions = options.columns === undefined ? positionNames(listed) : undefined;
  const whole = await readDataset(path, {
    ...columnOptions(options),
    ...(positions && { columns: positions }),
    signal,
  });
  const isMap = whole.means.cols === 2;
  // Embeddings have rows without a position where rows of the data were dropped.
  const kept = isMap ? rowsWithBoth(whole.means) : rowsWithPosition(whole.means);
  exploration.setGaps(whole.means.rows, kept);
  const dataset = kept ? takeDataset(whole, kept) : whole;
  requireShape(path, whole.means, dataset.means);
  const { roles } = whole;
  const excluded = roles.unused.filter(({ reason }) => reason === "excluded").map(({ name }) => name);
  const leaveOut = new Set(isMap ? [...roles.data, ...excluded] : excluded);
  const table = { path, roles, listed, leaveOut, strict: options.strict };
  // The other columns are shown, although they are not data.
  exploration.columnReport = whole.report.replace(describeUnused(roles.unused), "").replace("  ", " ").trim();
  const { openMap, openPoints } = await import("./matrix.js");
  return isMap
    ? openMap(exploration, path, { dataset, table }, options)
    : openPoints(exploration, path, { dataset, table }, options);
}

/** The columns of numbers x and y, of a table that has no z. */
function positionNames(listed: readonly ListedColumn[]): string[] | undefined {
  const find = (axis: string) =>
    listed.find(({ name, holds }) => name.toLowerCase() === axis && holds === "numbers")?.name;
  const [x, y, z] = ["x", "y", "z"].map(find);
  return x === undefined || y === undefined || z !== undefined ? undefined : [x, y];
}

/** The rows that have both coordinates, `undefined` where all have them. */
function rowsWithBoth(map: Matrix): Int32Array | undefined {
  const isThere = (i: number) => !Number.isNaN(map.at(i, 0)) && !Number.isNaN(map.at(i, 1));
  const kept = Int32Array.from({ length: map.rows }, (_, i) => i).filter(isThere);
  return kept.length < map.rows ? kept : undefined;
}

function requireShape(path: string, whole: Matrix, kept: Matrix): void {
  const facts = { argument: path, received: whole.shape, accepted: "an embedding of 2 columns, or points of more" };
  if (whole.rows < 1 || whole.cols < 2) {
    const message = `${path}: expected an embedding of 2 columns, or points of more, received ${whole.rows} x ${whole.cols}`;
    throw new ArgumentError("SHAPE_MISMATCH", { ...facts, message });
  }
  if (kept.rows > 0) return;
  const message = `${path}: expected at least one row with a position, but all ${whole.rows} rows lack one`;
  throw new ArgumentError("SHAPE_MISMATCH", { ...facts, message });
}
