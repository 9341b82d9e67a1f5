import { FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { type ArrayFile, openArrayFile } from "./array-file.js";
import { checkColumn, detectFormat, type OpenMatrixOptions } from "./format.js";
import { readForward } from "./matrix-reader.js";
import { isFolder, openParquetFolder } from "./parquet-folder.js";
import { asReadError, openSource } from "./source.js";

/** A matrix whose rows are read when they are asked for. */
export interface RowSource {
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

/**
 * Opens a matrix in a file that may be larger than memory: any rows of .npy in C order and of IDX; the others from front to back,
 * Parquet, a file or a folder of them, page by page, Arrow batch by batch, and text line by line. Of text all lines are looked at when it is opened. What
 * cannot be read in pieces, .npy in Fortran order and what is compressed with gzip, is held in memory.
 *
 * @throws what {@link readMatrix} throws
 */
export async function openRows(path: string, options: OpenMatrixOptions = {}): Promise<RowSource> {
  if (await isFolder(path)) return readForward(path, await openParquetFolder(path, options), async () => {});
  const source = await openSource(path);
  let isOpen = false;
  try {
    return await asReadError(path, async () => {
      const format = await detectFormat(source);
      checkColumn(format, path, options.column);
      if (format.openMatrix) {
        const rows = readForward(path, await format.openMatrix(source, options), () => source.handle.close());
        isOpen = true;
        return rows;
      }
      const file = await openArrayFile(path, options).catch((error) => {
        if (error instanceof FileError && error.code === "FILE_FORMAT") return undefined;
        throw error;
      });
      if (file && file.shape.length <= 2) return rowsOf(file);
      await file?.close();
      return rowsInMemory(await format.readMatrix(source, options));
    });
  } finally {
    if (!isOpen) await source.handle.close();
  }
}

function rowsOf({ shape: [rows = 0, cols = 1], read, close }: ArrayFile): RowSource {
  return { rows, cols, close, read: async (wanted) => new Matrix(await read(wanted), wanted.length, cols) };
}

/** A matrix as a {@link RowSource}. */
export function rowsInMemory(matrix: Matrix): RowSource {
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
