import type { IpcBatch, NewColumn } from "../io/ipc/index.js";

/** Progress of a filter. */
export interface FilterProgress {
  /** Number of finished rows. */
  rows: number;
  batches: number;
  /** Finished rows for which nothing could be computed. */
  unusable: number;
}

/** Options of every filter. */
export interface FilterOptions {
  /**
   * Whether to stop at the first row for which nothing can be computed. By default the new columns are null in such a
   * row.
   */
  readonly strict?: boolean | undefined;
  /** Text in front of the names of the new columns. Default: none. */
  readonly prefix?: string | undefined;
  /**
   * Columns of the input that are left out of the output. The computation can still use them. A column that is not
   * written costs no time. Default: none.
   */
  readonly drop?: readonly string[] | undefined;
  /** Name of the input in error messages. Default "input". */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after every batch. */
  readonly onProgress?: ((progress: FilterProgress) => void) | undefined;
}

/** Reports that nothing can be computed for a row, with the reason. Rows count from 0 in their batch. */
export type ReportUnusable = (batch: IpcBatch, row: number, reason: string) => void;

/** The computation of a filter. */
export interface Computation {
  /** The new columns. Their names do not have the prefix yet. */
  readonly columns: readonly NewColumn[];
  /** Number of rows that are computed together if they have already arrived. */
  readonly blockRows: number;
  /**
   * @returns the values of each new column for the rows of all batches, one batch after the other; any value for a row
   *   that was reported as unusable
   */
  compute(batches: readonly IpcBatch[], reportUnusable: ReportUnusable, signal: AbortSignal): Promise<Float32Array[]>;
}
