/** The decimal separator of the numbers in a text file. */
export type NumberNotation = "point" | "comma";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Fortran's exponents: 1.5D+02. */
const FORTRAN_EXPONENT = /[dD](?=[+-]?\d+$)/;
const COMMA_NUMBER = /^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)?(?:,\d*)?(?:[eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+$/;
/**
 * Whole numbers. They may have a decimal part of zeros, such as 1.0, which is written by programs that store whole
 * numbers as floating-point numbers.
 */
const WHOLE = /^[+-]?\d+(?:[.,]0*)?$/;
const NAN = /^[+-]?nan$/i;
const INFINITE = /^[+-]?inf(?:inity)?$/i;
/** Missing values, including the notations of astropy, SAS and the errors of Excel. */
const MISSING = /^(?:na|n\/a|<na>|#n\/a|null|none|nil|-{1,3}|\.|#(?:div\/0!|value!|ref!|num!|name\?|null!))?$/i;
const BOOLEAN = /^(?:true|false)$/i;
/**
 * Whole numbers in their usual notation. A cell with leading zeros, such as 007, is not matched, because it is a name.
 */
const COUNT = /^-?(?:0|[1-9]\d{0,9})$/;
const LEADING_ZERO = /^[+-]?0\d/;

/** Returns the number in a cell, or `undefined` if the cell holds something else. */
export function parseNumber(cell: string, notation: NumberNotation = "point"): number | undefined {
  if (notation === "comma" && /[.,]/.test(cell)) {
    if (!COMMA_NUMBER.test(cell) || !/\d/.test(cell)) return undefined;
    return Number(cell.replaceAll(".", "").replace(",", "."));
  }
  if (NUMBER.test(cell)) return Number(cell);
  const plain = cell.replace(FORTRAN_EXPONENT, "e");
  if (plain !== cell && NUMBER.test(plain)) return Number(plain);
  if (INFINITE.test(cell)) return cell.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return NAN.test(cell) ? Number.NaN : undefined;
}

/** Returns 1 or 0 for a cell that holds true or false. */
export const parseBoolean = (cell: string): number | undefined =>
  BOOLEAN.test(cell) ? Number(cell.toLowerCase() === "true") : undefined;

/** Whether a text is a number with additional characters: 1,234 or $5 or 7 %. */
export const isDecorated = (cell: string): boolean => /^[$€£¥]?\s?[+-]?\d[\d.,'\s]*\s?[%€$£¥]?$/.test(cell);

/** Whether a cell stands for a missing value. */
export const isMissing = (cell: string): boolean => MISSING.test(cell);

/** Whether a cell holds neither a number nor a missing value. */
export const isWord = (cell: string, notation: NumberNotation = "point"): boolean =>
  parseNumber(cell, notation) === undefined && !MISSING.test(cell);

/** Whether a cell holds a whole number. */
export const isInteger = (cell: string): boolean => INTEGER.test(cell);

/** Whether a cell holds a number with a decimal comma, such as 1,5 or 1.234,5. */
export const hasDecimalComma = (cell: string): boolean => /^[+-]?\d[\d.]*,\d+/.test(cell) && COMMA_NUMBER.test(cell);

/** Whether a cell holds a number with a decimal point that cannot be a thousands separator. */
export const hasDecimalPoint = (cell: string): boolean =>
  cell.includes(".") && NUMBER.test(cell) && !COMMA_NUMBER.test(cell);

/** Counts how many cells of each kind a column has, while the cells are read. */
export class ColumnStatistics {
  numbers = 0;
  /** Whole numbers, including those written as 1.0. */
  integers = 0;
  /** Whole numbers that fit into a 32-bit integer. */
  counts = 0;
  /**
   * Numbers that must stay text to keep all their digits: numbers with leading zeros, and whole numbers beyond 2^53.
   */
  identifiers = 0;
  booleans = 0;
  missing = 0;
  texts = 0;
  /** The first cell with text, and its line number. */
  firstText: { readonly cell: string; readonly line: number } | undefined;
  firstMissing: { readonly cell: string; readonly line: number } | undefined;

  constructor(private readonly notation: NumberNotation) {}

  add(cell: string, line: number): void {
    if (parseNumber(cell, this.notation) !== undefined) {
      this.numbers++;
      if (WHOLE.test(cell)) this.integers++;
      if (COUNT.test(cell) && Number(cell) === (Number(cell) | 0)) this.counts++;
      if (LEADING_ZERO.test(cell) || (INTEGER.test(cell) && !Number.isSafeInteger(Number(cell)))) this.identifiers++;
    } else if (MISSING.test(cell)) {
      this.missing++;
      this.firstMissing ??= { cell, line };
    } else {
      if (BOOLEAN.test(cell)) this.booleans++;
      this.texts++;
      this.firstText ??= { cell, line };
    }
  }

  /** Whether all values are true or false. */
  get isBoolean(): boolean {
    return this.booleans > 0 && this.booleans === this.texts && this.numbers === 0;
  }

  /** Whether the column holds text. A column of true and false does not count as text. */
  get isText(): boolean {
    return this.texts > 0 && !this.isBoolean;
  }

  /** Returns the narrowest type that represents all values as they are written. */
  get tableType(): "integer" | "number" | "text" {
    if (this.texts > 0 || this.identifiers > 0) return "text";
    return this.missing === 0 && this.counts === this.numbers ? "integer" : "number";
  }
}
