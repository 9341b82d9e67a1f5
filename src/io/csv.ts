import { quoteCell, shortestFloat32, shortestFloat64 } from "../csv-cell.js";
import type { Matrix } from "../matrix.js";
import { columnFormat } from "./column-format.js";
import type { Format } from "./format.js";
import { countRows, isText, selectColumns, type Table } from "./table.js";
import { openTextColumns, readTextTable } from "./text-columns.js";
import { readTextLabels } from "./text-labels.js";

/** Comma-separated values. */
export const csv = delimited("CSV", [".csv"], ",");
/** Tab-separated values. */
export const tsv = delimited("TSV", [".tsv"], "\t");
/** Text files of numbers or labels, in which the cells may have any separator. */
export const text = delimited("text", [".txt"]);

/**
 * Creates one of the text formats. The formats differ only in the separator that they write. When a file is read, the
 * separator is found from its first lines, whatever the extension of the file.
 */
function delimited(name: string, extensions: readonly string[], separator?: string): Format {
  const format: Format = {
    name,
    extensions,
    ...columnFormat(openTextColumns),
    readLabels: readTextLabels,
    readTable: (file, { columns, rows, signal }) =>
      readTextTable(file, (names) => selectColumns(file.path, names, columns), rows, signal),
  };
  if (separator === undefined) return format;
  return {
    ...format,
    encode: (matrix, columns) => encode(matrix, columns, separator),
    encodeTable: (table) => encodeTable(table, separator),
  };
}

const CHUNK_NUMBERS = 2 ** 13;

function* encode(matrix: Matrix, columns: readonly string[], separator: string): Generator<string> {
  const toText = numberText(matrix);
  yield `${columns.map((name) => quoteCell(name, separator)).join(separator)}\n`;
  const step = Math.max(1, Math.floor(CHUNK_NUMBERS / matrix.cols));
  for (let i = 0; i < matrix.rows; i += step) {
    let lines = "";
    for (let row = i; row < Math.min(i + step, matrix.rows); row++) {
      lines += `${Array.from(matrix.row(row), toText).join(separator)}\n`;
    }
    yield lines;
  }
}

function* encodeTable(table: Table, separator: string): Generator<string> {
  const columns = [...table.values()];
  const toTexts = columns.map((column) =>
    isText(column)
      ? (i: number) => quoteCell(column[i], separator)
      : column instanceof Float32Array
        ? (i: number) => shortestFloat32(column[i])
        : (i: number) => shortestFloat64(column[i]),
  );
  yield `${Array.from(table.keys(), (name) => quoteCell(name, separator)).join(separator)}\n`;
  const rows = countRows(table);
  const step = Math.max(1, Math.floor(CHUNK_NUMBERS / columns.length));
  for (let start = 0; start < rows; start += step) {
    let lines = "";
    for (let i = start; i < Math.min(start + step, rows); i++) {
      lines += `${toTexts.map((toText) => toText(i)).join(separator)}\n`;
    }
    yield lines;
  }
}

/** Returns a function that writes each number of `matrix` in the fewest digits that read back as the same number. */
export const numberText = ({ data }: Matrix): ((value: number) => string) =>
  data instanceof Float32Array ? shortestFloat32 : shortestFloat64;
