import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { asReadError } from "./file-errors.js";
import { openFile } from "./open-file.js";
import { parquet } from "./parquet.js";
import type { OpenMatrixOptions } from "./read-options.js";
import type { RowBlocks } from "./row-blocks.js";

/** Whether a path leads to a folder. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );

/**
 * The Parquet files of a folder, as Spark and other engines write them, as one matrix: in the order of their names, without those that
 * begin with _ or a point. One of them is open at a time.
 *
 * @throws {FileError} FILE_READ where there are none, FILE_FORMAT where one is no matrix, or has another number of columns
 */
export async function openParquetFolder(path: string, options: OpenMatrixOptions): Promise<RowBlocks> {
  const names = (await asReadError(path, () => readdir(path))).filter((name) => /^[^._].*\.parquet$/.test(name)).sort();
  if (names.length === 0) throw new FileError("FILE_READ", path, "holds no Parquet files and is a directory");
  const parts: { path: string; rows: number }[] = [];
  let cols = 0;
  let isWide = false;
  for (const name of names) {
    const part = join(path, name);
    for await (const reader of openPart(part, options)) {
      parts.push({ path: part, rows: reader.rows });
      isWide ||= reader.type === Float64Array;
      // Lists of no rows have no length.
      if (reader.rows === 0) continue;
      if (cols !== 0 && reader.cols !== cols) {
        throw new FileError("FILE_FORMAT", part, `has rows of ${reader.cols} numbers, the files before it of ${cols}`);
      }
      cols = reader.cols;
    }
  }
  const type = isWide ? Float64Array : Float32Array;
  async function* blocks(start: number): AsyncGenerator<Matrix> {
    let first = 0;
    for (const { path: part, rows } of parts) {
      const from = Math.max(0, start - first);
      first += rows;
      if (from >= rows) continue;
      for await (const reader of openPart(part, options)) {
        let left = rows - from;
        for await (const block of reader.blocks(from)) {
          left -= block.rows;
          yield block.data instanceof type ? block : new Matrix(new type(block.data), block.rows, block.cols);
        }
        if (left !== 0) throw new FileError("FILE_FORMAT", part, `holds ${rows - left} of ${rows} rows`);
      }
    }
  }
  return { rows: parts.reduce((sum, { rows }) => sum + rows, 0), cols, type, blocks };
}

/** Gives the one matrix of a file, which is open meanwhile. */
async function* openPart(path: string, options: OpenMatrixOptions): AsyncGenerator<RowBlocks> {
  const file = await openFile(path);
  try {
    yield await (parquet.openMatrix as NonNullable<typeof parquet.openMatrix>)(file, options);
  } finally {
    await file.handle.close();
  }
}
