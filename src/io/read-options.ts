import type { RowRange } from "./row-range.js";

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
