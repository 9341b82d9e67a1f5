import { requireOptions } from "../arguments.js";
import { FileError } from "../errors.js";
import { checkPath, type WriteOptions, writeFileAtomic } from "./atomic-write.js";
import type { Format } from "./format.js";
import { formatByExtension, listFormats, readWithFormat } from "./formats.js";
import type { ReadLabelsOptions, ReadTableOptions } from "./read-options.js";
import { type Table, type TableLike, toTable } from "./table.js";

/**
 * Reads the columns of an Arrow file or stream, a Parquet file, or a text file with a line of names; each may be
 * compressed. In Arrow and Parquet, integers that fit give an Int32Array, other numbers a Float32Array or Float64Array
 * as they are stored. In text, whole numbers give an Int32Array, other numbers a Float64Array. Integers beyond 2^53 are
 * not exact as numbers and are returned as texts. Booleans are 1 and 0. A missing number is NaN, a missing text is
 * empty.
 *
 * @returns columns by name, in the order of the file: `(await readTable(path)).get("x")`
 * @throws {FileError} FILE_READ if the file cannot be read. FILE_FORMAT if its content is not a table, if two columns
 *   have the same name, if a name in `options.columns` does not exist, or if a requested column holds neither numbers
 *   nor text
 * @throws {ArgumentError} OUT_OF_RANGE for rows that the file does not have
 * @throws {AbortError} if `options.signal` is aborted
 */
export function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  return readWithFormat(path, options, async (format, file) => {
    if (format.readTable) return format.readTable(file, options);
    throw new FileError(
      "FILE_FORMAT",
      path,
      `is ${format.name}, which has no named columns: expected a table, such as .csv, .parquet or .arrow`,
    );
  });
}

/**
 * Reads the labels of n points from a file.
 *
 * - .npy: n or n x 1 integers, booleans ("true", "false"), whole floats, or fixed-width strings (U, S).
 * - IDX: integers in one dimension.
 * - text: one label per line, which may contain commas and quotes, or a column of a table. In a file with one label per
 *   line the first line is a header if it is named like labels, if it is the only one that is not a number, or if there
 *   is one line more than `options.count`.
 * - A table in text, Arrow or Parquet: the column that `options.column` names, else the first that is named like labels
 *   (label, class, target, type, cluster, species ...), else the only column, else the only column of text.
 *
 * An empty label means "no label".
 *
 * @returns n labels as text
 * @throws {FileError} FILE_READ if the file cannot be read, FILE_FORMAT if its content is not a list of labels
 * @throws {ArgumentError} OUT_OF_RANGE for rows that the file does not have
 * @throws {AbortError} if `options.signal` is aborted
 */
export function readLabels(path: string, options: ReadLabelsOptions = {}): Promise<string[]> {
  return readWithFormat(path, options, (format, file) => format.readLabels(file, options));
}

/**
 * Writes columns by name to a file. The extension decides the format: .csv, .tsv, .arrow and .feather (Arrow IPC file),
 * .arrows (Arrow IPC stream) or .parquet. The file is replaced atomically, as by {@link writeFileAtomic}. Data are
 * written in batches of about 100,000 rows, which take little memory in addition to the columns. Number types are kept,
 * and texts are written as UTF-8. A NaN, which stands for a missing number, becomes null in Arrow and Parquet and NaN
 * in text.
 *
 * @param table columns of equal length; at least one
 * @throws {FileError} FILE_WRITE for another extension, or if the file cannot be written
 * @throws {ArgumentError} if `table` is not a table, or SHAPE_MISMATCH for columns of different lengths
 * @throws {AbortError} if `options.signal` is aborted
 *
 * @example
 * await writeTable("map.parquet", { x, y, label: labels });
 */
export async function writeTable(path: string, table: TableLike, options: WriteOptions = {}): Promise<void> {
  requireOptions(options);
  const encode = tableEncoderFor(path);
  await writeFileAtomic(path, encode(toTable(table)), { signal: options.signal });
}

/**
 * Returns the bytes of the file that {@link writeTable} would write, in pieces.
 *
 * @throws {FileError} FILE_WRITE for another extension
 * @throws {ArgumentError} if `table` is not a table, or SHAPE_MISMATCH for columns of different lengths
 */
export function encodeTable(extension: string, table: TableLike): AsyncIterable<Uint8Array | string> {
  return toAsync(tableEncoderFor(`table${extension}`)(toTable(table)));
}

async function* toAsync<T>(pieces: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* pieces;
}

/**
 * Checks that the extension of `path` is one that {@link writeTable} writes.
 *
 * @throws {FileError} FILE_WRITE for another extension
 */
export function assertTableExtension(path: string): void {
  tableEncoderFor(path);
}

function tableEncoderFor(path: string): NonNullable<Format["encodeTable"]> {
  checkPath(path);
  const encode = formatByExtension(path)?.encodeTable;
  if (encode) return encode;
  const list = listFormats("encodeTable");
  throw new FileError("FILE_WRITE", path, `tables are written as ${list}, decided by the extension`);
}
