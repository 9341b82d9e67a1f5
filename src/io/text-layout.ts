import { FileError } from "../errors.js";
import { isInteger, isMissing, isWord, type NumberNotation, parseNumber } from "./text-cells.js";
import type { TextDialect } from "./text-dialect.js";
import type { TextRow } from "./text-rows.js";

/** The number of columns of a text file and the line that holds their names. */
export interface TextLayout {
  /** The names of the columns, made distinct, or their positions if the file has no names. */
  readonly names: readonly string[];
  /** The names as they are written in the file, for error messages; `undefined` if the file has no names. */
  readonly header: readonly string[] | undefined;
  readonly hasHeaderLine: boolean;
  /** Number of lines between the names and the data. These lines hold units, or dashes that underline the names. */
  readonly unitLines: number;
  readonly width: number;
  /** Whether lines may end with a separator after their last cell. */
  readonly hasTrailingSeparator: boolean;
}

/**
 * Finds the layout of a text file from its first rows.
 *
 * The first row holds names in three cases: it has words above columns of numbers, it has the column numbers that
 * pandas writes, or it has one cell less than the other rows, as R writes tables with row names. If there is no row of
 * names, a comment directly above the rows may hold the names.
 *
 * @param isTable whether the first row always holds names
 * @throws {FileError} FILE_FORMAT for a first row that has words above some columns of numbers and numbers above others
 */
export function detectLayout(
  path: string,
  rows: readonly TextRow[],
  { notation, comment }: TextDialect,
  isTable = false,
): TextLayout {
  const [{ fields: first, line }] = rows;
  const others = rows.slice(1).map(({ fields }) => fields);
  const hasTrailingSeparator = endsWithSeparator(first, others);
  const trim = (fields: readonly string[], width: number) =>
    hasTrailingSeparator && fields.length === width + 1 ? fields.slice(0, width) : fields;
  const width = hasTrailingSeparator ? others[0].length - Number(others[0].at(-1) === "") : first.length;
  const head = trim(first, width);
  const body = others.map((fields) => trim(fields, width));
  const shared = { hasTrailingSeparator, hasHeaderLine: true };
  const isShort =
    !hasTrailingSeparator &&
    body.length > 0 &&
    body.every(({ length }) => length === head.length + 1) &&
    head.every((cell) => isWord(cell, notation) || cell === "");
  if (isShort) {
    const header = ["", ...head];
    return { ...shared, unitLines: 0, names: distinct(header), header, width: width + 1 };
  }
  if (isTable || isHeader(path, head, body, notation, line)) {
    const unitLines = isTable ? 0 : countUnitLines(body, notation);
    return { ...shared, unitLines, names: distinct(head), header: head, width };
  }
  const named = comment?.length === width && comment.every((cell) => isWord(cell)) ? comment : undefined;
  const names = named ? distinct(named) : Array.from({ length: width }, (_, j) => String(j));
  return { names, header: named, hasHeaderLine: false, unitLines: 0, width, hasTrailingSeparator };
}

/** Whether a cell could be a unit such as km/s, or consists of dashes. */
const isUnit = (cell: string, notation: NumberNotation): boolean =>
  /^-{2,}$/.test(cell) || (/^[^\d.+-]*[a-z]/i.test(cell) && isWord(cell, notation));

/** Largest number of lines between the names and the data. */
const MOST_UNIT_LINES = 2;

/**
 * Counts the lines of units below the names, which are common in astronomical tables. In the columns of numbers, such a
 * line has words or dashes in at least two columns and a number in no column.
 */
function countUnitLines(body: readonly (readonly string[])[], notation: NumberNotation): number {
  for (let count = 0; count < MOST_UNIT_LINES; count++) {
    const [line, ...others] = body.slice(count);
    if (!line || others.length < MOST_UNIT_LINES) return count;
    const numeric = line.filter((_, j) => isNumeric(others, j, notation));
    const units = numeric.filter((cell) => isUnit(cell, notation));
    const isUnits = units.length >= 2 && numeric.every((cell) => cell === "" || units.includes(cell));
    if (!isUnits) return count;
  }
  return MOST_UNIT_LINES;
}

/** Whether all rows below the first row end with an empty cell in a column without a name. */
function endsWithSeparator(first: readonly string[], others: readonly (readonly string[])[]): boolean {
  if (others.length === 0 || first.length < 2) return false;
  const isEmptyBelow = others.every((fields) => fields.length > 1 && fields.at(-1) === "");
  if (isEmptyBelow) {
    return others.every(
      ({ length }) => length === first.length + 1 || (length === first.length && first.at(-1) === ""),
    );
  }
  return first.at(-1) === "" && others.every(({ length }) => length === first.length - 1);
}

function isHeader(
  path: string,
  first: readonly string[],
  body: readonly (readonly string[])[],
  notation: NumberNotation,
  line: number,
): boolean {
  const words = first.map((cell) => isWord(cell, notation));
  const rowNames = countRowNames(first);
  if (rowNames > 0 && !words.includes(true)) return isCounted(first.slice(rowNames));
  if (body.length === 0) return words.includes(true);
  const numeric = first.flatMap((_, j) => (isNumeric(body, j, notation) ? [j] : []));
  if (numeric.length === 0) return words.includes(true);
  const above = numeric.filter((j) => j >= rowNames && !words[j]);
  const named = numeric.filter((j) => words[j]);
  if (named.length > 0) {
    const numbers = above.filter((j) => !isMissing(first[j]));
    if (numbers.length === 0 && above.every((j) => first[j] === "")) return true;
    if (numbers.length === above.length && isNames(numbers.map((j) => first[j]))) return true;
    throw mixedRow(path, first, named[0], line);
  }
  // If all columns hold text, their words do not show whether the first row is a header. Then only the columns of
  // numbers decide.
  return isNumberedHeader(
    above.map((j) => first[j]),
    body.map((fields) => above.map((j) => fields[j] ?? "")),
  );
}

/**
 * Whether the numbers in a row of words can be names of columns: they are distinct years, or positions counted from 0
 * or 1.
 */
const isNames = (cells: readonly string[]): boolean =>
  new Set(cells).size === cells.length &&
  (cells.every((cell) => /^[12]\d{3}$/.test(cell)) ||
    (cells.length > 1 && /^[01]$/.test(cells[0]) && isSequence(cells)));

/**
 * Whether a first row 0, 1, 2, ... holds the names that pandas gives to unnamed columns. The answer is yes if some of
 * the numbers below this row are not whole. If all these numbers are whole, the answer is yes for four or more columns,
 * unless the next row continues the count.
 */
function isNumberedHeader(cells: readonly string[], body: readonly (readonly string[])[]): boolean {
  if (cells.length < 2 || !isCounted(cells)) return false;
  const [next] = body;
  if (!next.every(isInteger)) return true;
  return cells.length >= 4 && !isSequence(next);
}

const isCounted = (cells: readonly string[]): boolean => cells.every((cell, j) => cell === String(j));

const isSequence = (cells: readonly string[]): boolean =>
  cells.every((cell, j) => isInteger(cell) && (j === 0 || Number(cell) === Number(cells[j - 1]) + 1));

/** Whether most values of a column are numbers. */
function isNumeric(body: readonly (readonly string[])[], column: number, notation: NumberNotation): boolean {
  let [numbers, words] = [0, 0];
  for (const fields of body) {
    const cell = fields[column] ?? "";
    if (parseNumber(cell, notation) !== undefined) numbers++;
    else if (!isMissing(cell)) words++;
  }
  return numbers > 0 && numbers >= words;
}

/** Matches the headers that pandas and R write above a column of row names. */
const ROW_NAMES = /^(?:Unnamed: 0(?:\.\d+)*)?$/;

function countRowNames(header: readonly string[]): number {
  const named = header.slice(0, -1).findIndex((name) => !ROW_NAMES.test(name));
  return named < 0 ? header.length - 1 : named;
}

function mixedRow(path: string, first: readonly string[], column: number, line: number): FileError {
  return new FileError(
    "FILE_FORMAT",
    path,
    `line ${line}, column ${column + 1}: expected a number, found ${JSON.stringify(first[column])}. Correct it; if the line holds names of columns, give each column one that is not a number`,
  );
}

/**
 * Makes names distinct: a second x becomes x.1, as in pandas. An empty name is replaced by the position of its column.
 */
function distinct(header: readonly string[]): string[] {
  const taken = new Set<string>();
  const rowNames = countRowNames(header);
  return header.map((name, j) => {
    const plain = name === "" && j >= Math.max(1, rowNames) ? `column ${j + 1}` : name;
    let free = plain;
    for (let k = 1; taken.has(free); k++) free = `${plain}.${k}`;
    taken.add(free);
    return free;
  });
}
