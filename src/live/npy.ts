import { columnName, type Table } from "./table.js";

const ARRAYS = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
} as const;

/** Reads a matrix of numbers in NumPy's format, little-endian and in C order. */
export function readNpy(bytes: Uint8Array<ArrayBuffer>): Table {
  if (bytes.length < 12) throw new Error("it is cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const isShort = bytes[6] === 1;
  const start = isShort ? 10 : 12;
  const length = isShort ? view.getUint16(8, true) : view.getUint32(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const [, order, kind] = /'descr':\s*'([<>|=])(\w\d+)'/.exec(header) ?? [];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1].match(/\d+/g)?.map(Number) ?? [];
  const Numbers = ARRAYS[kind as keyof typeof ARRAYS];
  if (!Numbers || order === ">") {
    throw new Error(
      `its numbers have the type ${order}${kind}: expected little-endian float32, float64 or integers of up to 32 bits`,
    );
  }
  if (/'fortran_order':\s*True/.test(header))
    throw new Error("it is in Fortran order: save it with numpy.ascontiguousarray");
  if (shape.length !== 2) throw new Error(`it has ${shape.length} dimensions: expected a matrix, one point per row`);
  const [rows, cols] = shape;
  const data = bytes.slice(start + length);
  if (data.byteLength < rows * cols * Numbers.BYTES_PER_ELEMENT)
    throw new Error("it is cut off: it contains fewer numbers than its shape requires");
  const numbers = new Numbers(data.buffer, 0, rows * cols);
  const columns = Array.from({ length: cols }, (_, k) => ({
    name: columnName(k),
    type: "number" as const,
    values: Float64Array.from({ length: rows }, (_, i) => numbers[i * cols + k]),
  }));
  return { rows, columns };
}
