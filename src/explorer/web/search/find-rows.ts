import type { ColumnDescription } from "../../protocol.js";
import { FILE_ROW } from "../../protocol.js";
import { columnTexts, columnValues, isColumnLoaded, valueText } from "../map/column-values.js";
import { description } from "../state.js";
import { rowsContaining } from "./find-text.js";

/** Search targets that are not columns. */
export const ANY_COLUMN = "any";
export const ROW_NUMBER = "row-number";

/** The rows that a search found. */
export interface FoundRows {
  readonly rows: Uint32Array;
  /** Number of columns that are still being loaded and may contain further rows. */
  readonly loading: number;
  /** The column in which a row was found; undefined if it was found by its row number. */
  columnOf(row: number): ColumnDescription | undefined;
}

/**
 * Finds rows by their number and by the values of one or all columns. Classes and texts match if they contain the
 * wanted text, dates if they begin with it, numbers if they are equal to it. Only columns that could contain a match
 * are loaded.
 */
export function findRows(wanted: string, where: string): FoundRows {
  const { n = 0, columns = [] } = description.value ?? {};
  const text = wanted.trim();
  const found = new Uint8Array(n);
  const reasons: ColumnDescription[] = [];
  let loading = 0;
  const row = /^\d+$/.test(text.replaceAll(",", "")) ? Number(text.replaceAll(",", "")) : undefined;
  const isRowMeant = where === ANY_COLUMN || where === ROW_NUMBER;
  // If rows without a position are left out, users know the row numbers in the file, not the numbers of the points.
  const hasFileRows = columns.some(({ id }) => id === FILE_ROW);
  if (isRowMeant && row !== undefined && row < n && !hasFileRows) found[row] = BY_NUMBER;
  for (const column of columns) {
    const isAsked = where === ANY_COLUMN || where === column.id || (where === ROW_NUMBER && column.id === FILE_ROW);
    if (!isAsked || text === "" || !canHold(column, text)) continue;
    const matches = matchesOf(column, text);
    if (!isColumnLoaded(column)) loading++;
    if (!matches) continue;
    const mark = Math.min(254, reasons.push(column));
    for (let at = 0; at < n; at++) if (found[at] === 0 && matches(at)) found[at] = mark;
  }
  const rows = new Uint32Array(found.reduce((sum, mark) => sum + Number(mark > 0), 0));
  for (let at = 0, place = 0; at < n; at++) if (found[at] > 0) rows[place++] = at;
  return { rows, loading, columnOf: (at) => reasons[(found[at] ?? 0) - 1] };
}

const BY_NUMBER = 255;

/** Whether a column could contain the text, according to its description. */
function canHold(column: ColumnDescription, text: string): boolean {
  if (column.kind === "text") return true;
  if (column.kind === "date") return /^-?\d{4}/.test(text);
  if (column.kind === "number") return text !== "" && Number(text) >= column.min && Number(text) <= column.max;
  return column.categories.some((name) => name.toLowerCase().includes(text.toLowerCase()));
}

/** Whether a row matches; undefined until the column is loaded. */
function matchesOf(column: ColumnDescription, text: string): ((row: number) => boolean) | undefined {
  if (column.kind === "text") {
    const texts = columnTexts(column);
    const found = texts && rowsContaining(texts, text);
    return found && ((row) => found[row] === 1);
  }
  const values = columnValues(column);
  if (!values) return undefined;
  if (column.kind === "date") return (row) => valueText(column, row).startsWith(text.replace("T", " "));
  if (column.kind === "number") {
    const number = column.type === "float32" ? Math.fround(Number(text)) : Number(text);
    return (row) => values[row] === number;
  }
  const lower = text.toLowerCase();
  const passes = Uint8Array.from(column.categories, (name) => Number(name.toLowerCase().includes(lower)));
  return (row) => passes[values[row]] === 1;
}
