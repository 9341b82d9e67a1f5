import { signal } from "@preact/signals";
import type { ColumnDescription } from "../../protocol.js";
import { fetchColumn } from "../server-requests.js";
import { failure } from "../state.js";
import { visibleText } from "./visible-text.js";

export type ColumnValues = Float32Array | Uint16Array | Uint32Array;

/** Columns that have been loaded, by id. */
const columns = signal<ReadonlyMap<string, ColumnValues>>(new Map());
const requested = new Set<string>();

/** Values of a column; undefined until they are loaded. Requests them once. */
export function columnValues(column: ColumnDescription): ColumnValues | undefined {
  const values = columns.value.get(column.id);
  if (values === undefined && !requested.has(column.id)) {
    requested.add(column.id);
    fetchColumn(column.id, column.type)
      .then((loaded) => {
        columns.value = new Map([...columns.peek(), [column.id, loaded]]);
      })
      .catch((error: Error) => {
        requested.delete(column.id);
        failure.value = `“${column.title}” was not loaded: ${error.message}`;
      });
  }
  return values;
}

/** Discards all columns, because the data have changed. */
export function forgetColumns(): void {
  requested.clear();
  columns.value = new Map();
}

/** A row's value in a column as text; empty if it has none. */
export function valueText(column: ColumnDescription, row: number): string {
  const value = columnValues(column)?.[row];
  if (value === undefined) return "";
  if (column.kind === "category") return value === column.missing ? "" : visibleText(column.categories[value] ?? "");
  return Number.isNaN(value) ? "" : formatNumber(value);
}

export const formatNumber = (value: number): string =>
  Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 }).replace("-", "\u2212");
