import { ArgumentError } from "../errors.js";

/** A range of rows, `start` included, `end` excluded, as Python slices it: negative ends count from the last row. */
export interface RowRange {
  readonly text: string;
  readonly start: number;
  readonly end: number | undefined;
}

/**
 * A parser of an option's number. Unlike `Number` it takes decimal notation only, and no blank text.
 *
 * @param flag the option's name, for errors
 * @param accepted what the option accepts, in words
 * @param accepts whether a number is accepted; ranges that the library knows are left to it
 */
export function numberParser(flag: string, accepted = "a number", accepts = (_: number) => true) {
  return (text: string): number => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(value) || !accepts(value)) throw invalid(flag, text, accepted);
    return value;
  };
}

/** A parser of an option's whole number, `least` or more. */
export function integerParser(flag: string, least?: number) {
  const accepted = least === undefined ? "an integer" : `an integer of ${least} or more`;
  return numberParser(flag, accepted, (value) => Number.isSafeInteger(value) && value >= (least ?? -Infinity));
}

/** A parser of values separated by commas. */
export function listParser<T>(parse: (text: string) => T) {
  return (text: string): T[] => text.split(",").map((part) => parse(part.trim()));
}

/** A parser of `A:B`, `A:`, `:B`. */
export function rowRangeParser(flag: string) {
  return (text: string): RowRange => {
    const [, start, end] = /^(-?\d+)?:(-?\d+)?$/.exec(text) ?? [];
    if (start === undefined && end === undefined) throw invalid(flag, text, "A:B, A: or :B with row numbers from 0");
    return { text, start: Number(start ?? 0), end: end === undefined ? undefined : Number(end) };
  };
}

/** Rows and columns of a grid; empty where they are to be chosen. */
export interface GridSize {
  readonly rows?: number;
  readonly columns?: number;
}

/** A parser of `RxC`, rows and columns, or `auto`. */
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
