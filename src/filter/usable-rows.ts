import { type IpcBatch, type IpcField, type ListValues, listItem, readLists } from "../io/ipc/index.js";
import { type FloatArray, Matrix } from "../matrix.js";
import type { ReportUnusable } from "./computation.js";

/** The rows of some batches that the computation can use. */
export interface UsableRows {
  /** One matrix per column, which holds only the usable rows. */
  readonly matrices: Matrix[];
  /** The number of each usable row, counted from 0 over all rows of all batches. */
  readonly rows: Uint32Array;
}

/**
 * Reads columns of lists of `d` numbers, each into a matrix. The first column holds means, a second one standard
 * deviations. Rows with a null, with a value that is not finite or with a negative standard deviation are reported and
 * left out.
 */
export async function readUsableRows(
  batches: readonly IpcBatch[],
  columns: readonly IpcField[],
  d: number,
  reportUnusable: ReportUnusable,
): Promise<UsableRows> {
  const total = countRows(batches);
  const data = columns.map((field): FloatArray => {
    const type = listItem(field) === "float64" ? Float64Array : Float32Array;
    return new type(total * d);
  });
  const unusable = new Set<number>();
  let first = 0;
  for (const batch of batches) {
    for (const [c, field] of columns.entries()) {
      const target = data[c].subarray(first * d, (first + batch.rows) * d);
      const isNull = copyLists(await readLists(batch, field, d), target, batch.rows, d);
      for (let row = 0; row < batch.rows; row++) {
        if ((!isNull?.[row] && isUsable(target, row * d, d, c > 0)) || unusable.has(first + row)) continue;
        unusable.add(first + row);
        const found = isNull?.[row] ? "a null" : findUnusable(target.subarray(row * d, (row + 1) * d), c > 0);
        reportUnusable(batch, row, `has ${found} in its ${c === 0 ? "mean" : "sigma"}`);
      }
    }
    first += batch.rows;
  }
  const rows = Uint32Array.from({ length: total }, (_, row) => row).filter((row) => !unusable.has(row));
  if (unusable.size > 0) {
    for (const numbers of data)
      for (const [k, row] of rows.entries()) numbers.copyWithin(k * d, row * d, (row + 1) * d);
  }
  return { matrices: data.map((numbers) => new Matrix(numbers.subarray(0, rows.length * d), rows.length, d)), rows };
}

/** Returns the number of rows of all batches. */
export const countRows = (batches: readonly IpcBatch[]): number => batches.reduce((sum, batch) => sum + batch.rows, 0);

/** Returns the first unusable value of a row. */
const findUnusable = (numbers: FloatArray, isSigma: boolean): number | undefined =>
  numbers.find((value) => !(Number.isFinite(value) && !(isSigma && value < 0)));

/** @returns an array with one entry per row that marks the null rows; undefined if no row is null */
function copyLists(
  { data, isDense, start }: ListValues<FloatArray | Uint8Array>,
  target: FloatArray,
  rows: number,
  d: number,
): Uint8Array | undefined {
  if (isDense) {
    target.set(data.subarray(0, rows * d));
    return undefined;
  }
  const isNull = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = start(row);
    if (from === undefined) isNull[row] = 1;
    else target.set(data.subarray(from, from + d), row * d);
  }
  return isNull;
}

/** Whether the numbers of a row are finite and, for standard deviations, not negative. */
function isUsable(numbers: FloatArray, start: number, d: number, isSigma: boolean): boolean {
  const least = isSigma ? 0 : -Number.MAX_VALUE;
  for (let at = start; at < start + d; at++) {
    const value = numbers[at];
    if (!(value >= least && value <= Number.MAX_VALUE)) return false;
  }
  return true;
}
