/**
 * Functions that write one cell of a CSV or TSV file. They do not use Node.js, because web pages also write such files.
 */

/** Puts the text in quotes if a reader would otherwise split or trim it. */
export const quoteCell = (text: string, separator: string): string =>
  text === "" || text.includes(separator) || /["\r\n#]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/**
 * Puts an apostrophe before a text that a spreadsheet would run as a formula: a text that begins with =, +, -, @, a tab
 * or a carriage return, and is not a number.
 */
export const disarmFormula = (text: string): string =>
  /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;

/** Writes a number with the fewest digits that read back as the same number. */
export const shortestFloat64 = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/**
 * Writes a number with the fewest digits that read back as the same float32. At some powers of two, the text may have
 * one digit more than necessary, because the next smaller float32 is nearer than the next larger one. A normal float32
 * preserves at least six decimal digits, a subnormal one fewer; nine digits distinguish all float32 numbers.
 */
export function shortestFloat32(value: number): string {
  if (value === 0) return shortestFloat64(value);
  for (let digits = Math.abs(value) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return shortestFloat64(rounded);
  }
  return shortestFloat64(Number(value.toPrecision(9)));
}
