import { Matrix } from "../matrix.js";

/** A matrix whose rows are read when they are asked for. */
export interface RowReader {
  readonly rows: number;
  readonly cols: number;
  /**
   * These rows, in that order. They are to ascend, and those of the next call to follow them: reading forward is one pass over a file,
   * going back begins another.
   *
   * @throws {ArgumentError} OUT_OF_RANGE for a row that is not there
   * @throws {FileError} FILE_READ or FILE_FORMAT
   */
  read(rows: ArrayLike<number>): Promise<Matrix>;
  /** To be called when no more is to be read. */
  close(): Promise<void>;
}

/** A matrix as a {@link RowReader}. */
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
