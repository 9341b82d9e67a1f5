/** How one cell of a CSV or TSV file is written. Free of Node.js, because pages write such files as well. */

/** The text, in quotes where a reader would split or trim it otherwise. */
export const quoteCell = (text: string, separator: string): string =>
  text === "" || text.includes(separator) || /["\r\n#]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/**
 * The text with an apostrophe in front of it if a spreadsheet would run it as a formula: texts that begin with =, +, - or @, or with a tab
 * or a carriage return, and are not numbers.
 */
export const disarmFormula = (text: string): string =>
  /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;

/** The fewest digits that read back as the same number. */
export const shortestFloat64 = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/**
 * The fewest digits that read back as the same float32; at some powers of two, whose neighbors lie at unequal distances, one more.
 * Six digits survive in every normal float32, in subnormal ones fewer; nine tell any two float32 apart.
 */
export function shortestFloat32(value: number): string {
  if (value === 0) return shortestFloat64(value);
  for (let digits = Math.abs(value) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return shortestFloat64(rounded);
  }
  return shortestFloat64(Number(value.toPrecision(9)));
}
