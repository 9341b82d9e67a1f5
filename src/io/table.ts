import { ArgumentError, describe, FileError } from "../errors.js";
import type { Matrix } from "../matrix.js";

/**
 * The values of a column, one per row. NaN stands for a number that is missing.
 */
export type TableColumn = Float32Array | Float64Array | Int32Array | readonly string[];

/** Columns of equal length by name, in their order. */
export type Table = ReadonlyMap<string, TableColumn>;

/**
 * The forms of a table that functions accept: a Map, or a plain object of columns. JavaScript sorts keys that are whole
 * numbers before all other keys of an object, so use a Map to keep the order of such columns.
 */
export type TableLike = Table | Readonly<Record<string, TableColumn>>;

/**
 * Checks a table given by a caller.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT for anything else than a table, SHAPE_MISMATCH for columns of different
 *   lengths
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
  // Unlike every(), this loop also visits the holes of a sparse array.
  for (const value of column) if (typeof value !== "string") return false;
  return true;
}

/** Whether a column holds texts. */
export const isText = (column: TableColumn): column is readonly string[] => !ArrayBuffer.isView(column);

/** Rows of a table. */
export const countRows = (table: Table): number => table.values().next().value?.length ?? 0;

/** Number of rows to write in one batch, at most `most`: a few MiB of numbers. */
export const rowsPerBatch = (columns: number, most: number): number =>
  Math.max(1024, Math.min(most, Math.floor(2 ** 21 / columns)));

/** Returns rows `[start, end)` of a column. For numbers this is a view, not a copy. */
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

/** The type of the values of a column in memory. */
export type ColumnType = "text" | "float32" | "float64" | "integer";

/** The description of a column in a file. */
export interface ColumnDescription {
  readonly name: string;
  /** `undefined` if a row holds neither a number nor a text. */
  readonly type: ColumnType | undefined;
  /** The type of the numbers in its lists; undefined for other columns. */
  readonly itemType: Exclude<ColumnType, "text"> | undefined;
  /** Name of its type in the file format. */
  readonly kind: string;
  /**
   * Whether it holds dates or times. Its `type` is then undefined, because dates are not data. `readDates` of a source
   * reads them.
   */
  readonly isDate?: boolean | undefined;
  /** Whether its whole numbers represent true and false. */
  readonly isBoolean?: boolean | undefined;
  /** Whether the file says that the column is the index of a data frame. */
  readonly isIndex?: boolean | undefined;
  /** Whether the name marks labels in this file format, although it may mean something else in a table. */
  readonly isLabel?: boolean | undefined;
  /** Its number of rows, if the columns of a file may have different lengths. */
  readonly rows?: number | undefined;
}

/** The columns that form a matrix: one column of lists, or several columns of numbers. */
export type MatrixColumns<T> = { readonly list: T } | { readonly numbers: readonly T[] };

/** Columns of a matrix, given by their names. */
export type ColumnsOfNumbers = MatrixColumns<string>;

/** Finds the descriptions of columns by their names. */
export function describeColumns<T extends ColumnDescription>(
  columns: readonly T[],
  wanted: ColumnsOfNumbers,
): MatrixColumns<T> {
  const find = (name: string) => columns.find((column) => column.name === name) as T;
  return "list" in wanted ? { list: find(wanted.list) } : { numbers: wanted.numbers.map(find) };
}

/** Creates the error for a column that cannot be read. */
export const unsupported = (
  path: string,
  { name, kind }: ColumnDescription,
  readable = "numbers, booleans or texts",
): FileError =>
  new FileError(
    "FILE_FORMAT",
    path,
    `column ${JSON.stringify(name)} is ${kind}: expected ${readable}. Choose other columns, or convert this one`,
  );

/** Returns float32 if all columns are float32, else float64. */
export function matrixType(
  columns: MatrixColumns<ColumnDescription>,
): Float32ArrayConstructor | Float64ArrayConstructor {
  const types = "list" in columns ? [columns.list.itemType] : columns.numbers.map(({ type }) => type);
  return types.every((type) => type === "float32") ? Float32Array : Float64Array;
}

/** Creates the error for a row whose list cannot be a row of a matrix. */
export const badList = (path: string, name: string, row: number, found: string): FileError =>
  new FileError(
    "FILE_FORMAT",
    path,
    `column ${describe(name)} has ${found} in row ${row}: expected lists of equal length without nulls`,
  );

/** Creates the error for a list that is longer or shorter than the first. */
export const raggedList = (
  path: string,
  name: string,
  row: number,
  length: number | string,
  width: number,
): FileError => badList(path, name, row, `a list of ${length} numbers (the first has ${width})`);

/** Builds a column of a file from the pieces in its batches. */
export class ColumnBuilder {
  private readonly pieces: TableColumn[] = [];

  /**
   * Adds values as the file's library returns them: numbers, big integers, booleans (1 and 0) or texts. Null becomes
   * NaN, and in a column of texts the empty text.
   *
   * @param allowText whether a column with integers too large to be exact numbers becomes a column of text, which suits
   *   identifiers
   * @throws {FileError} FILE_FORMAT for an integer too large to be exact, and for other types
   */
  constructor(
    private readonly path: string,
    private readonly name: string,
    private type: ColumnType,
    private readonly allowText = false,
  ) {}

  push(values: ArrayLike<unknown>): void {
    if (this.allowText && this.type === "integer" && hasWideInteger(values)) {
      this.type = "text";
      this.pieces.splice(
        0,
        Infinity,
        ...this.pieces.map((piece) => Array.from<number | string, string>(piece, textOf)),
      );
    }
    this.pieces.push(this.convert(values));
  }

  private convert(values: ArrayLike<unknown>): TableColumn {
    if (this.type === "text") return Array.from(values, (value) => toText(this.path, this.name, value, this.allowText));
    if (values instanceof Float32Array || values instanceof Float64Array || values instanceof Int32Array) return values;
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
 * Converts the values of a column to numbers: null to NaN, booleans to 1 and 0.
 *
 * @throws {FileError} FILE_FORMAT for an integer too large to be exact, and for other types
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
    if (number === undefined) throw cellError(path, name, `contains ${describe(value)}, which is not a number`);
    if (Number.isSafeInteger(number)) return number;
    throw cellError(
      path,
      name,
      `contains ${value}, which is too large: integers are exact only below 2^53. Convert the column to float64 or text`,
    );
  });
}

/** Converts the dates of a library to milliseconds since 1970, UTC. Null becomes NaN. */
export function toMilliseconds(values: ArrayLike<unknown>): Float64Array {
  return Float64Array.from(values, (value) => (value === null || value === undefined ? Number.NaN : Number(value)));
}

/** Joins arrays. */
export function joinNumbers(pieces: readonly Float64Array[], length: number): Float64Array {
  const all = new Float64Array(length).fill(Number.NaN);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece.subarray(0, length - at), at);
    at = Math.min(length, at + piece.length);
  }
  return all;
}

const hasWideInteger = (values: ArrayLike<unknown>): boolean =>
  (!ArrayBuffer.isView(values) || values instanceof BigInt64Array || values instanceof BigUint64Array) &&
  Array.prototype.some.call(values, (value) => typeof value === "bigint" && !Number.isSafeInteger(Number(value)));

const textOf = (value: number | string): string => (Number.isNaN(value) ? "" : String(value));

function toText(path: string, name: string, value: unknown, allowNumbers: boolean): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  if (allowNumbers && typeof value === "bigint") return String(value);
  if (allowNumbers && typeof value === "number") return textOf(value);
  throw cellError(path, name, `contains ${describe(value)}, which is not a text`);
}

const cellError = (path: string, name: string, reason: string): FileError =>
  new FileError("FILE_FORMAT", path, `column ${describe(name)} ${reason}`);

/** Returns the requested columns in the order of the file. */
export function selectColumns(path: string, names: readonly string[], wanted: readonly string[] | undefined): string[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new FileError("FILE_FORMAT", path, `has two columns named ${describe(twice)}. Rename one of them`);
  const missing = wanted?.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new FileError("FILE_FORMAT", path, `has no column ${describe(missing)}; it has ${list(names)}`);
  }
  return wanted ? names.filter((name) => wanted.includes(name)) : [...names];
}

const list = (names: readonly string[]): string =>
  names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} others` : names.join(", ");
