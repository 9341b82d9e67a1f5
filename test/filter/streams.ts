import {
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import type { Matrix } from "../../src/matrix.js";

export type Rows = readonly (readonly (number | null)[] | null)[];

const ITEMS = { fixed16: new Float16(), fixed32: new Float32(), fixed64: new Float64(), list32: new Float32() };

export const listType = (kind: "fixed16" | "fixed32" | "fixed64" | "list32", width: number): DataType => {
  const item = new Field("item", ITEMS[kind], true);
  return kind === "list32" ? new List(item) : new FixedSizeList(width, item);
};

/** Columns by name, with their types and values. */
export type Columns = Readonly<Record<string, readonly [DataType, readonly unknown[]]>>;

/** Makes a batch of columns. Each batch has its own dictionaries. */
export function batchOf(columns: Columns, metadata = new Map<string, string>()): RecordBatch {
  const vectors = Object.values(columns).map(([type, values]) => vectorFromArray(values, type) as Vector);
  const fields = Object.entries(columns).map(([name, [type]]) => new Field(name, type, true, new Map([["of", name]])));
  const schema = new Schema(fields, metadata);
  const length = vectors[0]?.length ?? 0;
  const children = vectors.map((vector) => vector.data[0]);
  return new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children }));
}

export function bytesOf(batches: readonly RecordBatch[], kind: "stream" | "file" = "stream"): Uint8Array {
  return tableToIPC(new Table(batches as RecordBatch[]), kind);
}

export async function* piecesOf(bytes: Uint8Array, length = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

export async function collect(output: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of output) pieces.push(piece);
  return Buffer.concat(pieces);
}

export const tableOf = (bytes: Uint8Array): Table => tableFromIPC(bytes);

/** Returns the values of a column; a missing value is null. */
export const valuesOf = (table: Table, name: string): unknown[] => Array.from(table.getChild(name) as Vector);

export const rowsOf = (matrix: Matrix): number[][] =>
  Array.from({ length: matrix.rows }, (_, i) => Array.from(matrix.row(i)));

/**
 * Makes batches with ids, texts in a dictionary, and the columns that `more` returns for rows [start, end). The batches
 * have `sizes` rows.
 */
export function cut(sizes: readonly number[], more: (start: number, end: number) => Columns): RecordBatch[] {
  let start = 0;
  return sizes.map((size) => {
    const ids = Array.from({ length: size }, (_, i) => start + i);
    const batch = batchOf(
      {
        id: [new Int32(), ids],
        word: [new Dictionary(new Utf8(), new Int32(), 7), ids.map((id) => (id % 5 === 0 ? null : `word ${id % 3}`))],
        ...more(start, start + size),
      },
      new Map([["made", "here"]]),
    );
    start += size;
    return batch;
  });
}
