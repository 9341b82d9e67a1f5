import type { ColumnOptions } from "./column-roles.js";
import type { RowRange } from "./row-range.js";

/** What to read of a file. */
export interface ReadOptions {
  /** Rows `[start, end)`, counted from 0 without any header line. Default: all. */
  readonly rows?: RowRange | undefined;
  /** Stops the reading: its promise is rejected with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined;
}

/** Which numbers of a file are the matrix. */
export interface OpenMatrixOptions extends Pick<ColumnOptions, "columns" | "exclude"> {
  /**
   * For Parquet and Arrow, the one column to read: lists of numbers, all of one length, or numbers. Default: all columns that
   * {@link readDataset} takes for data.
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

/** What to read of labels. */
export interface ReadLabelsOptions extends ReadOptions {
  /** Column of a table. Default: the first that is named like labels, or the only column, or the only one of text. */
  readonly column?: string | undefined;
  /**
   * How many labels there are, where that is known: the first line of a text file with one more line is a header, whatever it says.
   */
  readonly count?: number | undefined;
}
