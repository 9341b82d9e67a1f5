import type { Matrix } from "../matrix.js";
import type { ColumnSource, OpenColumnsOptions } from "./column-source.js";
import type { OpenFile } from "./open-file.js";
import type { OpenMatrixOptions, ReadLabelsOptions, ReadMatrixOptions, ReadTableOptions } from "./read-options.js";
import type { RowBlocks } from "./row-blocks.js";
import type { Table } from "./table.js";

type Pieces = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/** A file format for matrices, labels and tables. To add a format, write one file and add one line to `formats.ts`. */
export interface Format {
  /** Its name in error messages. */
  readonly name: string;
  /** Extensions of the file names, in lower case and with the dot. */
  readonly extensions: readonly string[];
  /**
   * Whether the first bytes of a file (up to 4096) prove that it has this format. Undefined if the first bytes never
   * prove this format.
   */
  sniff?(head: Uint8Array): boolean;
  /**
   * Opens the columns of a table, which have roles. Undefined if a file of this format holds a single matrix of
   * numbers.
   */
  openColumns?(file: OpenFile, options: OpenColumnsOptions): Promise<ColumnSource>;
  /** @throws {FileError} FILE_FORMAT if the content does not follow the format */
  readMatrix(file: OpenFile, options: ReadMatrixOptions): Promise<Matrix>;
  /**
   * Reads a matrix piece by piece. Undefined if the format can read any row directly, or can only read all rows at
   * once.
   */
  openMatrix?(file: OpenFile, options: OpenMatrixOptions): Promise<RowBlocks>;
  /** @throws {FileError} FILE_FORMAT if the content is not one column of labels */
  readLabels(file: OpenFile, options: ReadLabelsOptions): Promise<string[]>;
  /** Absent if the columns have no names. @throws {FileError} FILE_FORMAT if the content is not a table */
  readTable?(file: OpenFile, options: ReadTableOptions): Promise<Table>;
  /**
   * Returns the values of those requested columns that exist, in the form in which the library of the format returns
   * them. Used for tables with lists.
   */
  readValues?(file: OpenFile, options: ReadTableOptions): Promise<Map<string, unknown[]>>;
  /** Returns the bytes of a file in pieces. Absent if the format can only be read. */
  encode?(matrix: Matrix, columns: readonly string[]): Pieces;
  /** Returns the bytes of a file with this table in pieces. */
  encodeTable?(table: Table): Pieces;
}
