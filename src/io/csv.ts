import { pipeline } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { throwIfAborted } from "../abort.js";
import { describe, FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { allocate } from "./allocation.js";
import type { Format } from "./format.js";
import type { OpenFile } from "./open-file.js";
import type { OpenMatrixOptions, ReadMatrixOptions, ReadOptions, ReadTableOptions } from "./read-options.js";
import { BLOCK_NUMBERS, type RowBlocks } from "./row-blocks.js";
import { type RowRange, resolveRowRange } from "./row-range.js";
import { countRows, isText, LABEL_COLUMNS, selectColumns, type Table, type TableColumn } from "./table.js";

/** Comma-separated values. */
export const csv = delimited("CSV", [".csv"], ",");
/** Tab-separated values. */
export const tsv = delimited("TSV", [".tsv"], "\t");
/** Any text with numbers or labels. */
export const text = delimited("text", [".txt"]);

/** The formats differ in what they write; on reading, the first lines tell the separator whatever the extension. */
function delimited(name: string, extensions: readonly string[], separator?: string): Format {
  const format: Format = { name, extensions, readMatrix, openMatrix, readLabels, readTable };
  if (separator === undefined) return format;
  return {
    ...format,
    encode: (matrix, columns) => encode(matrix, columns, separator),
    encodeTable: (table) => encodeTable(table, separator),
  };
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+$/;
const NAN = /^[+-]?nan$/i;
const INFINITE = /^[+-]?inf(?:inity)?$/i;
const MISSING = /^(?:na|n\/a|null|none)?$/i;
/** How pandas and R head the column of row names. */
const ROW_NAMES = /^(?:Unnamed: 0)?$/;
/** Whole numbers as they are counted: 007 is a name. */
const COUNT = /^-?(?:0|[1-9]\d{0,9})$/;

const HEAD_BYTES = 2 ** 16;
const CHUNK_BYTES = 2 ** 18;
/** Much more than a line of a million numbers; a quote that is never closed must not bring the rest of the file into memory. */
const MAX_RECORD_CHARACTERS = 2 ** 28;

interface Row {
  readonly fields: readonly string[];
  /** Counted from 1; of a row over several lines, the last. */
  readonly line: number;
}

async function readMatrix(file: OpenFile, { rows: wanted, signal }: ReadMatrixOptions): Promise<Matrix> {
  const blocks: Matrix[] = [];
  for await (const block of readBlocks(file, wanted, signal)) blocks.push(block);
  const cols = blocks[0]?.cols ?? 0;
  const all = allocate(
    file.path,
    Float64Array,
    blocks.reduce((sum, { data }) => sum + data.length, 0),
  );
  let filled = 0;
  for (const { data } of blocks) {
    all.set(data, filled);
    filled += data.length;
  }
  return new Matrix(all, wanted ? wanted[1] - wanted[0] : filled / cols, cols);
}

async function openMatrix(file: OpenFile, { signal }: OpenMatrixOptions): Promise<RowBlocks> {
  let [rows, cols] = [0, 0];
  for await (const block of readBlocks(file, undefined, signal)) {
    rows += block.rows;
    cols = block.cols;
  }
  return { rows, cols, type: Float64Array, blocks: (start) => readBlocks(file, [start, rows], signal) };
}

/** The rows asked for, or all, at least one block of them. */
async function* readBlocks(
  file: OpenFile,
  wanted: RowRange | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Matrix> {
  const [start, end] = wanted ?? [0, Number.POSITIVE_INFINITY];
  let table: { width: number; header: readonly string[] | undefined; rowNames: number } | undefined;
  let cols = 0;
  let count = 0;
  let numbers = new Float64Array();
  let used = 0;
  const separators = await detectSeparators(file, true);
  for await (const { fields, line, next } of withNext(readRows(file, separators, true, signal))) {
    if (!table) {
      const rowNames = countRowNames(fields);
      const isHeader = isMatrixHeader(fields, rowNames, next);
      table = { width: fields.length, header: isHeader ? fields : undefined, rowNames: isHeader ? rowNames : 0 };
      cols = table.width - table.rowNames;
      numbers = new Float64Array(cols * Math.max(1, Math.floor(BLOCK_NUMBERS / cols)));
      if (isHeader) continue;
    }
    if (count >= end) break;
    checkWidth(file, fields, line, table.width);
    if (count++ < start) continue;
    if (used === numbers.length) {
      yield new Matrix(numbers, used / cols, cols);
      [numbers, used] = [new Float64Array(numbers.length), 0];
    }
    for (let j = table.rowNames; j < table.width; j++) {
      const value = parseNumber(fields[j]);
      if (value === undefined) throw cellError(file, fields[j], line, j, table.header);
      numbers[used++] = value;
    }
  }
  if (!table) throw formatError(file, "holds no numbers");
  resolveRowRange(wanted, count, file.path);
  yield new Matrix(numbers.slice(0, used), used / cols, cols);
}

async function readLabels(file: OpenFile, { rows: wanted, signal }: ReadOptions): Promise<string[]> {
  const labels: string[] = [];
  let table: { width: number; column: number; hasHeader: boolean } | undefined;
  // Neither spaces nor # have a meaning here: "T cell" and "#1" are labels.
  for await (const { fields, line } of readRows(file, await detectSeparators(file, false), false, signal)) {
    if (!table) {
      table = { width: fields.length, ...findLabelColumn(file, fields) };
      if (table.hasHeader) continue;
    }
    checkWidth(file, fields, line, table.width);
    const label = fields[table.column];
    if (label === "")
      throw formatError(file, `line ${line} has an empty label; give the points without a label one of their own`);
    if (label.includes("\uFFFD")) throw formatError(file, `line ${line} is not UTF-8 text`);
    labels.push(label);
  }
  if (!table) throw formatError(file, "holds no labels");
  const [first, ...others] = labels;
  if (
    !table.hasHeader &&
    first !== undefined &&
    others.length > 0 &&
    isWord(first) &&
    others.every((label) => !isWord(label))
  ) {
    labels.shift();
  }
  return labels.slice(...resolveRowRange(wanted, labels.length, file.path));
}

/** Read twice, first for the types of the columns, so that no more than the columns are in memory. */
async function readTable(file: OpenFile, { rows: wanted, columns, signal }: ReadTableOptions): Promise<Table> {
  const [start, end] = wanted ?? [0, Number.POSITIVE_INFINITY];
  const separators = await detectSeparators(file, false);
  let header: readonly string[] | undefined;
  let types: ColumnType[] = [];
  let count = 0;
  for await (const { fields, line } of readRows(file, separators, true, signal)) {
    if (!header) {
      header = fields;
      types = fields.map(() => "integer");
      continue;
    }
    checkWidth(file, fields, line, header.length);
    if (count >= start && count < end) {
      for (const [c, field] of fields.entries()) types[c] = widen(types[c], field);
    }
    count++;
  }
  if (!header) throw formatError(file, "holds no line of column names");
  const names = selectColumns(file.path, header, columns);
  const [first, last] = resolveRowRange(wanted, count, file.path);
  const table = new Map<string, Exclude<TableColumn, readonly string[]> | string[]>();
  for (const name of names) {
    const type = types[header.indexOf(name)];
    const isEmpty = first === last;
    table.set(
      name,
      type === "text"
        ? []
        : type === "integer" && !isEmpty
          ? new Int32Array(last - first)
          : allocate(file.path, Float64Array, last - first),
    );
  }
  const indices = names.map((name) => header.indexOf(name));
  const targets = [...table.values()];
  let row = -1;
  for await (const { fields } of readRows(file, separators, true, signal)) {
    if (row >= first && row < last) {
      for (const [t, target] of targets.entries()) {
        const field = fields[indices[t]];
        if (Array.isArray(target)) target.push(field);
        else target[row - first] = parseNumber(field) ?? Number.NaN;
      }
    }
    row++;
  }
  return table;
}

type ColumnType = "integer" | "number" | "text";

/** The least type that takes a further field. */
function widen(type: ColumnType, field: string): ColumnType {
  if (type === "integer" && COUNT.test(field) && Number(field) === (Number(field) | 0)) return "integer";
  return type !== "text" && (MISSING.test(field) || (parseNumber(field) !== undefined && !/^[+-]?0\d/.test(field)))
    ? "number"
    : "text";
}

function findLabelColumn(file: OpenFile, first: readonly string[]): { column: number; hasHeader: boolean } {
  const names = first.map((name) => name.toLowerCase());
  const named = LABEL_COLUMNS.map((name) => names.indexOf(name)).find((column) => column >= 0);
  if (named !== undefined) return { column: named, hasHeader: true };
  const rowNames = countRowNames(first);
  if (first.length - rowNames === 1) return { column: rowNames, hasHeader: rowNames > 0 };
  throw formatError(
    file,
    `has ${plural(first.length, "column")} and no header line that names one of them ${LABEL_COLUMNS.join(", ")}; labels need one column, or one of that name`,
  );
}

/**
 * A header has a word, or empty and numeric names that only pandas writes: 0, 1, 2, ... after the empty name of the row names, or
 * above numbers that, unlike these, are not all integers.
 */
function isMatrixHeader(fields: readonly string[], rowNames: number, next: readonly string[] | undefined): boolean {
  if (fields.some(isWord)) return true;
  const isCounted = fields.slice(rowNames).every((name, j) => name === String(j));
  if (rowNames > 0) return isCounted;
  return isCounted && fields.length > 1 && next !== undefined && !next.every((field) => INTEGER.test(field));
}

function countRowNames(header: readonly string[]): number {
  const named = header.slice(0, -1).findIndex((name) => !ROW_NAMES.test(name));
  return named < 0 ? header.length - 1 : named;
}

const isWord = (field: string): boolean => parseNumber(field) === undefined && !MISSING.test(field);

function parseNumber(field: string): number | undefined {
  if (NUMBER.test(field)) return Number(field);
  if (INFINITE.test(field)) return field.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return NAN.test(field) ? Number.NaN : undefined;
}

function checkWidth(file: OpenFile, fields: readonly string[], line: number, width: number): void {
  if (fields.length === width) return;
  throw formatError(file, `line ${line} has ${plural(fields.length, "field")}, the first has ${width}`);
}

function cellError(
  file: OpenFile,
  field: string,
  line: number,
  column: number,
  header: readonly string[] | undefined,
): FileError {
  const name = header?.[column] ? ` (${describe(header[column])})` : "";
  const found = field === "" ? "an empty field" : describe(field);
  return formatError(file, `line ${line}, column ${column + 1}${name}: expected a number, found ${found}`);
}

function formatError(file: OpenFile, reason: string, cause?: unknown): FileError {
  return new FileError("FILE_FORMAT", file.path, reason, { cause });
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** The characters that separate fields: the first of tab, semicolon and comma in the first line, else, if allowed, spaces. */
async function detectSeparators(file: OpenFile, allowSpaces: boolean): Promise<readonly string[]> {
  const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  const head = buffer.subarray(0, bytesRead);
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw formatError(file, "is UTF-16 text; save it as UTF-8");
  }
  if (head.includes(0))
    throw formatError(
      file,
      head.toString("latin1").startsWith("PK\x03\x04")
        ? "is a zip archive, as .npz and .xlsx are; save one array as .npy, or the table as .csv"
        : "holds binary data that is neither .npy nor text",
    );
  const lines = head
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .replace(/"[^"]*"/g, "quoted")
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const [first = "", second = first] = lines;
  const separator = ["\t", ";", ","].find((candidate) => first.includes(candidate));
  if (separator !== undefined) return [separator];
  // A header of one column may have spaces in its name, numbers of one column have none between them.
  return allowSpaces && /\S\s+\S/.test(second) ? [" ", "\t"] : [","];
}

/**
 * The rows that are not blank. In a file of one column, where a blank line may stand for a missing value, only the last lines may be
 * blank.
 *
 * Reading 70,000 x 50 numbers (67 MB) takes 2.3 s and 145 MB with csv-parse 7.0.3 on one AMD EPYC core. papaparse 5.7.1 would
 * take about 1 s less, but does not tell the line of a row, which every error here names.
 */
async function* readRows(
  file: OpenFile,
  separators: readonly string[],
  allowComments: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Row> {
  const bytes = file.handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES });
  const parser = parse({
    bom: true,
    comment: allowComments ? "#" : null,
    comment_no_infix: true,
    delimiter: [...separators],
    info: true,
    max_record_size: MAX_RECORD_CHARACTERS,
    relax_column_count: true,
    trim: true,
  });
  // Errors of both come out of the iteration below.
  pipeline(bytes, parser, () => {});
  const isSpaced = separators.includes(" ");
  let blank: number | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      throwIfAborted(signal);
      const fields = isSpaced ? record.filter((field) => field !== "") : record;
      if (fields.length === 0 || (fields.length === 1 && fields[0] === "")) {
        blank ??= info.lines;
        continue;
      }
      if (blank !== undefined && fields.length === 1) throw formatError(file, `line ${blank} is empty`);
      yield { fields, line: info.lines };
    }
  } catch (error) {
    throw error instanceof CsvError ? formatError(file, `is malformed: ${error.message}`, error) : error;
  }
}

async function* withNext(rows: AsyncIterable<Row>): AsyncGenerator<Row & { next: readonly string[] | undefined }> {
  let row: Row | undefined;
  for await (const following of rows) {
    if (row) yield { ...row, next: following.fields };
    row = following;
  }
  if (row) yield { ...row, next: undefined };
}

const CHUNK_NUMBERS = 2 ** 13;

function* encode(matrix: Matrix, columns: readonly string[], separator: string): Generator<string> {
  const toText = numberText(matrix);
  yield `${columns.map((name) => quote(name, separator)).join(separator)}\n`;
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
      ? (i: number) => quote(column[i], separator)
      : column instanceof Float32Array
        ? (i: number) => shortestFloat32(column[i])
        : (i: number) => shortestFloat64(column[i]),
  );
  yield `${Array.from(table.keys(), (name) => quote(name, separator)).join(separator)}\n`;
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

const quote = (name: string, separator: string): string =>
  name === "" || name.includes(separator) || /["\r\n#]|^\s|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;

/** How numbers of that matrix are written in the fewest digits that read back as the same number. */
export const numberText = ({ data }: Matrix): ((value: number) => string) =>
  data instanceof Float32Array ? shortestFloat32 : shortestFloat64;

const shortestFloat64 = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/**
 * The fewest digits that read back as the same float32; at some powers of two, whose neighbors lie at unequal distances, one more.
 * Six digits survive in every normal float32, in subnormal ones fewer; nine tell any two float32 apart.
 */
function shortestFloat32(value: number): string {
  if (value === 0) return shortestFloat64(value);
  for (let digits = Math.abs(value) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return shortestFloat64(rounded);
  }
  return shortestFloat64(Number(value.toPrecision(9)));
}
