import type { NativeFarValue } from "./binding.js";

/**
 * Smallest distance for which a warning is given, as a multiple of a typical point's distance. Values farther away are
 * more often fill values or errors than measurements.
 */
const FAR = 1e5;

/**
 * Returns a list with a warning about a value far beyond the others. The list is empty if there is no such value.
 *
 * @param far the farthest value, as found by the core
 */
export function describeFarValue(far: NativeFarValue | undefined): string[] {
  if (!far || far.times < FAR) return [];
  const { row, column, value, times } = far;
  return [
    `Row ${row} lies about ${times.toExponential(0)} times as far out as a typical row: column ${column} is ${value}. Its own result means little; the other rows are not affected. If it is a fill value or an error, replace it or leave the row out.`,
  ];
}
