import { FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { openArrayFile } from "./array-file.js";
import { readMatrix } from "./index.js";

/** A matrix whose rows are read when they are asked for. */
export interface RowSource {
  readonly rows: number;
  readonly cols: number;
  /** These rows, in that order. @throws {FileError} FILE_READ or FILE_FORMAT */
  read(rows: ArrayLike<number>): Promise<Matrix>;
  /** To be called when no more is to be read. */
  close(): Promise<void>;
}

/**
 * Opens a matrix in a file, of which .npy in C order and IDX may be larger than memory. Other files are read at once, as
 * {@link readMatrix} does.
 *
 * @throws what {@link readMatrix} throws
 */
export async function openRows(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<RowSource> {
  const file = await openArrayFile(path, options).catch((error) => {
    if (error instanceof FileError && error.code === "FILE_FORMAT") return undefined;
    throw error;
  });
  if (file && file.shape.length <= 2) {
    const [rows = 0, cols = 1] = file.shape;
    return {
      rows,
      cols,
      read: async (wanted) => new Matrix(await file.read(wanted), wanted.length, cols),
      close: file.close,
    };
  }
  await file?.close();
  return rowsInMemory(await readMatrix(path, options));
}

/** A matrix as a {@link RowSource}. */
export function rowsInMemory(matrix: Matrix): RowSource {
  const { rows, cols } = matrix;
  return {
    rows,
    cols,
    async read(wanted) {
      const data = new (matrix.data instanceof Float32Array ? Float32Array : Float64Array)(wanted.length * cols);
      for (let k = 0; k < wanted.length; k++) data.set(matrix.row(wanted[k] as number), k * cols);
      return new Matrix(data, wanted.length, cols);
    },
    close: async () => {},
  };
}
