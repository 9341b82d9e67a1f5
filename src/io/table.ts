import { ArgumentError, describe, FileError } from "../errors.js";
import type { Matrix } from "../matrix.js";
import type { OpenFile } from "./open-file.js";
import type { ReadOptions, ReadTableOptions } from "./read-options.js";

/**
 * The values of a column, one a row. NaN stands for a number that is missing.
 */
export type TableColumn = Float32Array | Float64Array | Int32Array | readonly string[];

/** Columns of equal length by name, in their order. */
export type Table = ReadonlyMap<string, TableColumn>;

/**
 * What is accepted wherever a {@link Table} is: a Map, or a plain object of columns. JavaScript puts keys of an object that are
 * whole numbers before all others; columns of such names keep their order in a Map only.
 */
export type TableLike = Table | Readonly<Record<string, TableColumn>>;

/** Names of columns of labels, the first of these that there is. */
export const LABEL_COLUMNS: readonly string[] = ["label", "labels", "class", "target"];

/**
 * Checks what a caller gives for a table.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT for anything that is none, SHAPE_MISMATCH for columns of different lengths
 */
export function toTable(input: TableLike): Table {
  const fail = (received: unknown, accepted: string, argument = "table") =>
    new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
  if (typeof input !== "object" || input === null || Array.isArray(input) || ArrayBuffer.isView(input)) {
    throw fail(input, "columns by name, in a Map or an object");
  }
  const table: Table = input instanceof Map ? input : new Map(Object.entries(input));
  if (table.size === 0) throw fail(input, "at least one column");
  let first: [string, number] | undefined;
  for (const [name, column] of table) {
    const argument = typeof name === "string" ? `table column ${describe(name)}` : "table";
    if (typeof name !== "string") throw fail(name, "names of columns that are texts");
    if (!isColumn(column)) {
      throw fail(column, "a Float32Array, Float64Array, Int32Array or an array of texts", argument);
    }
    first ??= [name, column.length];
    if (column.length !== first[1]) {
      throw new ArgumentError("SHAPE_MISMATCH", {
        argument,
        received: column,
        accepted: `${first[1]} values, as many as column ${describe(first[0])} has`,
      });
    }
  }
  return table;
}

function isColumn(column: unknown): column is TableColumn {
  if (column instanceof Float32Array || column instanceof Float64Array || column instanceof Int32Array) return true;
  if (!Array.isArray(column)) return false;
  // Not every(), which would pass over the holes of a sparse array.
  for (const value of column) if (typeof value !== "string") return false;
  return true;
}

/** Whether a column holds texts. */
export const isText = (column: TableColumn): column is readonly string[] => !ArrayBuffer.isView(column);

/** Rows of a table. */
export const countRows = (table: Table): number => table.values().next().value?.length ?? 0;

/** How many rows of so many columns are written together: a few MiB of numbers. */
export const rowsPerBatch = (columns: number): number =>
  Math.max(1024, Math.min(2 ** 17, Math.floor(2 ** 21 / columns)));

/** Rows `[start, end)` of a column, of numbers as a view. */
export const sliceColumn = <T extends TableColumn>(column: T, start: number, end: number): T =>
  (isText(column) ? column.slice(start, end) : column.subarray(start, end)) as T;

/** The columns of a matrix, copied. */
export function toColumns(matrix: Matrix, names: readonly string[]): Table {
  const { data, rows, cols } = matrix;
  return new Map(
    names.map((name, j) => {
      const column = data instanceof Float32Array ? new Float32Array(rows) : new Float64Array(rows);
      for (let i = 0; i < rows; i++) column[i] = data[i * cols + j];
      return [name, column];
    }),
  );
}

/** How the numbers or texts of a column are kept. */
export type ColumnType = "text" | "float32" | "float64" | "integer";

/** A column as a file describes it. */
export interface ColumnDescription {
  readonly name: string;
  /** Undefined where a row holds neither a number nor a text. */
  readonly type: ColumnType | undefined;
  /** Of the numbers in its lists; undefined where it has none. */
  readonly itemType: Exclude<ColumnType, "text"> | undefined;
  /** What its format calls its type. */
  readonly kind: string;
}

/** The columns that a matrix is made of: one of lists, or some of numbers. */
export type MatrixColumns<T> = { readonly list: T } | { readonly numbers: readonly T[] };

/**
 * The column that was asked for, or the columns of numbers without labels, or, where there are none of these, the only one of lists.
 *
 * @throws {FileError} FILE_FORMAT where there are none, or it is not clear which
 */
export function selectMatrix<T extends ColumnDescription>(
  path: string,
  columns: readonly T[],
  wanted: string | undefined,
): MatrixColumns<T> {
  const names = columns.map(({ name }) => name);
  const [chosen] = selectColumns(path, names, wanted === undefined ? undefined : [wanted]);
  if (wanted !== undefined) {
    const column = columns.find(({ name }) => name === chosen) as T;
    if (column.itemType) return { list: column };
    if (!column.type || column.type === "text") throw unsupported(path, column, "lists of numbers, and numbers,");
    return { numbers: [column] };
  }
  const label = findLabels(names);
  const numbers = columns.filter(({ name, type }) => type && type !== "text" && name !== label);
  const lists = columns.filter(({ itemType }) => itemType);
  const [only, ...others] = lists;
  if (only && numbers.length + others.length > 0) {
    const besides = numbers.length > 0 ? ` beside numbers in ${listNames(numbers)}` : "";
    const how = "choose one by its name, which is --mean-column or --sigma-column on the command line";
    throw new FileError("FILE_FORMAT", path, `holds lists of numbers in ${listNames(lists)}${besides}; ${how}`);
  }
  if (only) return { list: only };
  const neither = columns.find(({ type }) => !type);
  if (neither) throw unsupported(path, neither);
  if (numbers.length === 0) throw new FileError("FILE_FORMAT", path, "holds no columns of numbers");
  return { numbers };
}

/** The error of a column that cannot be read. */
export const unsupported = (
  path: string,
  { name, kind }: ColumnDescription,
  readable = "numbers, booleans and texts",
): FileError =>
  new FileError(
    "FILE_FORMAT",
    path,
    `column ${JSON.stringify(name)} is ${kind}; ${readable} can be read, so choose other columns or convert it`,
  );

/** Float32 where all of the numbers are, else float64. */
export function matrixType(
  columns: MatrixColumns<ColumnDescription>,
): Float32ArrayConstructor | Float64ArrayConstructor {
  const types = "list" in columns ? [columns.list.itemType] : columns.numbers.map(({ type }) => type);
  return types.every((type) => type === "float32") ? Float32Array : Float64Array;
}

/** The error of a row whose list is none that a row of a matrix can be. */
export const badList = (path: string, name: string, row: number, found: string): FileError =>
  new FileError("FILE_FORMAT", path, `column ${describe(name)} has ${found} in row ${row}`);

/** The same of one that is longer or shorter than the first. */
export const raggedList = (
  path: string,
  name: string,
  row: number,
  length: number | string,
  width: number,
): FileError => badList(path, name, row, `a list of ${length} numbers, where the first has ${width},`);

/**
 * The column of labels of a table in a file: the one that has one of their names, or the only one.
 *
 * @throws {FileError} FILE_FORMAT where there is none
 */
function selectLabels(path: string, names: readonly string[]): string {
  const found = findLabels(names) ?? (names.length === 1 ? names[0] : undefined);
  if (found !== undefined) return found;
  const reason = `has ${names.length} columns and none of them is named ${LABEL_COLUMNS.join(", ")}`;
  throw new FileError("FILE_FORMAT", path, reason);
}

/** Reads the columns of a file whose names are selected. */
type ReadColumns = (
  file: OpenFile,
  options: ReadOptions,
  select: (names: readonly string[]) => readonly string[],
) => Promise<Table>;

/** What a format of columns reads beside matrices. */
export const columnReaders = (readColumns: ReadColumns) => ({
  readLabels: async (file: OpenFile, options: ReadOptions): Promise<string[]> =>
    toLabels(file.path, await readColumns(file, options, (names) => [selectLabels(file.path, names)])),
  readTable: (file: OpenFile, options: ReadTableOptions): Promise<Table> =>
    readColumns(file, options, (names) => selectColumns(file.path, names, options.columns)),
});

/** The labels of a table of the one column of them, as text. @throws {FileError} FILE_FORMAT where a label is missing */
function toLabels(path: string, table: Table): string[] {
  const [column = []] = table.values();
  return Array.from<string | number, string>(column, (label, i) => {
    if (label !== "" && !Number.isNaN(label)) return String(label);
    throw new FileError("FILE_FORMAT", path, `row ${i} has no label; give the points without one a label of their own`);
  });
}

function findLabels(names: readonly string[]): string | undefined {
  for (const wanted of LABEL_COLUMNS) {
    const found = names.find((name) => name.toLowerCase() === wanted);
    if (found !== undefined) return found;
  }
}

/** A column of a file, made of the pieces that its batches hold. */
export class ColumnBuilder {
  private readonly pieces: TableColumn[] = [];

  /**
   * Adds values as a file's library gives them: numbers, big integers, booleans (1 and 0) or texts; what is null is NaN, and
   * among texts the empty one.
   *
   * @throws {FileError} FILE_FORMAT for an integer that no number holds, and for anything else
   */
  constructor(
    private readonly path: string,
    private readonly name: string,
    private readonly type: ColumnType,
  ) {}

  push(values: ArrayLike<unknown>): void {
    this.pieces.push(this.convert(values));
  }

  private convert(values: ArrayLike<unknown>): TableColumn {
    if (values instanceof Float32Array || values instanceof Float64Array || values instanceof Int32Array) return values;
    if (this.type === "text") return Array.from(values, (value) => toText(this.path, this.name, value));
    const numbers = Float64Array.from(toNumbers(this.path, this.name, values));
    if (this.type === "float32") return Float32Array.from(numbers);
    return this.type === "integer" && numbers.every((value) => value === (value | 0))
      ? Int32Array.from(numbers)
      : numbers;
  }

  build(): TableColumn {
    const [first, ...others] = this.pieces;
    if (first && others.length === 0) return first;
    if (this.type === "text") return (this.pieces as string[][]).flat();
    const pieces = this.pieces as (Float32Array | Float64Array | Int32Array)[];
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const is = (type: typeof Float32Array | typeof Int32Array) => pieces.every((piece) => piece instanceof type);
    const Type =
      this.type === "float32" || (length > 0 && is(Float32Array))
        ? Float32Array
        : this.type === "integer" && is(Int32Array)
          ? Int32Array
          : Float64Array;
    const all = new Type(length);
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}

/**
 * The values of a column as numbers: NaN for what is null, 1 and 0 for booleans.
 *
 * @throws {FileError} FILE_FORMAT for an integer that no number holds, and for anything else
 */
export function toNumbers(path: string, name: string, values: ArrayLike<unknown>): ArrayLike<number> {
  if (ArrayBuffer.isView(values) && !(values instanceof BigInt64Array || values instanceof BigUint64Array)) {
    return values as ArrayLike<unknown> as ArrayLike<number>;
  }
  return Float64Array.from(values, (value) => {
    if (typeof value === "number") return value;
    if (value === null || value === undefined) return Number.NaN;
    if (typeof value === "boolean") return value ? 1 : 0;
    const number = typeof value === "bigint" ? Number(value) : undefined;
    if (number === undefined) throw cellError(path, name, `holds ${describe(value)} among numbers`);
    if (Number.isSafeInteger(number)) return number;
    throw cellError(path, name, `holds ${value}, too large: integers are exact below 2^53`);
  });
}

function toText(path: string, name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  throw cellError(path, name, `holds ${describe(value)} among texts`);
}

const cellError = (path: string, name: string, reason: string): FileError =>
  new FileError("FILE_FORMAT", path, `column ${describe(name)} ${reason}`);

/** The columns asked for, in the file's order. */
export function selectColumns(path: string, names: readonly string[], wanted: readonly string[] | undefined): string[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new FileError("FILE_FORMAT", path, `has two columns named ${describe(twice)}`);
  const missing = wanted?.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new FileError("FILE_FORMAT", path, `has no column ${describe(missing)}; it has ${list(names)}`);
  }
  return wanted ? names.filter((name) => wanted.includes(name)) : [...names];
}

const list = (names: readonly string[]): string =>
  names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} others` : names.join(", ");

const listNames = (columns: readonly ColumnDescription[]): string =>
  list(columns.map(({ name }) => JSON.stringify(name)));
