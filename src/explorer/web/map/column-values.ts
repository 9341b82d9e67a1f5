import { signal } from "@preact/signals";
import { shortestFloat32, shortestFloat64 } from "../../../csv-cell.js";
import { dateText } from "../../date-text.js";
import type { CodedColumn, ColumnDescription, DateColumn, PointDescription, TextColumn } from "../../protocol.js";
import type { TextValues } from "../../text-values.js";
import type { ColumnValues } from "../coded-values.js";
import { fetchColumn, fetchTexts, isOffline } from "../server-requests.js";
import { description, failure } from "../state.js";
import { visibleText } from "./visible-text.js";

/** Loaded columns by id. */
const columns = signal<ReadonlyMap<string, ColumnValues>>(new Map());
const texts = signal<ReadonlyMap<string, TextValues>>(new Map());
const requested = new Set<string>();

/** Values of a column; undefined until they are loaded. The first call requests them. */
export function columnValues(column: CodedColumn): ColumnValues | undefined {
  const values = columns.value.get(column.id);
  if (values === undefined) {
    load(column, async () => {
      const loaded = await fetchColumn(column.id, column.type);
      columns.value = new Map([...columns.peek(), [column.id, loaded]]);
    });
  }
  return values;
}

/** Values of a text column; undefined until they are loaded. The first call requests them. */
export function columnTexts(column: TextColumn): TextValues | undefined {
  const values = texts.value.get(column.id);
  if (values === undefined) {
    load(column, async () => {
      const loaded = await fetchTexts(column.id, description.peek()?.n ?? 0);
      texts.value = new Map([...texts.peek(), [column.id, loaded]]);
    });
  }
  return values;
}

function load({ id, title }: ColumnDescription, request: () => Promise<void>): void {
  if (requested.has(id)) return;
  requested.add(id);
  request().catch((error: Error) => {
    requested.delete(id);
    failure.value = `“${title}” was not loaded: ${error.message}`;
  });
}

/** Whether the values of a column are loaded. This function does not request them. */
export const isColumnLoaded = ({ id }: ColumnDescription): boolean => columns.value.has(id) || texts.value.has(id);

/** Discards all columns, because the data have changed. */
export function forgetColumns(): void {
  requested.clear();
  columns.value = new Map();
  texts.value = new Map();
}

/** A row's value in a column as text; empty if the value is missing. Requests the column. */
export function valueText(column: ColumnDescription, row: number): string {
  if (column.kind === "text") return visibleText(columnTexts(column)?.at(row) ?? "");
  const value = columnValues(column)?.[row];
  if (value === undefined) return "";
  if (column.kind === "category") return value === column.missing ? "" : visibleText(column.categories[value] ?? "");
  if (Number.isNaN(value)) return "";
  return column.kind === "date" ? formatDate(column, value) : formatNumber(value);
}

/** A row's value in a column as text with all digits of a number. */
export function exactText(column: ColumnDescription, row: number): string {
  if (column.kind !== "number") return valueText(column, row);
  const value = columnValues(column)?.[row];
  if (value === undefined || Number.isNaN(value)) return "";
  return column.type === "float32" ? shortestFloat32(value) : shortestFloat64(value);
}

/**
 * A row's value in a column as text. It is taken from the description of the point, so that the column need not be
 * loaded. Empty for a missing value; undefined until the description or the column is loaded.
 */
export function pointText(
  column: ColumnDescription,
  row: number,
  point: PointDescription | undefined,
): string | undefined {
  const text = isOffline || isColumnLoaded(column) ? valueText(column, row) : undefined;
  if (isOffline || text !== undefined) return isColumnLoaded(column) ? text : undefined;
  if (!point || !(column.id in point.values)) return undefined;
  const value = point.values[column.id];
  if (value === null) return "";
  if (typeof value === "string") return visibleText(value);
  return column.kind === "date" ? formatDate(column, value) : formatNumber(value);
}

export const formatNumber = (value: number): string =>
  Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 }).replace("-", "\u2212");

/** A date in a readable format: `2024-05-01` or `2024-05-01 12:30:00`, UTC. */
export const formatDate = ({ precision }: DateColumn, value: number): string =>
  dateText(value, precision).replace("T", " ").replace("Z", "");
