import type { Matrix } from "../matrix.js";
import type { ColumnSource, OpenColumnsOptions } from "./column-source.js";
import type { OpenFile } from "./open-file.js";
import type { OpenMatrixOptions, ReadLabelsOptions, ReadMatrixOptions, ReadTableOptions } from "./read-options.js";
import type { RowBlocks } from "./row-blocks.js";
import type { Table } from "./table.js";

type Pieces = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/** A file format for matrices, labels and tables. Another one is another file and another line in `formats.ts`. */
export interface Format {
  /** Its name in error messages. */
  readonly name: string;
  /** Lower case, with the dot. */
  readonly extensions: readonly string[];
  /** Whether the first bytes of a file (up to 4096) prove it to be of this format. Absent where they prove nothing. */
  sniff?(head: Uint8Array): boolean;
  /** Opens the columns of a table, which have roles. Absent where a file holds one matrix of numbers. */
  openColumns?(file: OpenFile, options: OpenColumnsOptions): Promise<ColumnSource>;
  /** @throws {FileError} FILE_FORMAT where the content is not what the format promises */
  readMatrix(file: OpenFile, options: ReadMatrixOptions): Promise<Matrix>;
  /** The same piece by piece. Absent where rows can be read without those before them, or only all at once. */
  openMatrix?(file: OpenFile, options: OpenMatrixOptions): Promise<RowBlocks>;
  /** @throws {FileError} FILE_FORMAT where the content is not one column of labels */
  readLabels(file: OpenFile, options: ReadLabelsOptions): Promise<string[]>;
  /** Absent where the columns have no names. @throws {FileError} FILE_FORMAT where the content is no table */
  readTable?(file: OpenFile, options: ReadTableOptions): Promise<Table>;
  /** The values of those of the columns that there are, as the format's library gives them: for tables with lists. */
  readValues?(file: OpenFile, options: ReadTableOptions): Promise<Map<string, unknown[]>>;
  /** The bytes of a file, piece after piece. Absent where the format is only read. */
  encode?(matrix: Matrix, columns: readonly string[]): Pieces;
  /** The same of a table. */
  encodeTable?(table: Table): Pieces;
}
