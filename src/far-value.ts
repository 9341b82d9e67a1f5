import type { NativeFarValue } from "./binding.js";

/** Values that are farther than this, in units of a typical point's distance, are fill values or errors more often than measurements. */
const FAR = 1e5;

/**
 * A warning about a value far beyond the others, as a list, which is empty without such a value.
 *
 * @param far as the core found it
 */
export function describeFarValue(far: NativeFarValue | undefined): string[] {
  if (!far || far.times < FAR) return [];
  const { row, column, value, times } = far;
  return [
    `Row ${row} lies about ${times.toExponential(0)} times as far out as a typical row: column ${column} is ${value}. Its own result means little; the other rows are not affected. If it is a fill value or an error, replace it or leave the row out.`,
  ];
}
