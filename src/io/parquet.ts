import type { AsyncBuffer, FileMetaData, SchemaElement, SchemaTree } from "hyparquet";
import { throwIfAborted } from "../abort.js";
import { damagedFile } from "../errors.js";
import { Matrix } from "../matrix.js";
import { columnFormat } from "./column-format.js";
import type { ColumnSource, OpenColumnsOptions } from "./column-source.js";
import { asFormatError, withFormatErrors } from "./file-errors.js";
import type { Format } from "./format.js";
import { decompressLz4Block } from "./lz4.js";
import { type OpenFile, readFully } from "./open-file.js";
import { frameIndex } from "./pandas-index.js";
import { type ColumnPath, measureLists, type ParquetFile, readLists, readValues } from "./parquet-pages.js";
import type { ReadTableOptions } from "./read-options.js";
import { BLOCK_NUMBERS, type RowBlocks } from "./row-blocks.js";
import { type RowRange, resolveRowRange } from "./row-range.js";
import { storedDurations } from "./stored-schema.js";
import {
  ColumnBuilder,
  type ColumnDescription,
  type ColumnsOfNumbers,
  type ColumnType,
  countRows,
  describeColumns,
  isText,
  joinNumbers,
  matrixType,
  rowsPerBatch,
  sliceColumn,
  type Table,
  type TableColumn,
  toColumns,
  toMilliseconds,
  toNumbers,
  unsupported,
} from "./table.js";

/** Apache Parquet. */
export const parquet: Format = {
  name: "Parquet",
  extensions: [".parquet"],
  sniff: (head) => Buffer.from(head.subarray(0, 4)).equals(Buffer.from("PAR1")),
  ...columnFormat(openColumns),
  readValues: readObjects,
  encode: (matrix, columns) => encodeTable(toColumns(matrix, columns)),
  encodeTable,
};

async function* encodeTable(table: Table): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const bytes = new ByteWriter();
  const columns = [...table].map(([name, data]) => ({ name, data, element: describeColumn(name, data) }));
  const schema: SchemaElement[] = [
    { name: "schema", num_children: columns.length },
    ...columns.map(({ element }) => element),
  ];
  const writer = new ParquetWriter({ writer: bytes, schema, createdBy: "sigma-tsne" });
  const rows = countRows(table);
  const step = rowsPerBatch(columns.length, 2 ** 17);
  for (let start = 0; start < rows; start += step) {
    const columnData = columns.map(({ name, data, element }) => {
      const values = sliceColumn(data, start, start + step);
      const hasNulls = element.repetition_type === "OPTIONAL" && !isText(values);
      return {
        name,
        data: hasNulls
          ? Array.from(values, (value) => (Number.isNaN(value) ? null : value))
          : (values as Float64Array | string[]),
        // For measured numbers a dictionary would be as long as the numbers themselves, and compression saves almost
        // nothing.
        ...(isText(data) ? {} : { encoding: "PLAIN" as const, codec: "UNCOMPRESSED" as const }),
      };
    });
    await writer.write({ columnData, rowGroupSize: step });
    yield take();
  }
  await writer.finish();
  yield take();

  /** Returns the bytes written since the last call and frees their memory. */
  function take(): Uint8Array {
    const written = bytes.getBytes().slice();
    bytes.index = 0;
    return written;
  }
}

function describeColumn(name: string, column: TableColumn): SchemaElement {
  if (isText(column)) return { name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" };
  if (column instanceof Int32Array) return { name, type: "INT32", repetition_type: "REQUIRED" };
  const type = column instanceof Float32Array ? "FLOAT" : "DOUBLE";
  return { name, type, repetition_type: column.some(Number.isNaN) ? "OPTIONAL" : "REQUIRED" };
}

async function openColumns(file: OpenFile, { signal }: OpenColumnsOptions): Promise<ColumnSource> {
  return asFormatError(file.path, async () => {
    const parquetFile = await openParquetTable(file, signal);
    return {
      path: file.path,
      columns: parquetFile.columns,
      isNamed: true,
      openMatrix: (columns) => openMatrix(parquetFile, columns),
      readTable: (names, rows) => readTable(parquetFile, names, rows),
      readDates: (name) => readDates(parquetFile, name),
    };
  });
}

async function openMatrix(parquetFile: ParquetTable, wanted: ColumnsOfNumbers): Promise<RowBlocks> {
  const { file } = parquetFile;
  return asFormatError(file.path, async () => {
    const columns = describeColumns(parquetFile.columns, wanted);
    const type = matrixType(columns);
    const cols = "list" in columns ? await measureLists(parquetFile, columns.list.path) : columns.numbers.length;
    const blocks = (start: number) =>
      "list" in columns
        ? readListRows(parquetFile, columns.list, type, cols, start)
        : readNumberRows(parquetFile, columns.numbers, type, start);
    return { rows: parquetFile.rows, cols, type, blocks: (start) => withFormatErrors(file.path, blocks(start)) };
  });
}

type FloatArrayConstructor = Float32ArrayConstructor | Float64ArrayConstructor;

async function* readListRows(
  parquetFile: ParquetTable,
  { path }: Column,
  type: FloatArrayConstructor,
  cols: number,
  start: number,
): AsyncGenerator<Matrix> {
  for await (const data of readLists(parquetFile, path, type, cols, start))
    yield new Matrix(data, data.length / cols, cols);
}

async function* readNumberRows(
  parquetFile: ParquetTable,
  columns: readonly Column[],
  type: FloatArrayConstructor,
  start: number,
): AsyncGenerator<Matrix> {
  const cols = columns.length;
  const pages = columns.map(({ path }) => readValues(parquetFile, path, start));
  const held: { values: ArrayLike<number>; used: number }[] = columns.map(() => ({ values: [], used: 0 }));
  const step = Math.max(1, Math.floor(BLOCK_NUMBERS / cols));
  try {
    for (let first = start; first < parquetFile.rows; first += step) {
      const rows = Math.min(step, parquetFile.rows - first);
      const data = new type(rows * cols);
      for (const [j, { name }] of columns.entries()) {
        let { values, used } = held[j];
        for (let i = 0; i < rows; i++) {
          while (used === values.length) {
            const { done, value } = await pages[j].next();
            if (done) throw new Error(`column ${JSON.stringify(name)} has ${first + i} of ${parquetFile.rows} rows`);
            [values, used] = [toNumbers(parquetFile.file.path, name, value), 0];
          }
          data[i * cols + j] = values[used++];
        }
        held[j] = { values, used };
      }
      yield new Matrix(data, rows, cols);
    }
  } finally {
    for (const page of pages) await page.return(undefined);
  }
}

async function readTable(
  parquetFile: ParquetTable,
  names: readonly string[],
  rows: RowRange | undefined,
): Promise<Table> {
  const { file } = parquetFile;
  return asFormatError(file.path, async () => {
    const selected = names.map((name) => {
      const column = parquetFile.columns.find((known) => known.name === name) as Column;
      if (column.type === undefined) throw unsupported(file.path, column);
      return { name, path: column.path, builder: new ColumnBuilder(file.path, name, column.type, true) };
    });
    const [start, end] = resolveRowRange(rows, parquetFile.rows, file.path);
    const table = new Map<string, TableColumn>();
    for (const { name, path, builder } of selected) {
      let left = end - start;
      if (left > 0) {
        for await (const values of readValues(parquetFile, path, start)) {
          builder.push(values);
          left -= values.length;
          if (left <= 0) break;
        }
      }
      table.set(name, sliceColumn(builder.build(), 0, end - start));
    }
    return table;
  });
}

async function readDates(parquetFile: ParquetTable, name: string): Promise<Float64Array> {
  const { file, columns, rows } = parquetFile;
  return asFormatError(file.path, async () => {
    const { path } = columns.find((known) => known.name === name) as Column;
    const pieces: Float64Array[] = [];
    for await (const values of readValues(parquetFile, path, 0)) pieces.push(toMilliseconds(values));
    return joinNumbers(pieces, rows);
  });
}

/** A column of the file. If its values can be read, `path` is their path in the schema. */
interface Column extends ColumnDescription {
  readonly path: ColumnPath;
}

interface ParquetTable extends ParquetFile {
  readonly buffer: AsyncBuffer;
  readonly rows: number;
  readonly columns: readonly Column[];
}

async function openParquetTable(file: OpenFile, signal: AbortSignal | undefined): Promise<ParquetTable> {
  const { parquetMetadataAsync, parquetSchema } = await import("hyparquet");
  const { compressors: known } = await import("hyparquet-compressors");
  // The library's own decoder does not support a block of zero bytes.
  const compressors = { ...known, LZ4_RAW: decompressLz4Block };
  const slice = async (start: number, end: number): Promise<ArrayBuffer> => {
    if (!(start >= 0 && start <= end && end <= file.size)) {
      throw damagedFile(file.path, `is cut off or damaged: it refers to bytes ${start} to ${end} of ${file.size}`);
    }
    const bytes = new ArrayBuffer(end - start);
    await readFully(file, new Uint8Array(bytes), start, signal);
    return bytes;
  };
  const buffer = {
    byteLength: file.size,
    slice: (start: number, end = file.size): Promise<ArrayBuffer> => {
      const bytes = slice(start, end);
      // The library requests several pieces at once. If one fails, it never handles the rejections of the others.
      bytes.catch(() => {});
      return bytes;
    },
  };
  const metadata: FileMetaData = await parquetMetadataAsync(buffer, { geoparquet: false });
  const root = parquetSchema(metadata);
  const counts = metadata.row_groups.map((group) => Number(group.num_rows));
  const rows = counts.reduce((sum, count) => sum + count, 0);
  if (!Number.isSafeInteger(rows) || counts.some((count) => count < 0))
    throw new Error(`its metadata state ${rows} rows`);
  const index = frameIndex(metadata.key_value_metadata?.find(({ key }) => key === "pandas")?.value);
  const durations = await storedDurations(
    metadata.key_value_metadata?.find(({ key }) => key === "ARROW:schema")?.value,
  );
  const columns = root.children.map((node) => {
    const column = { ...describeNode(root, node), isIndex: index.has(node.element.name) };
    return durations.has(column.name) ? { ...column, type: undefined, kind: "duration" } : column;
  });
  return { file, buffer, metadata, compressors, signal, rows, columns };
}

async function readObjects(
  file: OpenFile,
  { columns = [], signal }: ReadTableOptions,
): Promise<Map<string, unknown[]>> {
  return asFormatError(file.path, async () => {
    const { buffer, metadata, compressors, columns: known } = await openParquetTable(file, signal);
    const { parquetReadObjects } = await import("hyparquet");
    const present = columns.filter((name) => known.some((column) => column.name === name));
    const found = new Map(present.map((name) => [name, [] as unknown[]]));
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      throwIfAborted(signal);
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await parquetReadObjects({
        file: buffer,
        metadata,
        columns: present,
        compressors,
        rowStart,
        rowEnd,
      });
      for (const row of rows) for (const [name, values] of found) values.push(row[name]);
      rowStart = rowEnd;
    }
    return found;
  });
}

function describeNode(root: SchemaTree, node: SchemaTree): Column {
  const path = [root, node];
  for (let last = node; last.children.length === 1; path.push(last)) last = last.children[0];
  const { element, children } = path.at(-1) as SchemaTree;
  const repeated = path.filter((step) => step.element.repetition_type === "REPEATED").length;
  const type = children.length === 0 ? typeOf(element) : undefined;
  const kind = (repeated === 1 && type && "a list") || kindOf(node);
  const itemType = repeated === 1 && type !== "text" ? type : undefined;
  return {
    name: node.element.name,
    type: path.length === 2 && repeated === 0 ? type : undefined,
    isDate: path.length === 2 && repeated === 0 && isDate(element),
    isBoolean: element.type === "BOOLEAN",
    itemType,
    kind,
    path,
  };
}

function typeOf(element: SchemaElement): ColumnType | undefined {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (converted === "UTF8" || converted === "ENUM" || logical?.type === "STRING") return "text";
  if (logical?.type === "FLOAT16") return "float32";
  if (converted === "DECIMAL") return "float64";
  const isPlain = converted === undefined && (logical === undefined || logical.type === "NULL");
  if (type === "FLOAT" && isPlain) return "float32";
  if (type === "DOUBLE" && isPlain) return "float64";
  const isInteger = isPlain || /^U?INT_/.test(converted ?? "") || logical?.type === "INTEGER";
  return isInteger && (type === "INT32" || type === "INT64" || type === "BOOLEAN") ? "integer" : undefined;
}

/** INT96 is used only for times, in files of older engines. */
const isDate = ({ type, converted_type: converted, logical_type: logical }: SchemaElement): boolean =>
  type === "INT96" ||
  converted === "DATE" ||
  converted === "TIMESTAMP_MILLIS" ||
  converted === "TIMESTAMP_MICROS" ||
  logical?.type === "DATE" ||
  logical?.type === "TIMESTAMP";

const kindOf = ({ element, children }: SchemaTree): string =>
  element.logical_type?.type ??
  element.converted_type ??
  element.type ??
  (children.length > 0 ? "nested" : "of no type");
