import { rejectUnknown, requireOptions } from "../arguments.js";
import { FileError } from "../errors.js";
import { type FloatArray, Matrix } from "../matrix.js";
import { type ChosenColumns, type ColumnChoice, chooseColumns } from "./chosen-columns.js";
import { toLabels, withTypes } from "./column-format.js";
import { type ColumnRoles, isFrameIndexName } from "./column-roles.js";
import type { ColumnSource } from "./column-source.js";
import { asReadError } from "./file-errors.js";
import { detectFormat } from "./formats.js";
import { openFile } from "./input-file.js";
import { readMatrix } from "./matrix-file.js";
import { openRows } from "./open-rows.js";
import { readForward, readRowRange } from "./row-blocks.js";
import { checkRowRange, type RowRange } from "./row-range.js";
import type { RowReader } from "./row-reader.js";
import { type ColumnsOfNumbers, isText, sliceColumn, type Table, type TableColumn } from "./table.js";
import { isFolder, openTableFolder } from "./table-folder.js";

/** Options of {@link readDataset}. All are optional. */
export interface DatasetOptions extends ColumnChoice {
  /** Rows from `start` to `end - 1`, counted from 0; a header line is not counted. Default: all. */
  readonly rows?: RowRange | undefined;
  /** Stops the reading: the returned promise is rejected with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined;
}

const KEYS: Record<keyof DatasetOptions, true> = {
  columns: true,
  exclude: true,
  sigmaColumns: true,
  idColumn: true,
  labelColumns: true,
  keep: true,
  column: true,
  sigmaColumn: true,
  strict: true,
  rows: true,
  signal: true,
};

/** The column that identifies the rows. */
export interface IdentifierColumn {
  readonly name: string;
  readonly values: TableColumn;
}

/** The content of the columns that are not data. */
export interface RowFacts {
  readonly identifier: IdentifierColumn | undefined;
  /** Labels by the name of their column, one per row; an empty text is a missing label. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  /** The columns that the option `keep` names. */
  readonly metadata: Table;
}

/** The content of a data file, by the roles of its columns. */
export interface Dataset extends RowFacts {
  /** n x d; NaN for a missing value. */
  readonly means: Matrix;
  /** n x d, or `undefined` if the file holds no standard deviations. A column without standard deviations gets 0. */
  readonly sigma: Matrix | undefined;
  readonly roles: ColumnRoles;
  /** The roles in one readable line: `Data: 5 columns (pc1 ... pc5). Identifier: cell. Labels: type.` */
  readonly report: string;
}

/** A dataset whose numbers are read from the file on request. */
export interface DatasetRows {
  readonly means: RowReader;
  readonly sigma: RowReader | undefined;
  readonly roles: ColumnRoles;
  readonly report: string;
  /** Reads the columns that are not data. */
  readFacts(): Promise<RowFacts>;
  /** Closes the files. */
  close(): Promise<void>;
}

/**
 * Reads data from a table: text (.csv, .tsv, .txt), Parquet, Arrow, or a folder of such files. Each column gets a role
 * by the options or by its type and name: data, standard deviations (`x` and `x_err`, `x_sd`, `e_x` ...), identifier
 * (also the index stored by pandas), labels (`label`, `class`, `cell_type` ...) or metadata to copy into results
 * (`keep`). Text, dates and other types are never data.
 *
 * In a file with one matrix, such as .npy, all columns are data, and `columns` accepts only ranges of positions.
 *
 * @returns the data, and a report about how each column is used
 * @throws {FileError} FILE_READ if the file cannot be read, FILE_FORMAT if the columns of data cannot be recognized, or
 *   a cell is not a number
 * @throws {ArgumentError} INVALID_ARGUMENT for a column that does not exist, OUT_OF_RANGE for rows that the file does
 *   not have
 * @throws {AbortError} if `options.signal` is aborted
 *
 * @example
 * const { means, sigma, labels, report } = await readDataset("cells.csv", { exclude: ["total"] });
 */
export async function readDataset(path: string, options: DatasetOptions = {}): Promise<Dataset> {
  checkOptions(options);
  if (await isFolder(path)) return readFromSource(await openTableFolder(path, { ...options, isWhole: true }), options);
  const file = await openFile(path, options.signal);
  try {
    return await asReadError(path, async () => {
      const { openColumns } = await detectFormat(file);
      if (openColumns) return withTypes(file, options, openColumns, (source) => readFromSource(source, options));
      return readFromMatrix(path, await readMatrix(path, { rows: options.rows, signal: options.signal }), options);
    });
  } finally {
    await file.handle.close();
  }
}

/**
 * Opens a dataset like {@link readDataset}, for data that may be larger than memory; see {@link openRows}.
 *
 * @throws the errors of {@link readDataset}
 */
export async function openDatasetRows(path: string, options: Omit<DatasetOptions, "rows"> = {}): Promise<DatasetRows> {
  checkOptions(options);
  if (await isFolder(path)) {
    return openFromSource(await openTableFolder(path, { ...options, isWhole: true }), options, async () => {});
  }
  const file = await openFile(path, options.signal);
  const close = () => file.handle.close();
  let isOpen = false;
  try {
    return await asReadError(path, async () => {
      const { openColumns } = await detectFormat(file);
      if (openColumns) {
        const source = await openColumns(file, { signal: options.signal, isWhole: true });
        const opened = await openFromSource(source, options, close);
        isOpen = true;
        return opened;
      }
      return openFromRows(path, await openRows(path, { signal: options.signal }), options);
    });
  } finally {
    if (!isOpen) await close();
  }
}

/**
 * Reads the positions of an embedding: the columns x, y and z of a table that has them, such as the tables that this
 * package writes. From other files it reads all data columns.
 *
 * @throws the errors of {@link readMatrix}
 */
export async function readEmbedding(
  path: string,
  options: Pick<DatasetOptions, "rows" | "signal"> = {},
): Promise<Matrix> {
  const { means } = await readDataset(path, { ...options, columns: await positionColumns(path, options) });
  return means;
}

/**
 * Returns x, y and, if present, z as the value of `columns` for a table with these columns; `undefined` for other
 * files.
 */
export async function positionColumns(
  path: string,
  { signal }: Pick<DatasetOptions, "signal">,
): Promise<string[] | undefined> {
  const names = await peek(path, signal, ({ columns }) => columns.map(({ name }) => name));
  const [x, y, z] = ["x", "y", "z"].map((axis) => names?.find((name) => name.toLowerCase() === axis));
  if (x === undefined || y === undefined) return undefined;
  return z === undefined ? [x, y] : [x, y, z];
}

/** Whether a file contains standard deviations as well as data. */
export async function findSigma(path: string, options: Omit<DatasetOptions, "rows"> = {}): Promise<boolean> {
  return (await peek(path, options.signal, (source) => chooseColumns(source, options).sigma !== undefined)) ?? false;
}

/** Returns the facts of rows `[start, end)`. */
export function sliceFacts({ identifier, labels, metadata }: RowFacts, start: number, end: number): RowFacts {
  return {
    identifier: identifier && { ...identifier, values: sliceColumn(identifier.values, start, end) },
    labels: new Map([...labels].map(([name, values]) => [name, sliceColumn(values, start, end)])),
    metadata: new Map([...metadata].map(([name, values]) => [name, sliceColumn(values, start, end)])),
  };
}

/** Returns the numbers of the rows that have a position, or `undefined` if all rows have one. */
export function rowsWithPosition({ data, rows, cols }: Matrix): Int32Array | undefined {
  if (!data.some(Number.isNaN)) return undefined;
  const isThere = (i: number) => data.subarray(i * cols, (i + 1) * cols).some((value) => !Number.isNaN(value));
  const kept = Array.from({ length: rows }, (_, i) => i).filter(isThere);
  return kept.length < rows ? Int32Array.from(kept) : undefined;
}

/** Returns the given rows of a dataset. */
export function takeDataset(dataset: Dataset, rows: ArrayLike<number>): Dataset {
  const { means, sigma } = dataset;
  return { ...dataset, means: means.take(rows), sigma: sigma?.take(rows), ...takeFacts(dataset, rows) };
}

/** Returns the identifiers, labels and metadata of the given rows. */
export function takeFacts({ identifier, labels, metadata }: RowFacts, rows: ArrayLike<number>): RowFacts {
  const take = <T extends TableColumn>(column: T) => takeValues(column, rows) as T;
  return {
    identifier: identifier && { ...identifier, values: take(identifier.values) },
    labels: new Map([...labels].map(([name, values]) => [name, take(values)])),
    metadata: new Map([...metadata].map(([name, values]) => [name, take(values)])),
  };
}

function takeValues(column: TableColumn, rows: ArrayLike<number>): TableColumn {
  if (isText(column)) return Array.from(rows, (i) => column[i]);
  const taken = column.slice(0, rows.length);
  for (let k = 0; k < rows.length; k++) taken[k] = column[rows[k]];
  return taken;
}

/** Determines the columns of a file from its first rows; `undefined` for a file without columns. */
async function peek<T>(
  path: string,
  signal: AbortSignal | undefined,
  look: (source: ColumnSource) => T,
): Promise<T | undefined> {
  if (await isFolder(path)) return look(await openTableFolder(path, { signal }));
  const file = await openFile(path, signal);
  try {
    return await asReadError(path, async () => {
      const { openColumns } = await detectFormat(file);
      return openColumns && look(await openColumns(file, { signal }));
    });
  } finally {
    await file.handle.close();
  }
}

function checkOptions(options: DatasetOptions): void {
  requireOptions(options);
  rejectUnknown(options, Object.keys(KEYS));
  if (options.rows !== undefined) checkRowRange(options.rows);
}

async function readFromSource(source: ColumnSource, options: DatasetOptions): Promise<Dataset> {
  const { path } = source;
  const { rows } = options;
  const chosen = chooseColumns(source, options);
  const { means, sigma, roles, report } = chosen;
  const names = factNames(roles);
  if (source.readTogether && !("list" in means) && !(sigma && "list" in sigma)) {
    const matrices = [means.numbers, ...(sigma ? [sigma.numbers] : [])];
    const read = await source.readTogether({ matrices, table: names, rows, allowMissing: true });
    const [data, errors] = read.matrices;
    return {
      means: data,
      sigma: errors && withExactColumns(errors, chosen),
      roles,
      report,
      ...toFacts(roles, read.table),
    };
  }
  const read = async (columns: ColumnsOfNumbers) => readRowRange(path, await source.openMatrix(columns, true), rows);
  const data = await read(means);
  const errors = sigma && withExactColumns(await read(sigma), chosen);
  const table = names.length > 0 ? await source.readTable(names, rows) : new Map<string, TableColumn>();
  return { means: data, sigma: errors, roles, report, ...toFacts(roles, table) };
}

async function openFromSource(
  source: ColumnSource,
  options: DatasetOptions,
  close: () => Promise<void>,
): Promise<DatasetRows> {
  const chosen = chooseColumns(source, options);
  const { means, sigma, roles, report } = chosen;
  const open = async (columns: ColumnsOfNumbers) =>
    readForward(source.path, await source.openMatrix(columns, true), async () => {});
  const data = await open(means);
  const errors = sigma && (await open(sigma));
  return {
    means: data,
    sigma: errors && mapRows(errors, data.cols, (matrix) => withExactColumns(matrix, chosen)),
    roles,
    report,
    async readFacts() {
      const names = factNames(roles);
      const table = names.length > 0 ? await source.readTable(names, undefined) : new Map<string, TableColumn>();
      return toFacts(roles, table);
    },
    async close() {
      await data.close();
      await errors?.close();
      await close();
    },
  };
}

const factNames = ({ identifier, labels, metadata }: ColumnRoles): string[] => [
  ...new Set([...(identifier === undefined ? [] : [identifier]), ...labels, ...metadata]),
];

function toFacts({ identifier, labels, metadata }: ColumnRoles, table: Table): RowFacts {
  const column = (name: string) => table.get(name) as TableColumn;
  return {
    identifier:
      identifier === undefined
        ? undefined
        : { name: isFrameIndexName(identifier) ? "index" : identifier, values: column(identifier) },
    labels: new Map(labels.map((name) => [name, toLabels(column(name) as ArrayLike<string | number>)])),
    metadata: new Map(metadata.map((name) => [name, column(name)])),
  };
}

/** Expands the standard deviations to all data columns, with 0 for columns without them. */
function withExactColumns(measured: Matrix, { roles }: ChosenColumns): Matrix {
  const { sigma } = roles;
  if (!sigma?.includes(undefined)) return measured;
  const { rows, cols } = measured;
  const data: FloatArray =
    measured.data instanceof Float32Array
      ? new Float32Array(rows * sigma.length)
      : new Float64Array(rows * sigma.length);
  const targets = sigma.flatMap((name, j) => (name === undefined ? [] : [j]));
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < cols; k++) data[i * sigma.length + targets[k]] = measured.data[i * cols + k];
  }
  return new Matrix(data, rows, sigma.length);
}

const mapRows = (reader: RowReader, cols: number, change: (rows: Matrix) => Matrix): RowReader => ({
  rows: reader.rows,
  cols,
  read: async (rows) => change(await reader.read(rows)),
  close: reader.close,
});

/** Chooses columns by position in a matrix whose columns have no names. */
function choosePositions(path: string, cols: number, options: DatasetOptions): ChosenColumns {
  if (options.column !== undefined || options.sigmaColumn !== undefined) {
    throw new FileError(
      "FILE_FORMAT",
      path,
      "has columns without names: columns cannot be chosen by name. Choose positions, such as 2:8, with --columns",
    );
  }
  const columns = Array.from({ length: cols }, (_, j) => ({
    name: String(j),
    type: "float64" as const,
    itemType: undefined,
    kind: "numbers",
  }));
  const unreadable = () => Promise.reject(new Error("the columns of a matrix are not read by name"));
  return chooseColumns({ path, columns, isNamed: false, openMatrix: unreadable, readTable: unreadable }, options);
}

const isWhole = (columns: ColumnsOfNumbers, cols: number): boolean =>
  "numbers" in columns && columns.numbers.length === cols;

function selectPositions(matrix: Matrix, columns: ColumnsOfNumbers): Matrix {
  if ("list" in columns || isWhole(columns, matrix.cols)) return matrix;
  const positions = columns.numbers.map(Number);
  const { rows, cols } = matrix;
  const data: FloatArray = new (matrix.data instanceof Float32Array ? Float32Array : Float64Array)(
    rows * positions.length,
  );
  for (let i = 0; i < rows; i++) {
    for (const [k, j] of positions.entries()) data[i * positions.length + k] = matrix.data[i * cols + j];
  }
  return new Matrix(data, rows, positions.length);
}

function readFromMatrix(path: string, matrix: Matrix, options: DatasetOptions): Dataset {
  const chosen = choosePositions(path, matrix.cols, options);
  const { means, sigma, roles, report } = chosen;
  const table = new Map(
    factNames(roles).map((name) => [name, Float64Array.from(selectPositions(matrix, { numbers: [name] }).data)]),
  );
  return {
    means: selectPositions(matrix, means),
    sigma: sigma && withExactColumns(selectPositions(matrix, sigma), chosen),
    roles,
    report,
    ...toFacts(roles, table),
  };
}

async function openFromRows(path: string, reader: RowReader, options: DatasetOptions): Promise<DatasetRows> {
  const chosen = choosePositions(path, reader.cols, options);
  const { means, sigma, roles, report } = chosen;
  const select = (columns: ColumnsOfNumbers) =>
    isWhole(columns, reader.cols)
      ? reader
      : mapRows(reader, "numbers" in columns ? columns.numbers.length : reader.cols, (rows) =>
          selectPositions(rows, columns),
        );
  return {
    means: select(means),
    sigma: sigma && mapRows(select(sigma), roles.data.length, (rows) => withExactColumns(rows, chosen)),
    roles,
    report,
    async readFacts() {
      const names = factNames(roles);
      const matrix = names.length > 0 ? await readMatrix(path, { signal: options.signal }) : undefined;
      const columnOf = (name: string) => Float64Array.from(selectPositions(matrix as Matrix, { numbers: [name] }).data);
      return toFacts(roles, new Map(names.map((name) => [name, columnOf(name)])));
    },
    close: () => reader.close(),
  };
}
