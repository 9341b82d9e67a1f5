import type { ColumnOptions } from "./column-roles.js";
import type { RowRange } from "./row-range.js";

/** The part of a file to read. */
export interface ReadOptions {
  /** Rows from `start` to `end - 1`, counted from 0; a header line is not counted. Default: all. */
  readonly rows?: RowRange | undefined;
  /** Stops the reading: the returned promise is rejected with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined;
}

/** The columns of a file that form the matrix. */
export interface OpenMatrixOptions extends Pick<ColumnOptions, "columns" | "exclude"> {
  /**
   * For Parquet and Arrow, the single column to read. It holds numbers, or lists of numbers that all have the same
   * length. Default: all columns that {@link readDataset} uses as data.
   */
  readonly column?: string | undefined;
  /** Stops the reading: the returned promise is rejected with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined;
}

/** The part of a matrix to read. */
export interface ReadMatrixOptions extends ReadOptions, OpenMatrixOptions {}

/** The part of a table to read. */
export interface ReadTableOptions extends ReadOptions {
  /** Names of the columns to read. Default: all. */
  readonly columns?: readonly string[] | undefined;
}

/** The labels to read. */
export interface ReadLabelsOptions extends ReadOptions {
  /**
   * Column of a table. Default: the first that is named like labels, else the only column, else the only column of
   * text.
   */
  readonly column?: string | undefined;
  /**
   * Number of labels, if known. If a text file has one line more than labels, its first line is treated as a header.
   */
  readonly count?: number | undefined;
}
