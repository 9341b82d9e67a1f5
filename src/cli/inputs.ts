import type { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { readLabels, readMatrix } from "../io/index.js";
import type { Matrix } from "../matrix.js";
import type { RowRange } from "./values.js";

/** The files that commands read, and which of their rows. */
export interface InputPaths {
  readonly data: string;
  readonly sigma?: string | undefined;
  readonly init?: string | undefined;
  readonly embedding?: string | undefined;
  readonly labels?: string | undefined;
  readonly rows?: RowRange | undefined;
  readonly meanColumn?: string | undefined;
  readonly sigmaColumn?: string | undefined;
}

/** Which columns of Parquet and Arrow files are read. */
export interface ColumnFlags {
  meanColumn?: string;
  sigmaColumn?: string;
}

export function addColumnOptions(command: Command): Command {
  return command
    .option(
      "--mean-column <name>",
      "of .parquet and .arrow, the column of the data: lists of numbers, or numbers (default: all columns of numbers, or the only one of lists)",
    )
    .option("--sigma-column <name>", "the same for --sigma, which may be left out where it is the file of the data");
}

/** The flags with the file of the standard deviations, which is that of the data where only a column of it is named. */
export const withSigmaPath = <T extends ColumnFlags & { sigma?: string }>(data: string, flags: T): T =>
  flags.sigma === undefined && flags.sigmaColumn !== undefined ? { ...flags, sigma: data } : flags;

export interface Inputs {
  readonly data: Matrix;
  readonly sigma: Matrix | undefined;
  readonly init: Matrix | undefined;
  readonly embedding: Matrix | undefined;
  readonly labels: string[] | undefined;
}

/**
 * Reads what there is to read and cuts out the rows asked for; files with another number of rows than the data are taken as
 * they are, as they may have been cut already.
 *
 * @throws {FileError} for a file that cannot be read or understood
 * @throws {ArgumentError} OUT_OF_RANGE for rows that the data do not have, SHAPE_MISMATCH for another number of labels than points
 */
export async function readInputs(paths: InputPaths, signal: AbortSignal): Promise<Inputs> {
  const whole = await readMatrix(paths.data, { column: paths.meanColumn, signal });
  const [start, end] = paths.rows ? resolveRows(paths.rows, whole.rows, paths.data) : [0, whole.rows];
  const read = async (path: string | undefined, column?: string) => {
    const matrix = path === undefined ? undefined : await readMatrix(path, { column, signal });
    return matrix?.rows === whole.rows ? matrix.slice(start, end) : matrix;
  };
  const sigma = await read(paths.sigma, paths.sigmaColumn);
  const init = await read(paths.init);
  const embedding = await read(paths.embedding);
  const allLabels = paths.labels === undefined ? undefined : await readLabels(paths.labels, { signal });
  const labels = allLabels?.length === whole.rows ? allLabels.slice(start, end) : allLabels;
  if (labels && paths.labels !== undefined) checkLabels(labels, end - start, paths.labels);
  return { data: whole.slice(start, end), sigma, init, embedding, labels };
}

/** @throws {ArgumentError} SHAPE_MISMATCH unless there is a label for each of `n` points */
export function checkLabels(labels: readonly string[], n: number, path: string): void {
  if (labels.length === n) return;
  throw new ArgumentError("SHAPE_MISMATCH", {
    argument: path,
    received: labels,
    accepted: `${n} labels, one a point`,
    message: `${path}: expected ${n} labels, one a point, received ${labels.length}`,
  });
}

export function resolveRows(range: RowRange, count: number, path: string): [number, number] {
  const fromStart = (row: number) => (row < 0 ? count + row : row);
  const [start, end] = [fromStart(range.start), fromStart(range.end ?? count)];
  if (start >= 0 && start < end && end <= count) return [start, end];
  throw new ArgumentError("OUT_OF_RANGE", {
    argument: "--rows",
    received: range.text,
    accepted: `at least one of the ${count} rows of ${path}, and none beyond them`,
  });
}
