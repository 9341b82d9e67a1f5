import type * as Arrow from "apache-arrow";
import { damagedFile } from "../errors.js";
import { type FloatArray, Matrix } from "../matrix.js";
import { type ArrowContents, type ArrowMessage, readArrowContents } from "./arrow-metadata.js";
import type { ReadableColumns } from "./arrow-readable.js";
import { columnFormat } from "./column-format.js";
import type { ColumnSource, OpenColumnsOptions } from "./column-source.js";
import { asFormatError, withFormatErrors } from "./file-errors.js";
import type { Format } from "./format.js";
import { decompressLz4Frame } from "./lz4.js";
import { type OpenFile, readFully } from "./open-file.js";
import { frameIndex } from "./pandas-index.js";
import type { ReadTableOptions } from "./read-options.js";
import { BLOCK_NUMBERS, type RowBlocks } from "./row-blocks.js";
import { type RowRange, resolveRowRange } from "./row-range.js";
import {
  badList,
  ColumnBuilder,
  type ColumnDescription,
  type ColumnsOfNumbers,
  type ColumnType,
  countRows,
  describeColumns,
  isText,
  joinNumbers,
  matrixType,
  raggedList,
  rowsPerBatch,
  sliceColumn,
  type Table,
  type TableColumn,
  toColumns,
  toMilliseconds,
  toNumbers,
  unsupported,
} from "./table.js";

/** A single read of a file returns less than 2 GiB. */
const READ_BYTES = 2 ** 30;

/** Arrow IPC files, which are also Feather files of version 2. */
export const arrow = ipc(
  "Arrow",
  [".arrow", ".feather"],
  (head) => head.subarray(0, 6).equals(Buffer.from("ARROW1")),
  "file",
);
/** The stream form of Arrow IPC, which programs send through pipes. */
export const arrowStream = ipc(
  "Arrow stream",
  [".arrows"],
  (head) => head.length >= 8 && head.readUInt32LE() === 2 ** 32 - 1,
  "stream",
);

function ipc(
  name: string,
  extensions: readonly string[],
  sniff: (head: Buffer) => boolean,
  kind: "file" | "stream",
): Format {
  return {
    name,
    extensions,
    sniff: (head) => sniff(Buffer.from(head.buffer, head.byteOffset, head.length)),
    ...columnFormat(openColumns),
    readValues: readObjects,
    encode: (matrix, columns) => encodeTable(toColumns(matrix, columns), kind),
    encodeTable: (table) => encodeTable(table, kind),
  };
}

async function* encodeTable(table: Table, kind: "file" | "stream"): AsyncGenerator<Uint8Array> {
  const library = await import("apache-arrow");
  const writer = kind === "file" ? new library.RecordBatchFileWriter() : new library.RecordBatchStreamWriter();
  const pieces: Uint8Array[] = [];
  // Passes each piece on at once. If the reader has gone, an error in a piece that the library had buffered could not
  // be caught.
  class Sink extends library.AsyncByteQueue<Uint8Array> {
    override write(bytes: Uint8Array): void {
      pieces.push(bytes);
    }
  }
  writer.reset(new Sink());
  for (const batch of makeBatches(library, table)) {
    writer.write(batch);
    yield* pieces.splice(0);
  }
  writer.finish();
  yield* pieces.splice(0);
}

function* makeBatches(library: typeof Arrow, table: Table): Generator<Arrow.RecordBatch> {
  const columns = [...table.values()];
  const fields = [...table].map(([name, column]) => {
    const type =
      column instanceof Float32Array
        ? new library.Float32()
        : column instanceof Float64Array
          ? new library.Float64()
          : column instanceof Int32Array
            ? new library.Int32()
            : new library.Utf8();
    return new library.Field(name, type, isFloat(column) && column.some(Number.isNaN));
  });
  const schema = new library.Schema(fields);
  const rows = countRows(table);
  // A reader holds whole batches in memory, so they are small.
  const step = rowsPerBatch(columns.length, 2 ** 15);
  // Write at least one batch, because readers do not see the columns of a file without batches.
  for (let start = 0; start === 0 || start < rows; start += step) {
    const length = Math.min(step, rows - start);
    const children = columns.map((column, c) =>
      makeData(library, (fields[c] as Arrow.Field).type, sliceColumn(column, start, start + length)),
    );
    yield new library.RecordBatch(schema, library.makeData({ type: new library.Struct(fields), length, children }));
  }
}

const isFloat = (column: TableColumn): column is Float32Array | Float64Array =>
  column instanceof Float32Array || column instanceof Float64Array;

function makeData(library: typeof Arrow, type: Arrow.DataType, column: TableColumn): Arrow.Data {
  const length = column.length;
  if (isText(column)) {
    const valueOffsets = new Int32Array(length + 1);
    for (const [i, value] of column.entries()) {
      valueOffsets[i + 1] = valueOffsets[i] + Buffer.byteLength(value);
    }
    const data = Buffer.alloc(valueOffsets[length]);
    for (const [i, value] of column.entries()) data.write(value, valueOffsets[i]);
    return library.makeData({ type: type as Arrow.Utf8, length, nullCount: 0, valueOffsets, data });
  }
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (Number.isNaN(column[i])) nullCount++;
    else nullBitmap[i >> 3] = nullBitmap[i >> 3] | (1 << (i & 7));
  }
  const data = { type: type as Arrow.Float64, length, nullCount, data: column as Float64Array };
  return library.makeData(nullCount === 0 ? data : { ...data, nullBitmap });
}

async function openColumns(file: OpenFile, { signal }: OpenColumnsOptions): Promise<ColumnSource> {
  return asFormatError(file.path, async () => {
    const arrowFile = await openArrowFile(file, signal);
    return {
      path: file.path,
      columns: arrowFile.columns,
      isNamed: true,
      openMatrix: (columns) => openMatrix(arrowFile, columns),
      readTable: (names, rows) => readTable(arrowFile, names, rows),
      readDates: (name) => readDates(arrowFile, name),
    };
  });
}

async function openMatrix(arrowFile: ArrowFile, wanted: ColumnsOfNumbers): Promise<RowBlocks> {
  const { file } = arrowFile;
  return asFormatError(file.path, async () => {
    const columns = describeColumns(arrowFile.columns, wanted);
    const type = matrixType(columns);
    const cols = "list" in columns ? await measureLists(arrowFile, columns.list) : columns.numbers.length;
    async function* blocks(start: number): AsyncGenerator<Matrix> {
      for await (const { batch, first, rows } of readBatches(arrowFile, start)) {
        const values =
          "list" in columns ? undefined : columns.numbers.map((wanted) => numbersOf(arrowFile, batch, wanted));
        const lists = "list" in columns ? listsOf(arrowFile, batch, columns.list, first, cols) : undefined;
        const step = Math.max(1, Math.floor(BLOCK_NUMBERS / cols));
        for (let from = Math.max(0, start - first); from < rows; from += step) {
          const count = Math.min(step, rows - from);
          const data = new type(count * cols);
          lists?.(data, from, count);
          for (const [j, numbers] of values?.entries() ?? []) {
            for (let i = 0; i < count; i++) data[i * cols + j] = numbers[from + i];
          }
          yield new Matrix(data, count, cols);
        }
      }
    }
    return { rows: arrowFile.rows, cols, type, blocks: (start) => withFormatErrors(file.path, blocks(start)) };
  });
}

/** Returns the length of the first list, or 1 if the list is null or empty; {@link listsOf} then reports the error. */
async function measureLists(arrowFile: ArrowFile, { index, width }: Column): Promise<number> {
  if (width !== undefined) return width;
  for await (const { batch } of readBatches(arrowFile, 0)) {
    const [start = 0, end = 0] = batch.getChildAt(index)?.data[0]?.valueOffsets ?? [];
    return Math.max(1, Number(end) - Number(start));
  }
  return 0;
}

function numbersOf(arrowFile: ArrowFile, batch: Arrow.RecordBatch, { index, name }: Column): ArrayLike<number> {
  return toNumbers(arrowFile.file.path, name, valuesOf(arrowFile, batch.getChildAt(index) as Arrow.Vector));
}

/**
 * Returns a function that copies the lists of some rows of a batch into its first argument.
 *
 * @throws {FileError} FILE_FORMAT for a list of another length, a null list, or a null in a list
 */
function listsOf(
  arrowFile: ArrowFile,
  batch: Arrow.RecordBatch,
  { index, name, width: fixed }: Column,
  first: number,
  width: number,
): (target: FloatArray, from: number, count: number) => void {
  const { path } = arrowFile.file;
  const vector = batch.getChildAt(index) as Arrow.Vector;
  const [lists] = vector.data;
  const [items] = lists?.children ?? [];
  if (!lists || !items) throw new Error(`column ${JSON.stringify(name)} has no lists`);
  const child = new arrowFile.library.Vector([items]);
  const values = valuesOf(arrowFile, child);
  const numbers = toNumbers(path, name, values);
  const hasNulls = child.nullCount > 0;
  const offsets = lists.valueOffsets;
  const startOf = (row: number) => (fixed === undefined ? Number(offsets[row]) : row * fixed);
  return (target, from, count) => {
    for (let i = 0; i < count; i++) {
      const row = from + i;
      if (vector.nullCount > 0 && !vector.isValid(row)) throw badList(path, name, first + row, "no list");
      const start = startOf(row);
      const length = startOf(row + 1) - start;
      if (!(start >= 0 && length >= 0 && start + length <= numbers.length)) {
        throw new Error(
          `column ${JSON.stringify(name)} is damaged: the list in row ${first + row} refers to numbers beyond the end of the column`,
        );
      }
      if (length === 0) throw badList(path, name, first + row, "an empty list");
      if (length !== width) throw raggedList(path, name, first + row, length, width);
      for (let j = 0; j < width; j++) {
        if (hasNulls && !child.isValid(start + j)) throw badList(path, name, first + row, "a null in its list");
        target[i * width + j] = numbers[start + j];
      }
    }
  };
}

async function readTable(arrowFile: ArrowFile, names: readonly string[], wanted: RowRange | undefined): Promise<Table> {
  const { file } = arrowFile;
  return asFormatError(file.path, async () => {
    const selected = names.map((name) => {
      const column = arrowFile.columns.find((known) => known.name === name) as Column;
      if (column.type === undefined) throw unsupported(file.path, column);
      return { ...column, builder: new ColumnBuilder(file.path, name, column.type, true) };
    });
    const [start, end] = resolveRowRange(wanted, arrowFile.rows, file.path);
    let held: number | undefined;
    for await (const { batch, first } of readBatches(arrowFile, start, end)) {
      held ??= first;
      for (const { index, builder } of selected) {
        builder.push(valuesOf(arrowFile, batch.getChildAt(index) as Arrow.Vector));
      }
    }
    const [from, to] = [start - (held ?? start), end - (held ?? start)];
    return new Map(selected.map(({ name, builder }) => [name, sliceColumn(builder.build(), from, to)]));
  });
}

async function readDates(arrowFile: ArrowFile, name: string): Promise<Float64Array> {
  const { file, columns, rows } = arrowFile;
  return asFormatError(file.path, async () => {
    const { index } = columns.find((known) => known.name === name) as Column;
    const pieces: Float64Array[] = [];
    for await (const { batch } of readBatches(arrowFile, 0)) {
      // The library converts dates and times of every unit to milliseconds.
      pieces.push(toMilliseconds(Array.from(batch.getChildAt(index) as Arrow.Vector)));
    }
    return joinNumbers(pieces, rows);
  });
}

interface Column extends ColumnDescription {
  /** Index among the columns that the library can read. */
  readonly index: number;
  /** The length of the lists, if their type fixes it. */
  readonly width: number | undefined;
}

interface ArrowFile {
  readonly file: OpenFile;
  readonly signal: AbortSignal | undefined;
  readonly library: typeof Arrow;
  readonly contents: ArrowContents;
  readonly columns: readonly Column[];
  readonly rows: number;
}

async function openArrowFile(file: OpenFile, signal: AbortSignal | undefined): Promise<ArrowFile> {
  const library = await import("apache-arrow");
  await registerCodecs(library);
  const contents = await readArrowContents(file, signal);
  const rows = contents.messages.reduce((sum, message) => sum + message.rows, 0);
  if (!Number.isSafeInteger(rows)) throw new Error(`its metadata state ${rows} rows`);
  const readable = await readableColumns(contents, file.path);
  const reader = library.RecordBatchReader.from([readable?.schema ?? contents.schema]).open();
  const columns = reader.schema.fields.map((field, index) => describeField(library, field, index));
  for (const { index, name, kind } of contents.unreadable) {
    columns.splice(index, 0, { name, kind, index: -1, type: undefined, itemType: undefined, width: undefined });
  }
  const frame = frameIndex(reader.schema.metadata.get("pandas"));
  const described = columns.map((column) => ({ ...column, isIndex: frame.has(column.name) }));
  return { file, signal, library, contents, columns: described, rows };
}

/**
 * Removes the columns that the library cannot read from the messages of a file. Returns `undefined` if it can read all
 * columns.
 */
async function readableColumns(contents: ArrowContents, path: string): Promise<ReadableColumns | undefined> {
  if (contents.unreadable.length === 0) return undefined;
  const { leaveOutUnreadable } = await import("./arrow-readable.js");
  return leaveOutUnreadable(contents, path);
}

/** Reads the batches that contain rows from `start` to `end`, one at a time, each with the number of its first row. */
async function* readBatches(
  arrowFile: ArrowFile,
  start: number,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<{ batch: Arrow.RecordBatch; first: number; rows: number }> {
  let first = 0;
  const messages = arrowFile.contents.messages
    .map((message) => {
      first += message.rows;
      return { ...message, first: first - message.rows };
    })
    .filter((message) => !message.isBatch || (message.first < end && message.first + message.rows > start));
  const batches = messages.filter(({ isBatch }) => isBatch);
  if (batches.length === 0) return;
  const reader = await arrowFile.library.RecordBatchReader.from(readMessages(arrowFile, messages));
  await reader.open();
  for (const { first, rows } of batches) {
    const { done, value: batch } = await reader.next();
    if (done) throw new Error("one of its batches cannot be read");
    yield { batch, first, rows };
  }
}

/**
 * Passes the messages to the library as a stream. The library requests one piece more than it needs. The body of a
 * message is therefore read only after its metadata have been consumed, so that no batch is in memory too early.
 */
async function* readMessages(
  { file, signal, contents }: ArrowFile,
  messages: readonly ArrowMessage[],
): AsyncGenerator<Uint8Array> {
  const read = async (start: number, length: number) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += READ_BYTES) {
      await readFully(file, bytes.subarray(at, at + READ_BYTES), start + at, signal);
    }
    return bytes;
  };
  const readable = await readableColumns(contents, file.path);
  yield readable?.schema ?? contents.schema;
  for (const { start, metadataBytes, bodyBytes } of messages) {
    const metadata = await read(start, metadataBytes);
    if (!readable) yield metadata;
    const body = await read(start + metadataBytes, bodyBytes);
    const pieces = readable ? readable.message(metadata, body) : [body];
    yield* pieces.filter(({ length }) => length > 0);
  }
}

async function readObjects(
  file: OpenFile,
  { columns = [], signal }: ReadTableOptions,
): Promise<Map<string, unknown[]>> {
  return asFormatError(file.path, async () => {
    const arrowFile = await openArrowFile(file, signal);
    const present = arrowFile.columns.filter(({ name }) => columns.includes(name));
    for (const column of present) if (column.index < 0) throw unsupported(file.path, column);
    const found = new Map(present.map(({ name }) => [name, [] as unknown[]]));
    for await (const { batch } of readBatches(arrowFile, 0)) {
      for (const [name, values] of found) {
        const vector = batch.getChild(name) as Arrow.Vector;
        const { isList, isFixedSizeList } = arrowFile.library.DataType;
        if (!isList(vector.type) && !isFixedSizeList(vector.type)) checkLength(arrowFile.library, file.path, vector);
        for (const value of vector) values.push(value instanceof arrowFile.library.Vector ? value.toArray() : value);
      }
    }
    return found;
  });
}

function valuesOf({ library, file }: ArrowFile, vector: Arrow.Vector): ArrayLike<unknown> {
  checkLength(library, file.path, vector);
  if (library.DataType.isDecimal(vector.type)) return decimalsOf(vector as Arrow.Vector<Arrow.Decimal>);
  return isPlain(library, vector) ? vector.toArray() : Array.from(vector);
}

/**
 * Converts decimals to numbers. The library returns a signed integer as words, the least significant first; `scale` is
 * its number of digits after the decimal point.
 */
function decimalsOf(vector: Arrow.Vector<Arrow.Decimal>): (number | null)[] {
  const { scale, bitWidth } = vector.type;
  return Array.from(vector, (words) => {
    if (words === null) return null;
    const value = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n);
    return Number(BigInt.asIntN(bitWidth, value)) / 10 ** scale;
  });
}

/**
 * @throws {FileError} FILE_FORMAT if a batch announces more rows than it holds, because the library would return nulls
 *   for the missing rows
 */
function checkLength({ DataType }: typeof Arrow, path: string, { data, type, length }: Arrow.Vector): void {
  const [chunk] = data;
  if (DataType.isNull(type) || DataType.isUtf8View(type)) return;
  const wordsPerValue = DataType.isDecimal(type) ? type.bitWidth / 32 : 1;
  const held = chunk?.valueOffsets
    ? chunk.valueOffsets.length - 1
    : ((chunk?.values?.length ?? 0) * (DataType.isBool(type) ? 8 : 1)) / wordsPerValue;
  if (length <= Math.max(held, 0)) return;
  throw damagedFile(path, `is malformed: a batch of ${length} rows holds ${held} values`);
}

/** Whether the values are stored in the file exactly as they are returned. */
function isPlain({ DataType }: typeof Arrow, { type, nullCount }: Arrow.Vector): boolean {
  return (
    nullCount === 0 &&
    ((DataType.isFloat(type) && type.precision > 0) || (DataType.isInt(type) && type.bitWidth === 32 && type.isSigned))
  );
}

function describeField({ DataType }: typeof Arrow, { name, type }: Arrow.Field, index: number): Column {
  const isList = DataType.isList(type) || DataType.isFixedSizeList(type) || DataType.isLargeList(type);
  const itemType = isList ? typeOf({ DataType } as typeof Arrow, (type as Arrow.List).valueType) : undefined;
  return {
    // A file may omit the name of a column, although the library's type says otherwise.
    name: name ?? "",
    index,
    type: typeOf({ DataType } as typeof Arrow, type),
    isDate: DataType.isDate(type) || DataType.isTimestamp(type),
    isBoolean: DataType.isBool(type),
    itemType: itemType === "text" ? undefined : itemType,
    kind: String(type),
    width: DataType.isFixedSizeList(type) ? type.listSize : undefined,
  };
}

function typeOf({ DataType }: typeof Arrow, type: Arrow.DataType): ColumnType | undefined {
  if (DataType.isDictionary(type)) return typeOf({ DataType } as typeof Arrow, type.dictionary);
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) return "text";
  if (DataType.isFloat(type)) return type.precision === 2 ? "float64" : "float32";
  if (DataType.isInt(type) || DataType.isBool(type)) return "integer";
  if (DataType.isDecimal(type)) return "float64";
  return DataType.isNull(type) ? "float64" : undefined;
}

/**
 * Registers the codecs that pandas, polars and others use. A codec that the application has registered stays in use.
 */
async function registerCodecs({ compressionRegistry, CompressionType }: typeof Arrow): Promise<void> {
  const { decompressZstd } = await import("hyparquet-compressors");
  const decoders = [
    [CompressionType.LZ4_FRAME, decompressLz4Frame],
    [CompressionType.ZSTD, decompressZstd],
  ] as const;
  for (const [type, decode] of decoders) {
    if (!compressionRegistry.get(type)?.decode) {
      compressionRegistry.set(type, { decode: (data) => align(decode(data)) });
    }
  }
}

/**
 * Copies bytes that are not aligned: the library creates typed arrays over the bytes, which must begin at a multiple of
 * 8.
 */
const align = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes));
