import type { FileMetaData, SchemaElement, SchemaTree } from "hyparquet";
import { FileError } from "../errors.js";
import { throwIfAborted } from "./abort.js";
import { unsupported } from "./arrow.js";
import type { Format, ReadTableOptions, Source } from "./format.js";
import { decompressLz4Block } from "./lz4.js";
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

/** Apache Parquet. */
export const parquet: Format = {
  name: "Parquet",
  extensions: [".parquet"],
  sniff: (head) => Buffer.from(head.subarray(0, 4)).equals(Buffer.from("PAR1")),
  readMatrix: async (source, options) => toNumbersOnly(source.path, await readTable(source, options)),
  readLabels: async (source, options) => toLabels(source.path, await readTable(source, options)),
  readTable,
  readValues,
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
  const step = rowsPerBatch(columns.length);
  for (let start = 0; start < rows; start += step) {
    const columnData = columns.map(({ name, data, element }) => {
      const values = sliceColumn(data, start, start + step);
      const hasNulls = element.repetition_type === "OPTIONAL" && !isText(values);
      return {
        name,
        data: hasNulls
          ? Array.from(values, (value) => (Number.isNaN(value) ? null : value))
          : (values as Float64Array | string[]),
        // A dictionary of measured numbers is as long as they are, and compressing them gains next to nothing.
        ...(isText(data) ? {} : { encoding: "PLAIN" as const, codec: "UNCOMPRESSED" as const }),
      };
    });
    await writer.write({ columnData, rowGroupSize: step });
    yield take();
  }
  await writer.finish();
  yield take();

  /** What was written since, which makes room. */
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

async function readTable(source: Source, { rows, columns, signal }: ReadTableOptions): Promise<Table> {
  return asFormatError(source.path, async () => {
    const { file, metadata, compressors, children } = await openFile(source, signal);
    const names = selectColumns(
      source.path,
      children.map(({ element }) => element.name),
      columns,
    );
    const builders = names.map((name) => {
      const node = children.find(({ element }) => element.name === name) as SchemaTree;
      const type = typeOf(node);
      if (type === undefined) throw unsupported(source.path, name, kindOf(node));
      return { name, builder: new ColumnBuilder(source.path, name, type) };
    });
    const groups = metadata.row_groups.map((group) => Number(group.num_rows));
    const [start, end] = resolveRowRange(
      rows,
      groups.reduce((sum, count) => sum + count, 0),
      source.path,
    );
    const { parquetScan } = await import("hyparquet");
    const scan = await parquetScan({ file, metadata, columns: names, compressors, geoparquet: false });
    let first = 0;
    for (const count of groups) {
      const [rowStart, rowEnd] = [Math.max(first, start), Math.min(first + count, end)];
      first += count;
      if (rowStart >= rowEnd) continue;
      for (const { name, builder } of builders) {
        throwIfAborted(signal);
        const values = await scan.readColumn({ column: name, rowStart, rowEnd });
        if (values.length !== rowEnd - rowStart) {
          const reason = `column ${JSON.stringify(name)} has ${values.length} of ${rowEnd - rowStart} rows`;
          throw new FileError("FILE_FORMAT", source.path, reason);
        }
        builder.push(values);
      }
    }
    return new Map(builders.map(({ name, builder }) => [name, builder.build()]));
  });
}

async function openFile(source: Source, signal: AbortSignal | undefined) {
  const { parquetMetadataAsync, parquetSchema } = await import("hyparquet");
  const { compressors: known } = await import("hyparquet-compressors");
  // Its own decoder does not know the block of no bytes.
  const compressors = { ...known, LZ4_RAW: decompressLz4Block };
  const slice = async (start: number, end: number): Promise<ArrayBuffer> => {
    if (!(start >= 0 && start <= end && end <= source.size)) {
      throw new FileError("FILE_FORMAT", source.path, `refers to bytes ${start} to ${end} of ${source.size}`);
    }
    const bytes = new ArrayBuffer(end - start);
    await readFully(source, new Uint8Array(bytes), start, signal);
    return bytes;
  };
  const file = {
    byteLength: source.size,
    slice: (start: number, end = source.size): Promise<ArrayBuffer> => {
      const bytes = slice(start, end);
      // The library asks for several pieces at once and, when one fails, leaves the failures of the others to nobody.
      bytes.catch(() => {});
      return bytes;
    },
  };
  const metadata: FileMetaData = await parquetMetadataAsync(file, { geoparquet: false });
  return { file, metadata, compressors, children: parquetSchema(metadata).children };
}

async function readValues(source: Source, { columns = [], signal }: ReadTableOptions): Promise<Map<string, unknown[]>> {
  return asFormatError(source.path, async () => {
    const { file, metadata, compressors, children } = await openFile(source, signal);
    const { parquetReadObjects } = await import("hyparquet");
    const present = columns.filter((name) => children.some(({ element }) => element.name === name));
    const found = new Map(present.map((name) => [name, [] as unknown[]]));
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      throwIfAborted(signal);
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await parquetReadObjects({ file, metadata, columns: present, compressors, rowStart, rowEnd });
      for (const row of rows) for (const [name, values] of found) values.push(row[name]);
      rowStart = rowEnd;
    }
    return found;
  });
}

function typeOf({ element, children }: SchemaTree): "text" | "float32" | "float64" | "integer" | undefined {
  const { type, converted_type: converted, logical_type: logical, repetition_type: repetition } = element;
  if (children.length > 0 || repetition === "REPEATED") return undefined;
  if (converted === "UTF8" || converted === "ENUM" || logical?.type === "STRING") return "text";
  if (logical?.type === "FLOAT16") return "float32";
  const isPlain = converted === undefined && (logical === undefined || logical.type === "NULL");
  if (type === "FLOAT" && isPlain) return "float32";
  if (type === "DOUBLE" && isPlain) return "float64";
  const isInteger = isPlain || /^U?INT_/.test(converted ?? "") || logical?.type === "INTEGER";
  return isInteger && (type === "INT32" || type === "INT64" || type === "BOOLEAN") ? "integer" : undefined;
}

const kindOf = ({ element, children }: SchemaTree): string =>
  element.logical_type?.type ??
  element.converted_type ??
  element.type ??
  (children.length > 0 ? "nested" : "of no type");
