/** The content of a file: columns of equal length. */
export type Column =
  | { readonly name: string; readonly type: "number" | "integer"; readonly values: Float64Array }
  | { readonly name: string; readonly type: "text"; readonly values: readonly string[] };

export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** The answer of the worker that reads files. */
export type ReadReply = { table: Table } | { failure: string };

/** Size limit of files in bytes. The file and its numbers are in memory at the same time. */
export const LARGEST_FILE = 2 ** 30;
/** The same for text. V8 cannot create longer strings, and would decode such a file to an empty one. */
export const LARGEST_TEXT = 2 ** 29 - 24;

/** Creates a column from cells of any type. It is numeric if all cells are numbers or empty; empty cells become NaN. */
export function toColumn(name: string, cells: readonly unknown[]): Column {
  const values = new Float64Array(cells.length);
  let isInteger = true;
  let filled = 0;
  for (const [i, cell] of cells.entries()) {
    const value = toNumber(cell);
    if (value === undefined) return { name, type: "text", values: cells.map((one) => String(one ?? "")) };
    if (!Number.isNaN(value)) filled++;
    isInteger &&= Number.isInteger(value);
    values[i] = value;
  }
  if (filled === 0) return { name, type: "text", values: cells.map(() => "") };
  return { name, type: isInteger ? "integer" : "number", values };
}

/** NaN for an empty cell, undefined for a text. */
function toNumber(cell: unknown): number | undefined {
  if (typeof cell === "number") return cell;
  if (typeof cell === "bigint") return Number(cell);
  if (cell === null || cell === undefined) return Number.NaN;
  if (typeof cell !== "string") return undefined;
  const text = cell.trim();
  if (text === "" || /^(nan|na|n\/a|null)$/i.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

/** Names columns by position, for files without column names. */
export const columnName = (position: number) => `column ${position}`;
