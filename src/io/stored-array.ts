import { requireInteger } from "../arguments.js";
import { FileError } from "../errors.js";
import type { FloatArray } from "../matrix.js";
import { allocate } from "./allocation.js";
import { NUMBER_TYPES, swapBytes } from "./number-types.js";

/** Number of bytes of one read. Rows longer than this are read one at a time. */
const CHUNK_BYTES = 2 ** 22;
/** A single read of a file returns less than 2 GiB. */
const MAX_ROW_BYTES = 2 ** 31 - 1;
/** Maximum number of concurrent reads. */
const CONCURRENCY = 32;

/** An array of numbers in C order in a file or in memory. */
export interface StoredArray {
  readonly path: string;
  readonly shape: readonly number[];
  /** Number type: a key of {@link NUMBER_TYPES}. */
  readonly dtype: string;
  /** Whether the byte order of the array differs from the byte order of this machine. */
  readonly isForeign: boolean;
  /** Fills `target` with bytes of the data, starting at `position`. The data begin at position 0. */
  fetch(target: Uint8Array, position: number): Promise<void>;
}

/**
 * Reads the requested rows in the given order. Row i is the part of the array at index i of the first axis. Neighboring
 * rows are read together.
 *
 * @throws {ArgumentError} OUT_OF_RANGE for a row that does not exist
 */
export async function readRows(array: StoredArray, rows: ArrayLike<number>): Promise<FloatArray> {
  const { path, shape, dtype, isForeign } = array;
  const type = NUMBER_TYPES[dtype];
  const count = shape[0];
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const rowBytes = width * type.bytes;
  if (rowBytes > MAX_ROW_BYTES)
    throw new FileError(
      "FILE_FORMAT",
      path,
      `has rows of ${rowBytes} bytes, which are too long to read. Split the array`,
    );
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k];
    if (!(Number.isInteger(row) && row >= 0 && row < count)) requireInteger(row, `rows[${k}]`, 0, count - 1);
  }
  const data = allocate<FloatArray>(path, type.result, rows.length * width);
  if (data.length === 0) return data;

  const order = Uint32Array.from({ length: rows.length }, (_, k) => k);
  const rowAt = (k: number) => rows[order[k]];
  order.sort((a, b) => rows[a] - rows[b]);
  const limit = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));

  /** Reads the wanted rows number `begin` to `end - 1` in sorted order. Each row number repeats or follows the one before. */
  const readRun = async (begin: number, end: number) => {
    const first = rowAt(begin);
    const span = rowAt(end - 1) - first + 1;
    const bytes = Buffer.from(new ArrayBuffer(span * rowBytes));
    await array.fetch(bytes, first * rowBytes);
    if (isForeign) swapBytes(bytes, type.bytes);
    const values = toNumbers(path, type.decode(bytes.buffer, span * width));
    for (let k = begin; k < end; k++) {
      const from = (rowAt(k) - first) * width;
      const to = order[k] * width;
      for (let j = 0; j < width; j++) data[to + j] = values[from + j];
    }
  };

  let pending: Promise<void>[] = [];
  for (let begin = 0; begin < rows.length; ) {
    let end = begin + 1;
    while (end < rows.length && rowAt(end) - rowAt(end - 1) <= 1 && rowAt(end) - rowAt(begin) < limit) end++;
    pending.push(readRun(begin, end));
    begin = end;
    if (pending.length === CONCURRENCY || begin === rows.length) {
      await Promise.all(pending);
      pending = [];
    }
  }
  return data;
}

/**
 * Rejects rows without any numbers. Such rows need no bytes, so the size of the file would not limit the number of rows
 * that its header states.
 *
 * @throws {FileError} FILE_FORMAT if an axis other than the first has size 0
 */
export function checkAxes(path: string, shape: readonly number[]): void {
  if (shape.slice(1).includes(0))
    throw new FileError(
      "FILE_FORMAT",
      path,
      `has shape (${shape.join(", ")}): expected rows with at least one number, found empty rows`,
    );
}

/** @throws {FileError} FILE_FORMAT for a 64-bit integer that a JavaScript number cannot represent exactly */
export function toNumbers(path: string, values: ArrayLike<number> | BigInt64Array | BigUint64Array): ArrayLike<number> {
  if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) return values;
  return Float64Array.from(values as ArrayLike<bigint> as Iterable<bigint> & ArrayLike<bigint>, (value) => {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new FileError(
      "FILE_FORMAT",
      path,
      `${value} is too large: integers are exact only below 2^53. Convert the array to float64`,
    );
  });
}
