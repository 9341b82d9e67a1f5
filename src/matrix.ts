import { ArgumentError, DataError, describe } from "./errors.js";

/** The number types that matrices hold. */
export type FloatArray = Float32Array | Float64Array;

/** Any array of numbers with one element type. */
export type NumericArray =
  | FloatArray
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** The forms of a matrix that functions accept. {@link toMatrix} converts each of them to a {@link Matrix}. */
export type MatrixLike =
  | Matrix
  | { readonly data: NumericArray; readonly rows: number; readonly cols: number }
  | { readonly data: NumericArray; readonly shape: readonly number[] }
  | (NumericArray & { readonly shape: readonly number[] })
  | {
      readonly shape: readonly number[];
      /** Returns the numbers row by row. Tensors of TensorFlow.js have this method. */
      dataSync(): NumericArray;
    }
  | readonly (readonly number[])[]
  | readonly FloatArray[];

/**
 * The one matrix type of the package: `rows x cols` numbers, row after row (C order), in float32 or float64. A matrix
 * uses the array `data` without copying it.
 */
export class Matrix {
  readonly data: FloatArray;
  readonly rows: number;
  readonly cols: number;

  /**
   * @param data `rows * cols` numbers, row after row
   * @throws {ArgumentError} SHAPE_MISMATCH if `data` has another length
   */
  constructor(data: FloatArray, rows: number, cols: number) {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) {
      throw new ArgumentError("INVALID_ARGUMENT", {
        argument: "data",
        received: data,
        accepted: "a Float32Array or a Float64Array",
      });
    }
    if (
      !Number.isSafeInteger(rows) ||
      !Number.isSafeInteger(cols) ||
      rows < 0 ||
      cols < 0 ||
      data.length !== rows * cols
    ) {
      throw new ArgumentError("SHAPE_MISMATCH", {
        argument: "data",
        received: data,
        accepted: `${rows} x ${cols} numbers`,
      });
    }
    this.data = data;
    this.rows = rows;
    this.cols = cols;
  }

  /** `[rows, cols]`. */
  get shape(): [number, number] {
    return [this.rows, this.cols];
  }

  /** Returns row `i` as a view of the same memory. */
  row(i: number): FloatArray {
    return this.data.subarray(i * this.cols, (i + 1) * this.cols);
  }

  /** Returns the number at row `i`, column `j`. */
  at(i: number, j: number): number {
    return this.data[i * this.cols + j];
  }

  /** Returns rows `start` (included) to `end` (excluded) as a view of the same memory. */
  slice(start: number, end: number): Matrix {
    return new Matrix(this.data.subarray(start * this.cols, end * this.cols), Math.max(0, end - start), this.cols);
  }

  /** Returns a copy of the given rows in the given order. */
  take(rows: ArrayLike<number>): Matrix {
    const length = rows.length * this.cols;
    const data = this.data instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
    for (let k = 0; k < rows.length; k++) data.set(this.row(rows[k]), k * this.cols);
    return new Matrix(data, rows.length, this.cols);
  }

  /** Returns the rows as plain arrays, for small matrices and for JSON. */
  toArrays(): number[][] {
    return Array.from({ length: this.rows }, (_, i) => Array.from(this.row(i)));
  }
}

const accepted =
  "a matrix: {data, rows, cols}, {data, shape: [rows, cols]}, rows as arrays of equal length, or an object with shape and dataSync()";

/**
 * Converts a value to a {@link Matrix}. Float32 and float64 data are wrapped, not copied; integers and nested arrays
 * are copied once. The numbers are not checked for NaN and infinite values.
 *
 * @param argument name of the value in error messages
 * @throws {ArgumentError} INVALID_ARGUMENT if the value is not a matrix, SHAPE_MISMATCH for rows of different lengths
 *   or a shape that does not match the data
 */
export function toMatrix(input: MatrixLike, argument = "data"): Matrix {
  if (input instanceof Matrix) return input;
  if (Array.isArray(input)) return fromRows(input as readonly ArrayLike<number>[], argument);
  if (typeof input === "object" && input !== null) {
    const given = input as { data?: unknown; shape?: unknown; rows?: unknown; cols?: unknown; dataSync?: unknown };
    const [rows, cols] = shapeOf(given, argument);
    if (typeof given.dataSync === "function") return wrap(given.dataSync.call(input), rows, cols, argument);
    if (isNumericArray(input)) return wrap(input, rows, cols, argument);
    return wrap(given.data, rows, cols, argument);
  }
  throw new ArgumentError("INVALID_ARGUMENT", { argument, received: input, accepted });
}

function shapeOf(given: { shape?: unknown; rows?: unknown; cols?: unknown }, argument: string): [number, number] {
  const shape = given.shape === undefined ? [given.rows, given.cols] : given.shape;
  const isShape =
    (Array.isArray(shape) || ArrayBuffer.isView(shape)) &&
    Array.from(shape as ArrayLike<unknown>).every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
  const sizes = isShape ? Array.from(shape as ArrayLike<number>) : [];
  if (sizes.length !== 2) {
    const received = given.shape === undefined ? given : given.shape;
    const message =
      sizes.length > 0 ? `${argument}: expected a shape of two dimensions, received [${sizes.join(", ")}]` : undefined;
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted, ...(message ? { message } : {}) });
  }
  return sizes as [number, number];
}

function wrap(data: unknown, rows: number, cols: number, argument: string): Matrix {
  if (!isNumericArray(data)) throw new ArgumentError("INVALID_ARGUMENT", { argument, received: data, accepted });
  if (data.length !== rows * cols) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument,
      received: data,
      accepted: `${rows} x ${cols} = ${rows * cols} numbers`,
    });
  }
  // float32 represents every integer of up to 24 bits exactly. Wider integers need float64.
  if (data instanceof Float32Array || data instanceof Float64Array) return new Matrix(data, rows, cols);
  const wide = data instanceof Int32Array || data instanceof Uint32Array;
  return new Matrix(wide ? Float64Array.from(data) : Float32Array.from(data), rows, cols);
}

function fromRows(rows: readonly ArrayLike<number>[], argument: string): Matrix {
  if (rows.length > 0 && !isRow(rows[0])) {
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received: rows, accepted });
  }
  const cols = rows[0]?.length ?? 0;
  const data = new Float64Array(rows.length * cols);
  // Unlike forEach, this loop also visits the holes of a sparse array.
  for (const [i, row] of rows.entries()) {
    if (!(isRow(row) && row.length === cols)) {
      throw new ArgumentError("SHAPE_MISMATCH", {
        argument,
        received: row,
        accepted: `rows of equal length (row 0 has ${cols} columns, row ${i} has ${isRow(row) ? row.length : describe(row)})`,
      });
    }
    for (let j = 0; j < cols; j++) {
      const value: unknown = row[j];
      if (typeof value !== "number") {
        throw new DataError("INVALID_ARGUMENT", { argument, received: value, accepted: "numbers", row: i, column: j });
      }
      data[i * cols + j] = value;
    }
  }
  return new Matrix(data, rows.length, cols);
}

const isRow = (value: unknown): boolean => Array.isArray(value) || isNumericArray(value);

function isNumericArray(value: unknown): value is NumericArray {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView) &&
    !(value instanceof BigInt64Array) &&
    !(value instanceof BigUint64Array)
  );
}
