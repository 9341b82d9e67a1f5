import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import type { ColumnSource, OpenColumnsOptions } from "./column-source.js";
import { asReadError } from "./file-errors.js";
import { detectFormat } from "./formats.js";
import { openFile } from "./input-file.js";
import type { RowBlocks } from "./row-blocks.js";
import { type RowRange, resolveRowRange } from "./row-range.js";
import { ColumnBuilder, type ColumnDescription, type ColumnsOfNumbers, sliceColumn, type Table } from "./table.js";

/** Whether a path leads to a folder. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );

const IMAGES = /\.(png|jpe?g|tiff?|webp|gif)$/i;

/** Extensions of the files of a folder; those of the first that there are, are read. */
const EXTENSIONS = [".parquet", ".csv", ".tsv", ".arrow", ".feather", ".arrows"];

/** Whether a path leads to a folder with tables. */
export async function isTableFolder(path: string): Promise<boolean> {
  if (!(await isFolder(path))) return false;
  const names = await asReadError(path, () => readdir(path));
  return names.some((name) => /^[^._]/.test(name) && EXTENSIONS.includes(extname(name)));
}

/**
 * The tables of a folder, as Spark and other engines write them, as one table: in the order of their names, without those that begin with
 * _ or a point. One of them is open at a time.
 *
 * @throws {FileError} FILE_READ for a folder without tables, FILE_FORMAT for a file that is not a table, or has other columns than the first
 */
export async function openTableFolder(path: string, options: OpenColumnsOptions): Promise<ColumnSource> {
  const names = (await asReadError(path, () => readdir(path))).filter((name) => /^[^._]/.test(name)).sort();
  const extension = EXTENSIONS.find((candidate) => names.some((name) => extname(name) === candidate));
  if (extension === undefined) {
    const hasImages = names.some((name) => IMAGES.test(name));
    const found = hasImages ? "is a folder of images" : "is a folder without tables";
    const advice = hasImages ? ". Images are data of train and encode, whose codes can be embedded" : "";
    throw new FileError("FILE_READ", path, `${found}: expected files ${EXTENSIONS.join(", ")}${advice}`);
  }
  const parts = names.filter((name) => extname(name) === extension).map((name) => join(path, name));
  const sources: { part: string; columns: readonly ColumnDescription[]; isNamed: boolean }[] = [];
  for (const part of parts) {
    for await (const { columns, isNamed } of openPart(part, options)) {
      requireColumns(part, columns, sources[0]?.columns ?? columns);
      sources.push({ part, columns, isNamed });
    }
  }
  const [{ isNamed }] = sources;
  return {
    path,
    columns: mergeColumns(sources.map(({ columns }) => columns)),
    isNamed,
    openMatrix: (columns, allowMissing) => openMatrix(parts, columns, allowMissing, options),
    readTable: (wanted, rows) => readTable(path, parts, wanted, rows, options),
  };
}

/** @throws {FileError} FILE_FORMAT for a part that has other columns than the first */
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

/** The widest type of each column; a part whose column is empty says nothing of it. */
function mergeColumns(all: readonly (readonly ColumnDescription[])[]): ColumnDescription[] {
  const order = [undefined, "integer", "float32", "float64", "text"] as const;
  return all[0].map((first) => {
    const same = all.map((columns) => columns.find(({ name }) => name === first.name) as ColumnDescription);
    return same.reduce((widest, column) => (order.indexOf(column.type) > order.indexOf(widest.type) ? column : widest));
  });
}

async function openMatrix(
  paths: readonly string[],
  wanted: ColumnsOfNumbers,
  allowMissing: boolean,
  options: OpenColumnsOptions,
): Promise<RowBlocks> {
  const parts: { path: string; rows: number }[] = [];
  let cols = 0;
  let isWide = false;
  for (const part of paths) {
    for await (const source of openPart(part, { ...options, isWhole: true })) {
      const reader = await source.openMatrix(wanted, allowMissing);
      parts.push({ path: part, rows: reader.rows });
      isWide ||= reader.type === Float64Array;
      // Lists of no rows have no length.
      if (reader.rows === 0) continue;
      if (cols !== 0 && reader.cols !== cols) {
        throw new FileError("FILE_FORMAT", part, `has rows of ${reader.cols} numbers, the files before it of ${cols}`);
      }
      cols = reader.cols;
    }
  }
  const type = isWide ? Float64Array : Float32Array;
  async function* blocks(start: number): AsyncGenerator<Matrix> {
    let first = 0;
    for (const { path: part, rows } of parts) {
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
        if (left !== 0) throw new FileError("FILE_FORMAT", part, `holds ${rows - left} of ${rows} rows`);
      }
    }
  }
  return { rows: parts.reduce((sum, { rows }) => sum + rows, 0), cols, type, blocks };
}

async function readTable(
  path: string,
  parts: readonly string[],
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

/** Gives the columns of a file, which is open meanwhile. */
async function* openPart(path: string, options: OpenColumnsOptions): AsyncGenerator<ColumnSource> {
  const file = await openFile(path, options.signal);
  try {
    const { openColumns, name } = await detectFormat(file);
    if (!openColumns) throw new FileError("FILE_FORMAT", path, `is ${name}, which has no columns`);
    yield await openColumns(file, options);
  } finally {
    await file.handle.close();
  }
}
