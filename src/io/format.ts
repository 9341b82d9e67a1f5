import type { FileHandle } from "node:fs/promises";
import { extname } from "node:path";
import { FileError } from "../errors.js";
import type { Matrix } from "../matrix.js";
import { arrow, arrowStream } from "./arrow.js";
import { csv, text, tsv } from "./csv.js";
import { idx } from "./idx.js";
import type { MatrixReader } from "./matrix-reader.js";
import { npy } from "./npy.js";
import { parquet } from "./parquet.js";
import type { RowRange } from "./row-range.js";
import type { Table } from "./table.js";

/** A regular file, open for reading. */
export interface Source {
  readonly path: string;
  readonly handle: FileHandle;
  /** Bytes in the file. */
  readonly size: number;
}

/** What to read of a file. */
export interface ReadOptions {
  /** Rows `[start, end)`, counted from 0 without any header line. Default: all. */
  readonly rows?: RowRange | undefined;
  /** Stops the reading: its promise is rejected with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined;
}

/** Which numbers of a file are the matrix. */
export interface OpenMatrixOptions {
  /**
   * Of Parquet and Arrow, the one column to read: of lists of numbers, all of one length, or of numbers. Default: all columns of
   * numbers but labels; where there are none, the only column of lists.
   */
  readonly column?: string | undefined;
  /** Stops the reading: its promise is rejected with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined;
}

/** What to read of a matrix. */
export interface ReadMatrixOptions extends ReadOptions, OpenMatrixOptions {}

/** What to read of a table. */
export interface ReadTableOptions extends ReadOptions {
  /** Names of the columns to read. Default: all. */
  readonly columns?: readonly string[] | undefined;
}

type Pieces = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/** A file format for matrices, labels and tables. Another one is another file and another line in {@link FORMATS}. */
export interface Format {
  /** Its name in error messages. */
  readonly name: string;
  /** Lower case, with the dot. */
  readonly extensions: readonly string[];
  /** Whether the first bytes of a file (up to 4096) prove it to be of this format. Absent where they prove nothing. */
  sniff?(head: Uint8Array): boolean;
  /** @throws {FileError} FILE_FORMAT where the content is not what the format promises */
  readMatrix(source: Source, options: ReadMatrixOptions): Promise<Matrix>;
  /** The same piece by piece. Absent where rows can be read without those before them, or only all at once. */
  openMatrix?(source: Source, options: OpenMatrixOptions): Promise<MatrixReader>;
  /** @throws {FileError} FILE_FORMAT where the content is not one column of labels */
  readLabels(source: Source, options: ReadOptions): Promise<string[]>;
  /** Absent where the columns have no names. @throws {FileError} FILE_FORMAT where the content is no table */
  readTable?(source: Source, options: ReadTableOptions): Promise<Table>;
  /** The values of those of the columns that there are, as the format's library gives them: for tables with lists. */
  readValues?(source: Source, options: ReadTableOptions): Promise<Map<string, unknown[]>>;
  /** The bytes of a file, piece after piece. Absent where the format is only read. */
  encode?(matrix: Matrix, columns: readonly string[]): Pieces;
  /** The same of a table. */
  encodeTable?(table: Table): Pieces;
}

/** All formats, in the order in which they are sniffed and named. */
export const FORMATS: readonly Format[] = [npy, idx, csv, tsv, arrow, arrowStream, parquet, text];

/** The format that the content of a file shows, or else its name. */
export async function detectFormat({ path, handle, size }: Source): Promise<Format> {
  if (size === 0) throw new FileError("FILE_FORMAT", path, "the file is empty");
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
  const head = buffer.subarray(0, bytesRead);
  return FORMATS.find((format) => format.sniff?.(head)) ?? formatByExtension(path) ?? text;
}

/** The format that a file of this name has. */
export function formatByExtension(path: string): Format | undefined {
  const extension = extname(path).toLowerCase();
  return FORMATS.find((format) => format.extensions.includes(extension));
}

/** @throws {FileError} FILE_FORMAT for a format that has no columns of lists */
export function checkColumn({ name, readValues }: Format, path: string, column: string | undefined): void {
  if (column === undefined || readValues) return;
  throw new FileError("FILE_FORMAT", path, `is ${name}; a column is chosen by name of Parquet and Arrow`);
}
