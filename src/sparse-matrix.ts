import { ArgumentError, DataError } from "./errors.js";
import { type FloatArray, Matrix, type NumericArray } from "./matrix.js";

/**
 * A sparse matrix in compressed rows, like SciPy's `csr_matrix` and matrices in AnnData. The numbers of row i and their
 * columns are at positions `indptr[i]` to `indptr[i + 1] - 1` of `data` and `indices`. All other entries are 0.
 */
export interface SparseMatrixLike {
  /** The positions in `indices` and `data` at which the rows begin: rows + 1 numbers, in ascending order from 0. */
  readonly indptr: NumericArray | BigInt64Array | readonly number[];
  /** Columns from 0, in any order. Each column occurs at most once in a row. */
  readonly indices: NumericArray | BigInt64Array | readonly number[];
  readonly data: NumericArray | readonly number[];
  /** `[rows, cols]` */
  readonly shape: readonly number[];
}

/** A checked {@link SparseMatrixLike}. It wraps `indices` and `data` without copying them if their types allow it. */
export class SparseMatrix {
  readonly rows: number;
  readonly cols: number;
  /** rows + 1. */
  readonly indptr: Float64Array;
  readonly indices: Uint32Array;
  readonly data: FloatArray;

  /**
   * @throws {ArgumentError} for arrays with inconsistent lengths, {@link DataError} for a column that does not exist or
   *   occurs twice in a row
   */
  constructor({ indptr, indices, data, shape }: SparseMatrixLike, argument = "data") {
    const sizes = Array.from(shape ?? []);
    const isShape = sizes.length === 2 && sizes.every((size) => Number.isSafeInteger(size) && size >= 0);
    if (!isShape) reject(`${argument}.shape`, shape, "[rows, cols]");
    const [rows, cols] = sizes;
    this.rows = rows;
    this.cols = cols;
    this.indptr = Float64Array.from(requireNumbers(indptr, `${argument}.indptr`), Number);
    this.data = toFloats(requireNumbers(data, `${argument}.data`));
    checkPositions(this.indptr, rows, this.data.length, argument);
    this.indices = toColumns(requireNumbers(indices, `${argument}.indices`), this, argument);
    checkColumns(this, argument);
  }

  /** `[rows, cols]`. */
  get shape(): [number, number] {
    return [this.rows, this.cols];
  }

  /** Number of stored entries. */
  get stored(): number {
    return this.data.length;
  }

  /** Calls `visit` for each stored entry of row `i`. */
  forEachInRow(i: number, visit: (column: number, value: number) => void): void {
    for (let at = this.indptr[i]; at < this.indptr[i + 1]; at++) visit(this.indices[at], this.data[at]);
  }

  /** Returns rows `start` (included) to `end` (excluded) as a view of the same memory. */
  slice(start: number, end: number): SparseMatrix {
    const [first, last] = [this.indptr[start], this.indptr[end]];
    return new SparseMatrix({
      indptr: this.indptr.slice(start, end + 1).map((position) => position - first),
      indices: this.indices.subarray(first, last),
      data: this.data.subarray(first, last),
      shape: [end - start, this.cols],
    });
  }

  /** Returns a dense matrix, including the zeros. */
  toDense(): Matrix {
    const { rows, cols } = this;
    const data = this.data instanceof Float32Array ? new Float32Array(rows * cols) : new Float64Array(rows * cols);
    for (let i = 0; i < rows; i++) {
      this.forEachInRow(i, (column, value) => {
        data[i * cols + column] = value;
      });
    }
    return new Matrix(data, rows, cols);
  }
}

/** Whether a value is a sparse matrix, checked or not. */
export const isSparse = (value: unknown): value is SparseMatrixLike =>
  typeof value === "object" && value !== null && "indptr" in value && "indices" in value;

/** @throws the errors of the constructor of {@link SparseMatrix} */
export const toSparseMatrix = (input: SparseMatrixLike, argument = "data"): SparseMatrix =>
  input instanceof SparseMatrix ? input : new SparseMatrix(input, argument);

function reject(argument: string, received: unknown, accepted: string): never {
  throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
}

type Numbers = NumericArray | BigInt64Array | readonly number[];

function requireNumbers<T extends Numbers>(value: T, argument: string): T {
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) return value;
  return reject(argument, value, "an array of numbers");
}

const toFloats = (data: NumericArray | readonly number[]): FloatArray => {
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  const isExact = ArrayBuffer.isView(data) && data.BYTES_PER_ELEMENT < 4;
  return isExact ? Float32Array.from(data) : Float64Array.from(data);
};

function checkPositions(indptr: Float64Array, rows: number, stored: number, argument: string): void {
  const isAscending = indptr.every(
    (position, i) => Number.isInteger(position) && position >= (i > 0 ? indptr[i - 1] : 0),
  );
  const fits = indptr.length === rows + 1 && indptr[0] === 0 && indptr[rows] === stored;
  if (isAscending && fits) return;
  reject(`${argument}.indptr`, indptr, `${rows + 1} ascending positions from 0 to ${stored}, the numbers stored`);
}

function toColumns(indices: Numbers, { data }: SparseMatrix, argument: string): Uint32Array {
  if (indices.length !== data.length)
    reject(`${argument}.indices`, indices, `${data.length} columns, one per number stored`);
  // The unsigned view uses the same bytes. Negative columns become very large and are rejected later.
  if (indices instanceof Uint32Array) return indices;
  if (indices instanceof Int32Array) return new Uint32Array(indices.buffer, indices.byteOffset, indices.length);
  return Uint32Array.from(indices as ArrayLike<number>, (column) => {
    const number = Number(column);
    return Number.isInteger(number) && number >= 0 ? number : 2 ** 32 - 1;
  });
}

function checkColumns({ rows, cols, indptr, indices }: SparseMatrix, argument: string): void {
  // For each column, the last row (counted from 1) in which it was found.
  const seen = new Uint32Array(cols);
  for (let row = 0; row < rows; row++) {
    for (let at = indptr[row]; at < indptr[row + 1]; at++) {
      const column = indices[at];
      const isThere = column < cols;
      if (isThere && seen[column] !== row + 1) {
        seen[column] = row + 1;
        continue;
      }
      throw new DataError(isThere ? "INVALID_ARGUMENT" : "OUT_OF_RANGE", {
        argument: `${argument}.indices`,
        received: isThere ? column : column | 0,
        accepted: isThere ? "each column only once per row (first sum duplicates)" : `columns from 0 to ${cols - 1}`,
        row,
      });
    }
  }
}
