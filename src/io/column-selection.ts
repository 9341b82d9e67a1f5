import { closest } from "fastest-levenshtein";
import { ArgumentError } from "../errors.js";

/**
 * Finds the columns that a list of selectors names. A selector is the name of a column, a range of positions `A:B`, or
 * a pattern. Positions count from 0 and B is not included; A and B may be left out, and negative numbers count from the
 * end. In a pattern `*` matches any text and `?` one character. A text that is the name of a column always means that
 * column.
 *
 * @param argument name of the option in error messages
 * @returns names in the order of the file, each once
 * @throws {ArgumentError} INVALID_ARGUMENT for a selector that matches no column; the message suggests the nearest name
 */
export function selectNames(argument: string, names: readonly string[], selectors: readonly string[]): string[] {
  const chosen = new Set(selectors.flatMap((selector) => namesOf(argument, names, selector)));
  return names.filter((name) => chosen.has(name));
}

/**
 * Pairs data columns with columns of standard deviations. A selector with `*` pairs each data column with the column
 * whose name results from replacing `*` by the name of the data column. Without `*`, the selected columns are paired
 * with the data columns in order.
 *
 * @returns one name per data column; `undefined` if a pattern finds no column for it
 * @throws {ArgumentError} INVALID_ARGUMENT if a pattern finds no column at all, or if the numbers of columns differ
 */
export function pairSigmaNames(
  argument: string,
  names: readonly string[],
  data: readonly string[],
  selectors: readonly string[],
): (string | undefined)[] {
  const [pattern] = selectors;
  if (selectors.length === 1 && pattern.includes("*") && !names.includes(pattern)) {
    const paired = data.map((name) => names.find((other) => other === pattern.replace("*", name)));
    if (paired.some((name) => name !== undefined)) return paired;
    const example = pattern.replace("*", data[0] ?? "x");
    throw invalid(
      argument,
      pattern,
      `a pattern that gives the name of a column if * is replaced by the name of a data column, such as "${example}"`,
    );
  }
  const chosen = selectNames(argument, names, selectors);
  if (chosen.length === data.length) return chosen;
  throw invalid(
    argument,
    selectors.join(","),
    `one column per data column (${data.length} columns, not ${chosen.length})`,
  );
}

function namesOf(argument: string, names: readonly string[], selector: string): readonly string[] {
  if (names.includes(selector)) return [selector];
  const range = /^(-?\d*):(-?\d*)$/.exec(selector);
  if (range && selector !== ":") return sliceNames(argument, names, selector, range[1], range[2]);
  if (/[*?]/.test(selector)) {
    const pattern = new RegExp(
      `^${selector
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replaceAll("*", ".*")
        .replaceAll("?", ".")}$`,
      "s",
    );
    const found = names.filter((name) => pattern.test(name));
    if (found.length > 0) return found;
    throw invalid(argument, selector, `a pattern that matches at least one of the columns ${listNames(names)}`);
  }
  if (selector.includes(",")) return selectNames(argument, names, splitSelectors(selector));
  const guess = names.length > 0 ? closest(selector, names as string[]) : undefined;
  throw invalid(
    argument,
    selector,
    `one of the columns ${listNames(names)}${guess === undefined ? "" : ` (did you mean "${guess}"?)`}`,
  );
}

const splitSelectors = (selector: string): string[] =>
  selector
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

function sliceNames(argument: string, names: readonly string[], selector: string, from: string, to: string): string[] {
  const found = names.slice(from === "" ? 0 : Number(from), to === "" ? names.length : Number(to));
  const isBeyond = [from, to].some((end) => end !== "" && (Number(end) > names.length || Number(end) < -names.length));
  if (found.length > 0 && !isBeyond) return found;
  throw invalid(argument, selector, `a range A:B of column positions within 0:${names.length}, without position B`);
}

const listNames = (names: readonly string[]): string => {
  const shown = names.slice(0, 12).map((name) => JSON.stringify(name));
  return names.length > 12 ? `${shown.join(", ")} and ${names.length - 12} others` : shown.join(", ");
};

const invalid = (argument: string, received: unknown, accepted: string): ArgumentError =>
  new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
