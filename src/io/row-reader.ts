import { Matrix } from "../matrix.js";

/** A matrix whose rows are read on request. */
export interface RowReader {
  readonly rows: number;
  readonly cols: number;
  /**
   * Reads these rows in the given order. Row numbers should increase, within a call and from one call to the next:
   * increasing row numbers need one pass over the file, and each row number smaller than the previous one starts
   * another pass.
   *
   * @throws {ArgumentError} OUT_OF_RANGE for a row that does not exist
   * @throws {FileError} FILE_READ or FILE_FORMAT
   */
  read(rows: ArrayLike<number>): Promise<Matrix>;
  /** Closes the file. */
  close(): Promise<void>;
}

/** Presents a matrix in memory as a {@link RowReader}. */
export function rowsInMemory(matrix: Matrix): RowReader {
  const { rows, cols } = matrix;
  return {
    rows,
    cols,
    async read(wanted) {
      const data = new (matrix.data instanceof Float32Array ? Float32Array : Float64Array)(wanted.length * cols);
      for (let k = 0; k < wanted.length; k++) data.set(matrix.row(wanted[k]), k * cols);
      return new Matrix(data, wanted.length, cols);
    },
    close: async () => {},
  };
}
