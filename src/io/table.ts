import { ArgumentError, describe, FileError } from "../errors.js";
import { type FloatArray, Matrix } from "../matrix.js";

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
      for (let i = 0; i < rows; i++) column[i] = data[i * cols + j] as number;
      return [name, column];
    }),
  );
}

/**
 * The columns of numbers of a table read from a file, without labels, side by side: float32 where all of them are, else float64.
 *
 * @throws {FileError} FILE_FORMAT where there are none
 */
export function toNumbersOnly(path: string, table: Table): Matrix {
  const label = findLabels(table)?.[0];
  const columns = [...table].flatMap(([name, column]) => (name === label || isText(column) ? [] : [column]));
  if (columns.length === 0) throw new FileError("FILE_FORMAT", path, "holds no columns of numbers");
  const [rows, cols] = [countRows(table), columns.length];
  const isSingle = columns.every((column) => column instanceof Float32Array);
  const data: FloatArray = isSingle ? new Float32Array(rows * cols) : new Float64Array(rows * cols);
  for (const [j, column] of columns.entries()) {
    for (let i = 0; i < rows; i++) data[i * cols + j] = column[i] as number;
  }
  return new Matrix(data, rows, cols);
}

/**
 * The labels of a table read from a file, as text: the column that has one of their names, or the only one.
 *
 * @throws {FileError} FILE_FORMAT where there is none, or a label is missing
 */
export function toLabels(path: string, table: Table): string[] {
  const found = findLabels(table) ?? (table.size === 1 ? [...table][0] : undefined);
  if (!found) {
    const names = LABEL_COLUMNS.join(", ");
    throw new FileError("FILE_FORMAT", path, `has ${table.size} columns and none of them is named ${names}`);
  }
  return Array.from<string | number, string>(found[1], (label, i) => {
    if (label !== "" && !Number.isNaN(label)) return String(label);
    throw new FileError("FILE_FORMAT", path, `row ${i} has no label; give the points without one a label of their own`);
  });
}

function findLabels(table: Table): [string, TableColumn] | undefined {
  const columns = [...table];
  for (const wanted of LABEL_COLUMNS) {
    const found = columns.find(([name]) => name.toLowerCase() === wanted);
    if (found) return found;
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
    private readonly type: "text" | "float32" | "float64" | "integer",
  ) {}

  push(values: ArrayLike<unknown>): void {
    this.pieces.push(this.convert(values));
  }

  private convert(values: ArrayLike<unknown>): TableColumn {
    if (values instanceof Float32Array || values instanceof Float64Array || values instanceof Int32Array) return values;
    if (this.type === "text") return Array.from(values, (value) => this.toText(value));
    const numbers = Float64Array.from(values, (value) => this.toNumber(value));
    if (this.type === "float32") return Float32Array.from(numbers);
    return this.type === "integer" && numbers.every((value) => value === (value | 0))
      ? Int32Array.from(numbers)
      : numbers;
  }

  private toText(value: unknown): string {
    if (typeof value === "string") return value;
    if (value === null || value === undefined) return "";
    throw this.error(`holds ${describe(value)} among texts`);
  }

  private toNumber(value: unknown): number {
    if (typeof value === "number") return value;
    if (value === null || value === undefined) return Number.NaN;
    if (typeof value === "boolean") return value ? 1 : 0;
    const number = typeof value === "bigint" ? Number(value) : undefined;
    if (number === undefined) throw this.error(`holds ${describe(value)} among numbers`);
    if (!Number.isSafeInteger(number)) throw this.error(`holds ${value}, too large: integers are exact below 2^53`);
    return number;
  }

  private error(reason: string): FileError {
    return new FileError("FILE_FORMAT", this.path, `column ${describe(this.name)} ${reason}`);
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
