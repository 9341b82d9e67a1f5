import { stat } from "node:fs/promises";
import { damagedFile, FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import type { ColumnSource, OpenColumnsOptions } from "./column-source.js";
import { detectFormat } from "./formats.js";
import { openFile } from "./input-file.js";
import type { RowBlocks } from "./row-blocks.js";
import { type RowRange, resolveRowRange } from "./row-range.js";
import {
  ColumnBuilder,
  type ColumnDescription,
  type ColumnsOfNumbers,
  countRows,
  joinNumbers,
  sliceColumn,
  type Table,
} from "./table.js";
import { findParts, listParts, type TablePart } from "./table-parts.js";

/** Whether a path is a folder. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );

/** Whether a path is a folder that contains tables. */
export const isTableFolder = async (path: string): Promise<boolean> =>
  (await isFolder(path)) && (await findParts(path)).parts.length > 0;

/**
 * Opens the tables of a folder, as Spark and other engines write them, as one table. They are read in the order of
 * their paths; files that begin with _ or a dot are ignored. The folders `key=value` of a partitioned table become
 * columns of text. Only one file is open at a time.
 *
 * @throws {FileError} FILE_READ for a folder without tables, FILE_FORMAT for a file that is not a table, or whose
 *   columns differ from those of the first
 */
export async function openTableFolder(path: string, options: OpenColumnsOptions): Promise<ColumnSource> {
  const { parts, leftOut } = await listParts(path);
  const sources: { columns: readonly ColumnDescription[]; isNamed: boolean }[] = [];
  for (const part of parts) {
    for await (const { columns, isNamed } of openPart(part, options)) {
      requireColumns(part.path, columns, sources[0]?.columns ?? columns);
      sources.push({ columns, isNamed });
    }
  }
  const [{ isNamed }] = sources;
  return {
    path,
    columns: mergeColumns(sources.map(({ columns }) => columns)),
    isNamed,
    leftOut,
    openMatrix: (columns, allowMissing) => openMatrix(parts, columns, allowMissing, options),
    readTable: (wanted, rows) => readTable(path, parts, wanted, rows, options),
    readDates: (name) => readDates(parts, name, options),
  };
}

/** @throws {FileError} FILE_FORMAT for a part whose columns differ from those of the first */
function requireColumns(
  part: string,
  columns: readonly ColumnDescription[],
  expected: readonly ColumnDescription[],
): void {
  const lacks = (all: readonly ColumnDescription[]) => (column: ColumnDescription) =>
    !all.some(({ name }) => name === column.name);
  const missing = expected.find(lacks(columns));
  const surplus = columns.find(lacks(expected));
  const fail = (reason: string) => new FileError("FILE_FORMAT", part, `${reason}; the files of a folder are one table`);
  if (missing) throw fail(`has no column ${JSON.stringify(missing.name)}, which the files before it have`);
  if (surplus) throw fail(`has a column ${JSON.stringify(surplus.name)}, which the files before it lack`);
}

/** Finds a type for each column that holds the values of all parts. Parts in which the column is empty are ignored. */
function mergeColumns(all: readonly (readonly ColumnDescription[])[]): ColumnDescription[] {
  const order = [undefined, "integer", "float32", "float64", "text"] as const;
  return all[0].map((first) => {
    const same = all.map((columns) => columns.find(({ name }) => name === first.name) as ColumnDescription);
    return same.reduce((widest, column) => (order.indexOf(column.type) > order.indexOf(widest.type) ? column : widest));
  });
}

async function openMatrix(
  files: readonly TablePart[],
  wanted: ColumnsOfNumbers,
  allowMissing: boolean,
  options: OpenColumnsOptions,
): Promise<RowBlocks> {
  const parts: { part: TablePart; rows: number }[] = [];
  let cols = 0;
  let isWide = false;
  for (const part of files) {
    for await (const source of openPart(part, { ...options, isWhole: true })) {
      const reader = await source.openMatrix(wanted, allowMissing);
      parts.push({ part, rows: reader.rows });
      isWide ||= reader.type === Float64Array;
      // A column of lists without rows has no list length.
      if (reader.rows === 0) continue;
      if (cols !== 0 && reader.cols !== cols) {
        throw new FileError(
          "FILE_FORMAT",
          part.path,
          `has rows of ${reader.cols} numbers, but the files before it have rows of ${cols}`,
        );
      }
      cols = reader.cols;
    }
  }
  const type = isWide ? Float64Array : Float32Array;
  async function* blocks(start: number): AsyncGenerator<Matrix> {
    let first = 0;
    for (const { part, rows } of parts) {
      const from = Math.max(0, start - first);
      first += rows;
      if (from >= rows) continue;
      for await (const source of openPart(part, options)) {
        const reader = await source.openMatrix(wanted, allowMissing);
        let left = rows - from;
        for await (const block of reader.blocks(from)) {
          left -= block.rows;
          yield block.data instanceof type ? block : new Matrix(new type(block.data), block.rows, block.cols);
        }
        if (left !== 0) throw damagedFile(part.path, `has only ${rows - left} of ${rows} rows`);
      }
    }
  }
  return { rows: parts.reduce((sum, { rows }) => sum + rows, 0), cols, type, blocks };
}

async function readTable(
  path: string,
  parts: readonly TablePart[],
  names: readonly string[],
  wanted: RowRange | undefined,
  options: OpenColumnsOptions,
): Promise<Table> {
  const tables: Table[] = [];
  for (const part of parts) {
    for await (const source of openPart(part, options)) tables.push(await source.readTable(names, undefined));
  }
  const columns = names.map((name) => {
    const pieces = tables.map((table) => table.get(name) ?? []);
    const isCounted = pieces.every((piece) => piece instanceof Int32Array);
    const type = pieces.some(Array.isArray) ? "text" : isCounted ? "integer" : "float64";
    const builder = new ColumnBuilder(path, name, type, true);
    for (const piece of pieces) if (piece.length > 0) builder.push(piece);
    return [name, builder.build()] as const;
  });
  const rows = columns[0]?.[1].length ?? 0;
  const [start, end] = resolveRowRange(wanted, rows, path);
  return new Map(columns.map(([name, column]) => [name, sliceColumn(column, start, end)]));
}

async function readDates(
  parts: readonly TablePart[],
  name: string,
  options: OpenColumnsOptions,
): Promise<Float64Array> {
  const pieces: Float64Array[] = [];
  for (const part of parts) {
    for await (const { readDates: read } of openPart(part, options)) {
      if (!read) throw new FileError("FILE_FORMAT", part.path, `holds no dates in column ${JSON.stringify(name)}`);
      pieces.push(await read(name));
    }
  }
  return joinNumbers(
    pieces,
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
}

/** Opens a file and yields its columns together with those of its folders. The file is closed afterwards. */
async function* openPart({ path, keys }: TablePart, options: OpenColumnsOptions): AsyncGenerator<ColumnSource> {
  const file = await openFile(path, options.signal);
  try {
    const { openColumns, name } = await detectFormat(file);
    if (!openColumns)
      throw new FileError(
        "FILE_FORMAT",
        path,
        `is ${name}, which has no columns: expected a table, such as .csv, .parquet or .arrow`,
      );
    yield withKeys(await openColumns(file, options), keys);
  } finally {
    await file.handle.close();
  }
}

/** Adds the keys of a partitioned table as columns of text, unless the file has columns of these names. */
function withKeys(source: ColumnSource, keys: ReadonlyMap<string, string>): ColumnSource {
  const added = [...keys.keys()].filter((key) => !source.columns.some(({ name }) => name === key));
  if (added.length === 0) return source;
  const columns = added.map((name) => ({ name, type: "text" as const, itemType: undefined, kind: "text" }));
  return {
    ...source,
    columns: [...source.columns, ...columns],
    async readTable(names, rows) {
      const own = names.filter((name) => !added.includes(name));
      // Read one column to find the number of rows.
      const counted = own.length > 0 ? own : [(source.columns[0] as ColumnDescription).name];
      const table = await source.readTable(counted, rows);
      const count = countRows(table);
      const value = (name: string) => table.get(name) ?? new Array<string>(count).fill(keys.get(name) as string);
      return new Map(names.map((name) => [name, value(name)]));
    },
  };
}
