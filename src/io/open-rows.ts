import { FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { type ArrayFile, openArrayFile } from "./array-file.js";
import { chooseColumns } from "./chosen-columns.js";
import { asReadError } from "./file-errors.js";
import { checkColumn, detectFormat } from "./formats.js";
import { openFile } from "./input-file.js";
import type { OpenMatrixOptions } from "./read-options.js";
import { readForward } from "./row-blocks.js";
import { type RowReader, rowsInMemory } from "./row-reader.js";
import { isFolder, openTableFolder } from "./table-folder.js";

/**
 * Opens a matrix in a file that may be larger than memory. For .npy files in C order and IDX files, any row can be read
 * directly. All other formats are read from front to back: Parquet (one file or a folder of files) page by page, Arrow
 * batch by batch, and text line by line. All lines of a text file are checked when it is opened. A .npy file in Fortran
 * order is held in memory. The content of compressed files and pipes larger than 32 MiB is kept in a temporary file
 * while the matrix is open.
 *
 * @throws the errors of {@link readMatrix}
 */
export async function openRows(path: string, options: OpenMatrixOptions = {}): Promise<RowReader> {
  if (await isFolder(path)) {
    const source = await openTableFolder(path, options);
    return readForward(path, await source.openMatrix(chooseColumns(source, options).means, false), async () => {});
  }
  const file = await openFile(path, options.signal);
  let isOpen = false;
  try {
    return await asReadError(path, async () => {
      const format = await detectFormat(file);
      checkColumn(format, path, options.column);
      if (format.openMatrix) {
        const rows = readForward(path, await format.openMatrix(file, options), () => file.handle.close());
        isOpen = true;
        return rows;
      }
      const array = await openArrayFile(path, options).catch((error) => {
        if (error instanceof FileError && error.code === "FILE_FORMAT") return undefined;
        throw error;
      });
      if (array) return rowsOf(array);
      return rowsInMemory(await format.readMatrix(file, options));
    });
  } finally {
    if (!isOpen) await file.handle.close();
  }
}

function rowsOf({ shape: [rows = 0, ...axes], read, close }: ArrayFile): RowReader {
  const cols = axes.reduce((product, size) => product * size, 1);
  return { rows, cols, close, read: async (wanted) => new Matrix(await read(wanted), wanted.length, cols) };
}
