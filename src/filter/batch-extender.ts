import { FileError } from "../errors.js";
import type { IpcBatch } from "../io/ipc/index.js";
import type { FilterProgress, ReportUnusable } from "./computation.js";
import { withMalformedError } from "./malformed-input.js";
import type { StreamItem } from "./stream-item.js";
import type { ColumnPlan } from "./stream-reader.js";

/** The options of {@link BatchExtender}. */
export interface BatchExtenderOptions {
  /** Name of the input in error messages. */
  readonly name: string;
  readonly strict: boolean;
  /** Stops the computation. */
  readonly signal: AbortSignal;
  readonly onProgress: ((progress: FilterProgress) => void) | undefined;
}

/** Computes the new columns of the batches of a stream and appends them. */
export class BatchExtender {
  readonly #options: BatchExtenderOptions;
  readonly #progress = { rows: 0, batches: 0, unusable: 0 };

  constructor(options: BatchExtenderOptions) {
    this.#options = options;
  }

  /**
   * Computes the new columns of all batches in `items` in one call, and appends them to the batches.
   *
   * @param plan undefined only if there is no batch among `items`
   * @returns the bytes of all items, in their order
   */
  async extend(items: readonly StreamItem[], plan: ColumnPlan | undefined): Promise<Uint8Array[]> {
    const batches = items.flatMap((item) => ("batch" in item ? [item.batch] : []));
    if (!plan || batches.length === 0) return items.flatMap((item) => ("batch" in item ? [] : item.bytes));
    const usable = new Map(batches.map((batch) => [batch, new Uint8Array(batch.rows).fill(1)]));
    const report = this.#unusableReporter(batches, usable);
    const values = await plan.computation.compute(batches, report, this.#options.signal);
    let start = 0;
    return items.flatMap((item) => {
      if (!("batch" in item)) return item.bytes;
      const end = start + item.batch.rows;
      const own = plan.columns.map(({ width = 1 }, c) => values[c].subarray(start * width, end * width));
      start = end;
      return this.#append(item.batch, plan, usable.get(item.batch) as Uint8Array, own);
    });
  }

  /** Marks a row as unusable; with `strict` its error ends the stream. */
  #unusableReporter(batches: readonly IpcBatch[], usable: ReadonlyMap<IpcBatch, Uint8Array>): ReportUnusable {
    const { name, strict } = this.#options;
    return (batch, row, reason) => {
      const index = this.#progress.batches + batches.indexOf(batch);
      if (strict) throw new FileError("FILE_FORMAT", name, `row ${row} of batch ${index} ${reason}`);
      const flags = usable.get(batch) as Uint8Array;
      if (flags[row] === 1) this.#progress.unusable++;
      flags[row] = 0;
    };
  }

  #append(batch: IpcBatch, plan: ColumnPlan, usable: Uint8Array, values: readonly Float32Array[]): Uint8Array[] {
    const { name, onProgress } = this.#options;
    const pieces = withMalformedError(name, () => batch.withColumns(plan.kept, plan.columns, usable, values));
    this.#progress.rows += batch.rows;
    this.#progress.batches++;
    onProgress?.({ ...this.#progress });
    return pieces;
  }
}
