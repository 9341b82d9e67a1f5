import { ArgumentError } from "../errors.js";

/**
 * A range of rows with Python's rules for slices: `start` is included, `end` is excluded, and a negative number counts
 * from the last row.
 */
export interface RowRange {
  readonly text: string;
  readonly start: number;
  readonly end: number | undefined;
}

/**
 * Creates a parser for a numeric option. Unlike `Number`, the parser accepts only decimal notation and rejects blank
 * text.
 *
 * @param flag name of the option in error messages
 * @param accepted description of the accepted values
 * @param accepts whether a number is accepted; not needed for ranges that the library checks itself
 */
export function numberParser(flag: string, accepted = "a number", accepts = (_: number) => true) {
  return (text: string): number => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(value) || !accepts(value)) throw invalid(flag, text, accepted);
    return value;
  };
}

/** Creates a parser for a whole number of `least` or more. */
export function integerParser(flag: string, least?: number) {
  const accepted = least === undefined ? "an integer" : `an integer of ${least} or more`;
  return numberParser(flag, accepted, (value) => Number.isSafeInteger(value) && value >= (least ?? -Infinity));
}

/** Creates a parser for values separated by commas. */
export function listParser<T>(parse: (text: string) => T) {
  return (text: string): T[] => text.split(",").map((part) => parse(part.trim()));
}

/** Creates a parser for `A:B`, `A:` and `:B`. */
export function rowRangeParser(flag: string) {
  return (text: string): RowRange => {
    const [, start, end] = /^(-?\d+)?:(-?\d+)?$/.exec(text) ?? [];
    if (start === undefined && end === undefined) throw invalid(flag, text, "A:B, A: or :B with row numbers from 0");
    return { text, start: Number(start ?? 0), end: end === undefined ? undefined : Number(end) };
  };
}

/** Rows and columns of a grid. A size that is undefined is chosen automatically. */
export interface GridSize {
  readonly rows?: number;
  readonly columns?: number;
}

/** Creates a parser for `RxC`, rows and columns, or `auto`. */
export function gridParser(flag: string) {
  return (text: string): GridSize => {
    if (text === "auto") return {};
    const [, rows, columns] = /^(\d{1,9})x(\d{1,9})$/i.exec(text) ?? [];
    if (rows === undefined || columns === undefined)
      throw invalid(flag, text, "rows x columns, such as 40x50, or auto");
    return { rows: Number(rows), columns: Number(columns) };
  };
}

function invalid(flag: string, received: string, accepted: string): ArgumentError {
  return new ArgumentError("INVALID_ARGUMENT", { argument: flag, received, accepted });
}
