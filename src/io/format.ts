import type { FileHandle } from "node:fs/promises";
import type { Matrix } from "../matrix.js";
import { csv, text, tsv } from "./csv.js";
import { idx } from "./idx.js";
import { npy } from "./npy.js";
import type { RowRange } from "./row-range.js";

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

/** A file format for matrices and labels. Another one is another file and another line in {@link FORMATS}. */
export interface Format {
  /** Its name in error messages. */
  readonly name: string;
  /** Lower case, with the dot. */
  readonly extensions: readonly string[];
  /** Whether the first bytes of a file (up to 4096) prove it to be of this format. Absent where they prove nothing. */
  sniff?(head: Uint8Array): boolean;
  /** @throws {FileError} FILE_FORMAT where the content is not what the format promises */
  readMatrix(source: Source, options: ReadOptions): Promise<Matrix>;
  /** @throws {FileError} FILE_FORMAT where the content is not one column of labels */
  readLabels(source: Source, options: ReadOptions): Promise<string[]>;
  /** The bytes of a file, piece after piece. Absent where the format is only read. */
  encode?(matrix: Matrix, columns: readonly string[]): Iterable<Uint8Array | string>;
}

/** All formats, in the order in which they are sniffed and named. */
export const FORMATS: readonly Format[] = [npy, idx, csv, tsv, text];
