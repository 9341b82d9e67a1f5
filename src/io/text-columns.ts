import { describe, FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { allocate } from "./allocation.js";
import type { ColumnSource, ColumnsRead, ColumnsRequest, OpenColumnsOptions } from "./column-source.js";
import type { OpenFile } from "./open-file.js";
import { BLOCK_NUMBERS, type RowBlocks } from "./row-blocks.js";
import { type RowRange, resolveRowRange } from "./row-range.js";
import type { ColumnDescription, Table, TableColumn } from "./table.js";
import { ColumnStatistics, isDecorated, isMissing, parseBoolean, parseNumber } from "./text-cells.js";
import { detectDialect, type TextDialect } from "./text-dialect.js";
import { asUtf8 } from "./text-encoding.js";
import { detectLayout, type TextLayout } from "./text-layout.js";
import { readRows, type TextRow } from "./text-rows.js";

/** The types of columns are found from the first rows: at most this many rows and this many cells. */
const SAMPLE_ROWS = 1000;
const SAMPLE_CELLS = 2 ** 18;
const LEAST_SAMPLE_ROWS = 20;

/** A text file whose columns have been determined. */
interface TextTable {
  readonly file: OpenFile;
  readonly dialect: TextDialect;
  readonly layout: TextLayout;
  readonly statistics: readonly ColumnStatistics[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Opens a text file as columns.
 *
 * @throws {FileError} FILE_FORMAT if the file holds no rows, or a row has another number of cells than the first
 */
export async function openTextColumns(
  file: OpenFile,
  { signal, isWhole = false }: OpenColumnsOptions,
): Promise<ColumnSource> {
  const { count, ...table } = await openTextTable(file, { signal, isWhole });
  const columns = table.layout.names.map((name, j) => describeColumn(name, table.statistics[j]));
  return {
    path: file.path,
    columns,
    isNamed: table.layout.header !== undefined,
    isSampled: count === undefined,
    remark: describeUnits(table.layout) + (table.file.size === file.size ? "" : " The text is read as Windows-1252."),
    openMatrix: async (wanted, allowMissing) =>
      openMatrix(table, "list" in wanted ? [wanted.list] : wanted.numbers, allowMissing, count),
    readTable: async (names, rows) => {
      const read = await readTogether(table, { matrices: [], table: names, rows, allowMissing: true });
      return read.table;
    },
    readTogether: (request) => readTogether(table, request),
  };
}

const describeUnits = ({ unitLines }: TextLayout): string => {
  if (unitLines === 0) return "";
  return unitLines === 1
    ? " The line of units below the names is skipped."
    : ` ${unitLines} lines of units below the names are skipped.`;
};

/** Reads a table whose first row holds names. The types come from all rows. */
export async function readTextTable(
  file: OpenFile,
  select: (names: readonly string[]) => readonly string[],
  rows: RowRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Table> {
  const table = await openTextTable(file, { signal, isTable: true });
  const { header = [], names } = table.layout;
  const hasTwoOfOneName = new Set(header).size < header.length;
  const read = await readTogether(table, {
    matrices: [],
    table: select(hasTwoOfOneName ? header : names),
    rows,
    allowMissing: true,
  });
  return read.table;
}

async function openTextTable(
  given: OpenFile,
  { signal, isWhole = false, isTable = false }: OpenColumnsOptions & { isTable?: boolean },
): Promise<TextTable & { readonly count: number | undefined }> {
  const file = await asUtf8(given, signal);
  const dialect = await detectDialect(file, true);
  const { rows, isComplete } = await readHead(file, dialect, signal);
  if (rows.length === 0)
    throw formatError(
      file,
      isTable ? "holds no line of column names: expected a table" : "holds no numbers: expected one point per line",
    );
  const layout = detectLayout(file.path, rows, dialect, isTable);
  const statistics = layout.names.map(() => new ColumnStatistics(dialect.notation));
  const table = { file, dialect, layout, statistics, signal };
  const add = ({ fields, line }: TextRow) => {
    for (let j = 0; j < layout.width; j++) statistics[j].add(fields[j], line);
  };
  if (isComplete || !isWhole) {
    const body = rows.slice(linesAbove(layout));
    for (const row of body) add(checkedRow(table, row));
    return { ...table, count: isComplete ? body.length : undefined };
  }
  let count = 0;
  for await (const row of bodyRows(table)) {
    add(row);
    count++;
  }
  return { ...table, count };
}

async function readHead(
  file: OpenFile,
  dialect: TextDialect,
  signal: AbortSignal | undefined,
): Promise<{ rows: TextRow[]; isComplete: boolean }> {
  const rows: TextRow[] = [];
  let cells = 0;
  for await (const row of readRows(file, dialect, signal)) {
    const isEnough = rows.length >= SAMPLE_ROWS || (rows.length >= LEAST_SAMPLE_ROWS && cells >= SAMPLE_CELLS);
    if (isEnough) return { rows, isComplete: false };
    rows.push(row);
    cells += row.fields.length;
  }
  return { rows, isComplete: true };
}

/** Yields the rows below the names. */
async function* bodyRows(table: TextTable): AsyncGenerator<TextRow> {
  let above = linesAbove(table.layout);
  for await (const row of readRows(table.file, table.dialect, table.signal)) {
    if (above-- <= 0) yield checkedRow(table, row);
  }
}

const linesAbove = ({ hasHeaderLine, unitLines }: TextLayout): number => Number(hasHeaderLine) + unitLines;

function checkedRow({ file, layout }: TextTable, row: TextRow): TextRow {
  const { fields, line } = row;
  if (fields.length === layout.width) return row;
  if (layout.hasTrailingSeparator && fields.length === layout.width + 1 && fields.at(-1) === "") {
    return { fields: fields.slice(0, -1), line };
  }
  throw formatError(
    file,
    `line ${line} has ${plural(fields.length, "field")}, but the first line has ${layout.width}. Correct the line`,
  );
}

function describeColumn(name: string, statistics: ColumnStatistics): ColumnDescription {
  const { numbers, integers, texts, missing, isBoolean } = statistics;
  const isEmpty = missing > 0 && numbers + texts === 0;
  // If a column of numbers contains a few words, the words are mistakes, unless the column holds names or labels.
  const isText = !isBoolean && texts > numbers;
  const type = isEmpty
    ? undefined
    : isText
      ? "text"
      : isBoolean || (integers === numbers && numbers > 0)
        ? "integer"
        : "float64";
  const { firstText } = statistics;
  const isNumberText = isText && firstText !== undefined && isDecorated(firstText.cell);
  const text = isNumberText ? `numbers as text, such as ${JSON.stringify(firstText.cell)}` : "text";
  return { name, type, itemType: undefined, kind: isEmpty ? "empty" : isText ? text : "numbers" };
}

/** Returns a function that converts a cell of a column to a number, or throws an error. */
function numberReader(
  { file, dialect, layout, statistics }: TextTable,
  column: number,
  allowMissing: boolean,
): (row: TextRow) => number {
  const { isBoolean } = statistics[column];
  return ({ fields, line }) => {
    const cell = fields[column];
    const value = isBoolean ? parseBoolean(cell) : parseNumber(cell, dialect.notation);
    if (value !== undefined) return value;
    if (allowMissing && isMissing(cell)) return Number.NaN;
    throw cellError(file, cell, line, column, layout.header);
  };
}

async function openMatrix(
  table: TextTable,
  names: readonly string[],
  allowMissing: boolean,
  count: number | undefined,
): Promise<RowBlocks> {
  const rows = count ?? (await countBody(table));
  const indices = names.map((name) => table.layout.names.indexOf(name));
  for (const index of indices) checkColumn(table, index, allowMissing);
  const readers = indices.map((index) => numberReader(table, index, allowMissing));
  const cols = names.length;
  const step = Math.max(1, Math.floor(BLOCK_NUMBERS / Math.max(1, cols)));
  async function* blocks(start: number): AsyncGenerator<Matrix> {
    let numbers = new Float64Array(step * cols);
    let [row, used] = [0, 0];
    for await (const line of bodyRows(table)) {
      if (row++ < start) continue;
      if (used === numbers.length) {
        yield new Matrix(numbers, step, cols);
        [numbers, used] = [new Float64Array(step * cols), 0];
      }
      for (const read of readers) numbers[used++] = read(line);
    }
    yield new Matrix(numbers.slice(0, used), used / cols, cols);
  }
  return { rows, cols, type: Float64Array, blocks };
}

/**
 * @throws {FileError} FILE_FORMAT for a column known to hold something else than numbers; the message names the first
 *   such cell
 */
function checkColumn({ file, layout, statistics }: TextTable, column: number, allowMissing: boolean): void {
  const { isText, firstText, firstMissing } = statistics[column];
  const wrong = (isText && firstText) || (!allowMissing && firstMissing);
  if (wrong) throw cellError(file, wrong.cell, wrong.line, column, layout.header);
}

async function countBody(table: TextTable): Promise<number> {
  let count = 0;
  for await (const _ of bodyRows(table)) count++;
  return count;
}

async function readTogether(table: TextTable, request: ColumnsRequest): Promise<ColumnsRead> {
  const { file, layout, dialect } = table;
  const [start, end] = request.rows ?? [0, Number.POSITIVE_INFINITY];
  const indexOf = (name: string) => layout.names.indexOf(name);
  const targets = request.matrices.map((columns) => ({
    readers: columns.map((name) => numberReader(table, indexOf(name), request.allowMissing)),
    pieces: new NumberPieces(),
  }));
  const others = request.table.map((name) => ({ name, column: indexOf(name), cells: [] as string[] }));
  let count = 0;
  for await (const row of bodyRows(table)) {
    const position = count++;
    if (position < start) continue;
    if (position >= end) break;
    for (const { readers, pieces } of targets) for (const read of readers) pieces.push(read(row));
    for (const { column, cells } of others) cells.push(row.fields[column]);
  }
  const [first, last] = resolveRowRange(request.rows, request.rows ? Math.min(count, end) : count, file.path);
  const rows = last - first;
  return {
    matrices: targets.map(({ readers, pieces }) => new Matrix(pieces.join(file.path), rows, readers.length)),
    table: new Map(others.map(({ name, cells }) => [name, toColumn(file, cells, dialect)])),
  };
}

/** Collects numbers in pieces of fixed size, so that adding a number never copies the previous ones. */
class NumberPieces {
  private readonly pieces: Float64Array[] = [];
  private piece = new Float64Array(0);
  private used = 0;

  push(value: number): void {
    if (this.used === this.piece.length) {
      this.piece = new Float64Array(this.pieces.length === 0 ? 2 ** 10 : BLOCK_NUMBERS);
      this.pieces.push(this.piece);
      this.used = 0;
    }
    this.piece[this.used++] = value;
  }

  join(path: string): Float64Array {
    const length = this.pieces.reduce((sum, piece) => sum + piece.length, 0) - (this.piece.length - this.used);
    const all = allocate(path, Float64Array, length);
    let at = 0;
    for (const piece of this.pieces) {
      const part = piece === this.piece ? piece.subarray(0, this.used) : piece;
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function toColumn(file: OpenFile, cells: readonly string[], { notation }: TextDialect): TableColumn {
  const statistics = new ColumnStatistics(notation);
  for (const cell of cells) statistics.add(cell, 0);
  if (statistics.tableType === "text") return cells;
  const isInteger = statistics.tableType === "integer" && cells.length > 0;
  const column = isInteger ? new Int32Array(cells.length) : allocate(file.path, Float64Array, cells.length);
  for (const [i, cell] of cells.entries()) column[i] = parseNumber(cell, notation) ?? Number.NaN;
  return column;
}

function cellError(
  file: OpenFile,
  cell: string,
  line: number,
  column: number,
  header: readonly string[] | undefined,
): FileError {
  const name = header?.[column] ? ` (${describe(header[column])})` : "";
  const found = cell === "" ? "an empty field" : describe(cell);
  return formatError(
    file,
    `line ${line}, column ${column + 1}${name}: expected a number, found ${found}. Correct it or exclude the column`,
  );
}

const formatError = (file: OpenFile, reason: string): FileError => new FileError("FILE_FORMAT", file.path, reason);

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
