import { signal } from "@preact/signals";
import { disarmFormula, quoteCell, shortestFloat32, shortestFloat64 } from "../../../csv-cell.js";
import { dateText } from "../../date-text.js";
import { freeName } from "../../free-name.js";
import { type ColumnDescription, FILE_ROW } from "../../protocol.js";
import { fetchColumn, fetchLayout, fetchSelection, fetchTexts, isOffline, save } from "../server-requests.js";
import { description, failure, selected } from "../state.js";

/** File formats for saving the selection. Without a server, only text is possible. */
export const selectionFormats: readonly ("csv" | "parquet")[] = isOffline ? ["csv"] : ["csv", "parquet"];

/** Whether texts that a spreadsheet would run as formulas are saved without an apostrophe in front. */
export const savesVerbatim = signal(false);

export async function saveSelection(format: "csv" | "parquet"): Promise<void> {
  const rows = selected.value;
  if (!rows) return;
  try {
    const isVerbatim = savesVerbatim.value;
    const table = isOffline
      ? await writeCsv(rows, isVerbatim ? (text) => text : disarmFormula)
      : await fetchSelection(Uint32Array.from(rows), format, isVerbatim);
    save(table, `selection.${format}`);
  } catch (error) {
    failure.value = `The selection was not saved: ${(error as Error).message}`;
  }
}

/** A column of the table: its name, and a function that returns the cell of a row. */
type CellColumn = readonly [name: string, cell: (row: number) => string];

/** Writes the same table as the server: the row numbers, the positions in each map, and the columns. */
async function writeCsv(rows: Uint32Array, writeText: (text: string) => string): Promise<Blob> {
  const { layouts = [], columns = [], n = 0 } = description.value ?? {};
  const maps = layouts.filter(({ kind }) => kind === "map");
  const fileRows = columns.find(({ id }) => id === FILE_ROW);
  const positions = await Promise.all(maps.map(({ id }, i) => readPositions(id, i === 0 ? "" : `_${id}`)));
  const table: CellColumn[] = [
    ["row", fileRows ? await readColumn(fileRows, n, writeText) : String],
    ...positions.flat(),
  ];
  for (const column of columns) {
    if (column === fileRows) continue;
    const names = table.map(([name]) => name);
    table.push([freeName(names, writeText(column.name)), await readColumn(column, n, writeText)]);
  }
  const lines = [
    table.map(([name]) => quoteCell(name, ",")),
    ...Array.from(rows, (row) => table.map(([, cell]) => cell(row))),
  ];
  return new Blob([`${lines.map((line) => line.join(",")).join("\n")}\n`], { type: "text/csv" });
}

async function readPositions(map: string, suffix: string): Promise<CellColumn[]> {
  const positions = await fetchLayout(map);
  return ["x", "y"].map((name, axis) => [
    `${name}${suffix}`,
    (row) => shortestFloat32(positions[2 * row + axis] ?? Number.NaN),
  ]);
}

async function readColumn(
  column: ColumnDescription,
  rows: number,
  writeText: (text: string) => string,
): Promise<(row: number) => string> {
  if (column.kind === "text") {
    const texts = await fetchTexts(column.id, rows);
    return (row) => quoteCell(writeText(texts.at(row)), ",");
  }
  const values = await fetchColumn(column.id, column.type);
  if (column.kind === "category") return (row) => quoteCell(writeText(column.categories[values[row]] ?? ""), ",");
  if (column.kind === "date") return (row) => dateText(values[row] ?? Number.NaN, column.precision);
  const write = values instanceof Float32Array ? shortestFloat32 : shortestFloat64;
  return (row) => write(values[row] ?? Number.NaN);
}
