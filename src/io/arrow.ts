import type * as Arrow from "apache-arrow";
import { FileError } from "../errors.js";
import { throwIfAborted } from "./abort.js";
import { checkArrowMetadata } from "./arrow-metadata.js";
import type { Format, ReadOptions, ReadTableOptions, Source } from "./format.js";
import { decompressLz4Frame } from "./lz4.js";
import { resolveRowRange } from "./row-range.js";
import { asFormatError, readFully } from "./source.js";
import {
  ColumnBuilder,
  countRows,
  isText,
  rowsPerBatch,
  selectColumns,
  sliceColumn,
  type Table,
  type TableColumn,
  toColumns,
  toLabels,
  toNumbersOnly,
} from "./table.js";

/** One read of a file gives less than 2 GiB. */
const READ_BYTES = 2 ** 30;

/** Arrow IPC files, which are also Feather files of version 2. */
export const arrow = ipc(
  "Arrow",
  [".arrow", ".feather"],
  (head) => head.subarray(0, 6).equals(Buffer.from("ARROW1")),
  "file",
);
/** The same as a stream: what pipes between programs carry. */
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
    readMatrix: async (source, options) => toNumbersOnly(source.path, await readTable(source, options)),
    readLabels: async (source, options) => toLabels(source.path, await readTable(source, options)),
    readTable,
    readValues,
    encode: (matrix, columns) => encodeTable(toColumns(matrix, columns), kind),
    encodeTable: (table) => encodeTable(table, kind),
  };
}

async function* encodeTable(table: Table, kind: "file" | "stream"): AsyncGenerator<Uint8Array> {
  const library = await import("apache-arrow");
  const writer = kind === "file" ? new library.RecordBatchFileWriter() : new library.RecordBatchStreamWriter();
  const pieces: Uint8Array[] = [];
  // Takes the bytes at once: what the library would keep for a reader that is gone fails where nobody can catch it.
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
  const step = rowsPerBatch(columns.length);
  // One batch at least, without which readers see no columns.
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
      valueOffsets[i + 1] = (valueOffsets[i] as number) + Buffer.byteLength(value);
    }
    const data = Buffer.alloc(valueOffsets[length] as number);
    for (const [i, value] of column.entries()) data.write(value, valueOffsets[i] as number);
    return library.makeData({ type: type as Arrow.Utf8, length, nullCount: 0, valueOffsets, data });
  }
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (Number.isNaN(column[i])) nullCount++;
    else nullBitmap[i >> 3] = (nullBitmap[i >> 3] as number) | (1 << (i & 7));
  }
  const data = { type: type as Arrow.Float64, length, nullCount, data: column as Float64Array };
  return library.makeData(nullCount === 0 ? data : { ...data, nullBitmap });
}

async function readTable(source: Source, options: ReadTableOptions): Promise<Table> {
  const { rows, columns, signal } = options;
  return asFormatError(source.path, async () => {
    const { library, reader } = await openReader(source, signal);
    const { fields } = reader.schema;
    const names = selectColumns(
      source.path,
      fields.map(({ name }) => name),
      columns,
    );
    const builders = names.map((name) => {
      const index = fields.findIndex((field) => field.name === name);
      const type = typeOf(library, (fields[index] as Arrow.Field).type);
      if (type === undefined) throw unsupported(source.path, name, String((fields[index] as Arrow.Field).type));
      return { name, index, builder: new ColumnBuilder(source.path, name, type) };
    });
    for (const batch of readBatches(source.path, reader)) {
      throwIfAborted(signal);
      for (const { index, builder } of builders) {
        const vector = batch.getChildAt(index) as Arrow.Vector;
        checkLength(library, source.path, vector);
        builder.push(isPlain(library, vector) ? vector.toArray() : Array.from(vector));
      }
    }
    const table = new Map(builders.map(({ name, builder }) => [name, builder.build()]));
    return sliceTable(source.path, table, rows);
  });
}

async function openReader(
  source: Source,
  signal: AbortSignal | undefined,
): Promise<{ library: typeof Arrow; reader: Arrow.RecordBatchReader }> {
  const library = await import("apache-arrow");
  await registerCodecs(library);
  // Whole, since what the library reads by itself it does not hold to the file's size.
  const bytes = new Uint8Array(source.size);
  for (let at = 0; at < bytes.length; at += READ_BYTES) {
    await readFully(source, bytes.subarray(at, at + READ_BYTES), at, signal);
  }
  checkArrowMetadata(source.path, bytes);
  const reader = library.RecordBatchReader.from(bytes);
  reader.open();
  return { library, reader };
}

async function readValues(source: Source, { columns = [], signal }: ReadTableOptions): Promise<Map<string, unknown[]>> {
  return asFormatError(source.path, async () => {
    const { library, reader } = await openReader(source, signal);
    const { fields } = reader.schema;
    const present = fields.map(({ name }) => name);
    const found = new Map(columns.filter((name) => present.includes(name)).map((name) => [name, [] as unknown[]]));
    for (const batch of readBatches(source.path, reader)) {
      throwIfAborted(signal);
      for (const [name, values] of found) {
        const vector = batch.getChild(name) as Arrow.Vector;
        if (!library.DataType.isList(vector.type) && !library.DataType.isFixedSizeList(vector.type)) {
          checkLength(library, source.path, vector);
        }
        for (const value of vector) values.push(value instanceof library.Vector ? value.toArray() : value);
      }
    }
    return found;
  });
}

function* readBatches(path: string, reader: Arrow.RecordBatchReader): Generator<Arrow.RecordBatch> {
  if (!reader.isFile()) {
    yield* reader as Iterable<Arrow.RecordBatch>;
    return;
  }
  // One by one, since the library's iteration would not end at a message that is no batch.
  for (let index = 0; index < reader.numRecordBatches; index++) {
    const batch = (reader as Arrow.RecordBatchFileReader).readRecordBatch(index);
    if (!batch) throw new FileError("FILE_FORMAT", path, `is malformed: batch ${index} is none`);
    yield batch;
  }
}

const sliceTable = (path: string, table: Table, wanted: ReadOptions["rows"]): Table => {
  const [start, end] = resolveRowRange(wanted, countRows(table), path);
  return new Map([...table].map(([name, column]) => [name, sliceColumn(column, start, end)]));
};

/** @throws {FileError} FILE_FORMAT where a batch promises more rows than it holds, which the library takes for nulls */
function checkLength({ DataType }: typeof Arrow, path: string, { data, type, length }: Arrow.Vector): void {
  const [chunk] = data;
  if (DataType.isNull(type) || DataType.isUtf8View(type)) return;
  const held = chunk?.valueOffsets
    ? chunk.valueOffsets.length - 1
    : (chunk?.values?.length ?? 0) * (DataType.isBool(type) ? 8 : 1);
  if (length <= Math.max(held, 0)) return;
  throw new FileError("FILE_FORMAT", path, `is malformed: a batch of ${length} rows holds ${held} values`);
}

/** Whether the values lie in the file as they are returned. */
function isPlain({ DataType }: typeof Arrow, { type, nullCount }: Arrow.Vector): boolean {
  return (
    nullCount === 0 &&
    ((DataType.isFloat(type) && type.precision > 0) || (DataType.isInt(type) && type.bitWidth === 32 && type.isSigned))
  );
}

function typeOf(
  { DataType }: typeof Arrow,
  type: Arrow.DataType,
): "text" | "float32" | "float64" | "integer" | undefined {
  if (DataType.isDictionary(type)) return typeOf({ DataType } as typeof Arrow, type.dictionary);
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) return "text";
  if (DataType.isFloat(type)) return type.precision === 2 ? "float64" : "float32";
  if (DataType.isInt(type) || DataType.isBool(type)) return "integer";
  return DataType.isNull(type) ? "float64" : undefined;
}

/** The error of a column that is neither numbers nor text. */
export const unsupported = (path: string, name: string, type: string): FileError =>
  new FileError(
    "FILE_FORMAT",
    path,
    `column ${JSON.stringify(name)} is ${type}; numbers, booleans and texts can be read, so choose other columns or convert it`,
  );

/** What pandas, polars and others compress with; a codec that the application has registered itself stays. */
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

/** The library lays arrays of numbers over the bytes, which must begin at a multiple of their size. */
const align = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes));
