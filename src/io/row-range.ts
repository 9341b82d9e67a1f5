import { ArgumentError, describe } from "../errors.js";

/** Rows `[start, end)`. */
export type RowRange = readonly [number, number];

/** @throws {ArgumentError} OUT_OF_RANGE unless `rows` is two integers with 0 <= start <= end */
export function checkRowRange(rows: unknown): void {
  const [start, end] = Array.isArray(rows) ? rows : [];
  if (!(Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end)) {
    const accepted = "[start, end], two integers with 0 <= start <= end";
    const received = Array.isArray(rows) ? `[${rows.join(", ")}]` : describe(rows);
    throw new ArgumentError("OUT_OF_RANGE", {
      argument: "rows",
      received: rows,
      accepted,
      message: `rows: expected ${accepted}, received ${received}`,
    });
  }
}

/**
 * Returns the requested range of rows, or the range of all rows if none is requested.
 *
 * @throws {ArgumentError} OUT_OF_RANGE if a file of `count` rows does not have them
 */
export function resolveRowRange(wanted: RowRange | undefined, count: number, path: string): RowRange {
  if (wanted === undefined) return [0, count];
  if (wanted[1] > count) {
    const accepted = `an end of at most ${count}, the number of rows of ${path}`;
    throw new ArgumentError("OUT_OF_RANGE", {
      argument: "rows",
      received: wanted,
      accepted,
      message: `rows: expected ${accepted}, received [${wanted.join(", ")}]`,
    });
  }
  return wanted;
}
