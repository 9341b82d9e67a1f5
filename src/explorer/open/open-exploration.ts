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
 * Opens a source: the folder of a training, a model or a comparison; a saved run; a map (a matrix of two columns); or
 * points (a matrix of more than two columns), whose maps are computed while the page shows the progress.
 *
 * Long computations continue after this function has returned.
 *
 * @throws {FileError} FILE_READ or FILE_FORMAT for a source that cannot be explored
 * @throws {ArgumentError} for options that do not fit the source
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
 * Opens a map or points from a file or from a folder of tables. A table with the columns x and y is a map, and its
 * other columns are properties of the points, unless the options choose data columns.
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
  // An embedding has rows without a position if rows of the data were dropped.
  const kept = isMap ? rowsWithBoth(whole.means) : rowsWithPosition(whole.means);
  exploration.setGaps(whole.means.rows, kept);
  const dataset = kept ? takeDataset(whole, kept) : whole;
  requireShape(path, whole.means, dataset.means);
  const { roles } = whole;
  const excluded = roles.unused.filter(({ reason }) => reason === "excluded").map(({ name }) => name);
  const leaveOut = new Set(isMap ? [...roles.data, ...excluded] : excluded);
  const table = { path, roles, listed, leaveOut, strict: options.strict };
  // The report would call the other columns unused, but the explorer shows them.
  exploration.columnReport = whole.report.replace(describeUnused(roles.unused), "").replace("  ", " ").trim();
  const { openMap, openPoints } = await import("./matrix.js");
  return isMap
    ? openMap(exploration, path, { dataset, table }, options)
    : openPoints(exploration, path, { dataset, table }, options);
}

/** The names of the numeric columns x and y; `undefined` if the table also has a column z. */
function positionNames(listed: readonly ListedColumn[]): string[] | undefined {
  const find = (axis: string) =>
    listed.find(({ name, holds }) => name.toLowerCase() === axis && holds === "numbers")?.name;
  const [x, y, z] = ["x", "y", "z"].map(find);
  return x === undefined || y === undefined || z !== undefined ? undefined : [x, y];
}

/** The rows with both coordinates; `undefined` if all rows have both. */
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
