import { columnValues, valueText } from "../map/column-values.js";
import { fetchSelection, isOffline, save } from "../server-requests.js";
import { description, failure, selected } from "../state.js";

/** What the selection can be saved as: without a server, text. */
export const selectionFormats: readonly ("csv" | "parquet")[] = isOffline ? ["csv"] : ["csv", "parquet"];

export async function saveSelection(format: "csv" | "parquet"): Promise<void> {
  const rows = selected.value;
  if (!rows) return;
  try {
    const table = isOffline ? writeCsv(rows) : await fetchSelection(Uint32Array.from(rows), format);
    save(table, `selection.${format}`);
  } catch (error) {
    failure.value = `The selection was not saved: ${(error as Error).message}`;
  }
}

/** Rows with the values of the columns. */
function writeCsv(rows: Uint32Array): Blob {
  const columns = description.value?.columns ?? [];
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const cell = (column: (typeof columns)[number], row: number) => {
    if (column.kind === "category") return quote(valueText(column, row));
    const value = columnValues(column)?.[row];
    return value === undefined || Number.isNaN(value) ? "" : String(value);
  };
  const lines = [
    ["row", ...columns.map(({ id }) => quote(id))],
    ...Array.from(rows, (row) => [String(row), ...columns.map((column) => cell(column, row))]),
  ];
  return new Blob([`${lines.map((line) => line.join(",")).join("\n")}\n`], { type: "text/csv" });
}
