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
   * Whether to stop at the first row for which nothing can be computed. By default the values of the new columns are
   * null in such a row.
   */
  readonly strict?: boolean | undefined;
  /** Text in front of the names of the new columns. Default: none. */
  readonly prefix?: string | undefined;
  /**
   * Columns of the input that are left out of the output. The computation can still use these columns. Leaving out a
   * column saves the time to write it. Default: none.
   */
  readonly drop?: readonly string[] | undefined;
  /** Name of the input in error messages. Default "input". */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after every batch. */
  readonly onProgress?: ((progress: FilterProgress) => void) | undefined;
}

/** Reports that nothing can be computed for a row, with the reason. `row` is counted from 0 within its batch. */
export type ReportUnusable = (batch: IpcBatch, row: number, reason: string) => void;

/** The computation of a filter. */
export interface Computation {
  /** The new columns. Their names do not yet begin with the prefix of the options. */
  readonly columns: readonly NewColumn[];
  /** Number of rows up to which batches that have already arrived are passed to one call of `compute`. */
  readonly blockRows: number;
  /**
   * @returns one array per new column with the values for the rows of all batches, one batch after the other. The value
   *   of a row that was reported as unusable is ignored
   */
  compute(batches: readonly IpcBatch[], reportUnusable: ReportUnusable, signal: AbortSignal): Promise<Float32Array[]>;
}
