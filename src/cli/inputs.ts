import { ArgumentError } from "../errors.js";
import {
  type Dataset,
  inputName,
  positionColumns,
  type RowFacts,
  readDataset,
  readEmbedding,
  readLabels,
  readMatrix,
  rowsWithPosition,
  sliceFacts,
  splitPart,
} from "../io/index.js";
import { Matrix } from "../matrix.js";
import { type FittedPreparation, type PreparedData, prepareData, type SigmaLike } from "../preparation/index.js";
import { type ColumnFlags, datasetOptions, type PreparationFlags, preparationOptions } from "./dataset-flags.js";
import type { RowRange } from "./values.js";

/** The files that commands read, the selection of rows and columns, and the preparation of the data. */
export interface InputPaths extends ColumnFlags, PreparationFlags {
  readonly data: string;
  readonly sigma?: string | undefined;
  readonly init?: string | undefined;
  readonly embedding?: string | undefined;
  readonly labels?: string | undefined;
  readonly rows?: RowRange | undefined;
}

/** The inputs of a command after reading. */
export interface Inputs {
  readonly data: Matrix;
  readonly sigma: Matrix | undefined;
  readonly init: Matrix | undefined;
  readonly embedding: Matrix | undefined;
  /** One label per row of `data`, from --labels or else from the first column of labels in the data file. */
  readonly labels: string[] | undefined;
  readonly points: PointFacts;
  /**
   * The preparation that was applied to the data, such as log1p, to be saved with a run; `undefined` if the data were
   * not prepared.
   */
  readonly preparation: FittedPreparation | undefined;
  /** One line of text that describes the roles of the columns. */
  readonly report: string;
  /** Further notes for the user. */
  readonly notes: readonly string[];
}

/** Facts about all rows of the input, including dropped rows, for tables of results. */
export interface PointFacts {
  readonly rows: number;
  /** For each row of the data, its row number in the input; `undefined` if no row was dropped. */
  readonly kept: Int32Array | undefined;
  readonly facts: RowFacts;
  /** The labels from --labels. */
  readonly labels: readonly string[] | undefined;
}

/**
 * Reads the inputs, cuts out the requested rows and prepares the data. The same rows are cut out of the other files,
 * such as standard deviations. A file that does not have as many rows as the data is read completely, because it may
 * contain only the requested rows.
 *
 * @throws {FileError} for a file that cannot be read
 * @throws {ArgumentError} OUT_OF_RANGE for rows that the data do not have, SHAPE_MISMATCH if the numbers of labels and
 *   points differ
 */
export async function readInputs(typed: InputPaths, signal: AbortSignal): Promise<Inputs> {
  const paths = withOwnColumns(typed);
  const isOther = paths.sigma !== undefined && paths.sigma !== paths.data;
  // --sigma-column refers to the file that --sigma names.
  const choice = datasetOptions(isOther ? { ...paths, sigmaColumn: undefined } : paths);
  const whole = await readDataset(paths.data, { ...choice, signal });
  const n = whole.means.rows;
  const [start, end] = paths.rows ? resolveRows(paths.rows, n, paths.data) : [0, n];
  const cut = (matrix: Matrix | undefined) => (matrix?.rows === n ? matrix.slice(start, end) : matrix);
  const isGiven = isOther || (paths.sigma !== undefined && whole.sigma === undefined);
  if (isGiven && !isOther) {
    const accepted =
      "a file other than the data, or the name of an array of standard deviations in the file of the data";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--sigma", received: paths.sigma, accepted });
  }
  const sigma = isGiven ? await readSigma(paths, paths.sigma as string, signal) : whole.sigma;
  if (paths.sigmaIs !== undefined && sigma === undefined) {
    const accepted = "to be left out without standard deviations, which are given by --sigma or by columns of the data";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--sigma-is", received: paths.sigmaIs, accepted });
  }
  const prepared = prepareData(whole.means.slice(start, end), {
    ...preparationOptions(paths),
    sigma: sigma instanceof Matrix ? cut(sigma) : sigma,
    columns: whole.roles.data,
  });
  const { kept } = prepared;
  const take = (matrix: Matrix | undefined) => {
    const part = cut(matrix);
    return kept && part?.rows === end - start ? part.take(kept) : part;
  };
  const init = paths.init === undefined ? undefined : take(await readEmbedding(paths.init, { signal }));
  const embedding = paths.embedding === undefined ? undefined : take(await readEmbedding(paths.embedding, { signal }));
  const given = await readTypedLabels(paths.labels, n, end - start, signal);
  const typedLabels = given?.length === n ? given.slice(start, end) : given;
  const facts = sliceFacts(whole, start, end);
  const all = typedLabels ?? [...facts.labels.values()][0];
  return {
    data: prepared.means,
    sigma: prepared.sigma,
    init,
    embedding,
    labels: all && (kept ? Array.from(kept, (i) => all[i]) : [...all]),
    points: { rows: end - start, kept, facts, labels: typedLabels },
    preparation: prepared.preparation,
    report: whole.report,
    notes: notesOf(prepared, isGiven && whole.sigma !== undefined),
  };
}

/**
 * Handles labels and standard deviations that are columns of the data file, as in `--labels cells.csv:group`. The paths
 * are replaced by column options, so that these columns are not also used as data.
 */
function withOwnColumns(paths: InputPaths): InputPaths {
  const { file } = splitPart(paths.data);
  const ownPart = (path: string | undefined) => {
    const named = path === undefined ? undefined : splitPart(path);
    return named?.file === file ? named.part : undefined;
  };
  const [label, sigma] = [ownPart(paths.labels), ownPart(paths.sigma)];
  return {
    ...paths,
    ...(label !== undefined && { labels: undefined, labelColumn: [label] }),
    ...(sigma !== undefined && { sigma: paths.data, sigmaColumn: sigma }),
  };
}

const notesOf = ({ notes }: PreparedData, hasUnusedSigma: boolean): string[] => [
  ...notes,
  ...(hasUnusedSigma
    ? ["The standard deviations in the file of the data are not used, because --sigma is given."]
    : []),
];

/** Reads the standard deviations from another file, or returns the number that is given instead of a file. */
async function readSigma(paths: InputPaths, typed: string, signal: AbortSignal): Promise<SigmaLike> {
  if (isNumber(typed)) return Number(typed);
  return readMatrix(typed, { column: paths.sigmaColumn, signal });
}

/** Whether the value of --sigma is a number, not a file. */
export const isNumber = (sigma: string | undefined): boolean =>
  sigma !== undefined && /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(sigma);

/** Returns the value of --sigma if it is a path, for checks of paths. */
export const sigmaPath = (sigma: string | undefined): string | undefined => (isNumber(sigma) ? undefined : sigma);

/**
 * Reads the labels of --labels. There must be one label per row of the data file, or one label per point that remains
 * after the rows were cut out.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH for another number of labels
 */
async function readTypedLabels(
  path: string | undefined,
  n: number,
  points: number,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  if (path === undefined) return undefined;
  const labels = await readLabels(path, { count: n, signal });
  if (labels.length !== n) checkLabels(labels, points, path);
  return labels;
}

/** Reads the labels of a --labels file, one per point. */
export async function readPointLabels(path: string, n: number, signal: AbortSignal): Promise<string[]> {
  const labels = await readLabels(path, { count: n, signal });
  checkLabels(labels, n, path);
  return labels;
}

/** An embedding from a file: the points with a position, and the other facts about them in the file. */
export interface EmbeddingFile {
  readonly positions: Matrix;
  readonly labels: readonly string[] | undefined;
  readonly points: PointFacts;
  readonly dataset: Dataset;
}

/**
 * Reads an embedding: the columns x, y and z of a table that has them, else all columns of data. Rows without a
 * position are left out; they belong to rows that were dropped from the data.
 */
export async function readEmbeddingFile(
  path: string,
  flags: ColumnFlags & { labels?: string },
  signal: AbortSignal,
): Promise<EmbeddingFile> {
  const columns = flags.columns ?? (await positionColumns(path, { signal }));
  const dataset = await readDataset(path, { ...datasetOptions({ ...flags, columns }), signal });
  const { means } = dataset;
  const typed = flags.labels === undefined ? undefined : await readPointLabels(flags.labels, means.rows, signal);
  const kept = rowsWithPosition(means);
  const all = typed ?? firstLabels(dataset);
  return {
    positions: kept ? means.take(kept) : means,
    labels: all && (kept ? Array.from(kept, (i) => all[i]) : all),
    points: { rows: means.rows, kept, facts: dataset, labels: typed },
    dataset,
  };
}

const firstLabels = ({ labels }: Dataset): readonly string[] | undefined => [...labels.values()][0];

/** Returns lines that are printed before the work begins: the columns in use, and other notes. */
export const describeInputs = (
  path: string,
  { report, notes = [] }: { report: string; notes?: readonly string[] },
): string => [`${inputName(path)}: ${report}`, ...notes].map((line) => `${line}\n`).join("");

/** Describes the columns of a table that contains an embedding. Returns an empty text for a matrix of positions. */
export function describeEmbedding(path: string, { report, roles }: Dataset): string {
  const { identifier, labels, metadata, unused } = roles;
  const isPlain = identifier === undefined && labels.length + metadata.length + unused.length === 0;
  return isPlain ? "" : `${inputName(path)}: ${report}\n`;
}

/** Returns a sentence about the rows without a position, which are left out. */
export function describeGaps({ rows, kept }: Pick<PointFacts, "rows" | "kept">): string {
  const gaps = kept ? rows - kept.length : 0;
  return gaps === 0 ? "" : ` ${gaps} of ${rows} rows have no position and are left out.`;
}

/** @throws {ArgumentError} SHAPE_MISMATCH unless there are `n` labels */
export function checkLabels(labels: readonly string[], n: number, path: string): void {
  if (labels.length === n) return;
  throw new ArgumentError("SHAPE_MISMATCH", {
    argument: path,
    received: labels,
    accepted: `${n} labels, one per point`,
    message: `${path}: expected ${n} labels, one per point, received ${labels.length}`,
  });
}

export function resolveRows(range: RowRange, count: number, path: string): [number, number] {
  const fromStart = (row: number) => (row < 0 ? count + row : row);
  const [start, end] = [fromStart(range.start), fromStart(range.end ?? count)];
  if (start >= 0 && start < end && end <= count) return [start, end];
  throw new ArgumentError("OUT_OF_RANGE", {
    argument: "--rows",
    received: range.text,
    accepted: `a range with at least one of the ${count} rows of ${path}`,
  });
}
