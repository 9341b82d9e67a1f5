import { requireInteger } from "../arguments.js";
import { FileError } from "../errors.js";
import type { FloatArray } from "../matrix.js";
import { allocate } from "./allocation.js";
import { NUMBER_TYPES, swapBytes } from "./number-types.js";

/** Read at once; rows that are longer are read one at a time. */
const CHUNK_BYTES = 2 ** 22;
/** One read of a file gives less than 2 GiB. */
const MAX_ROW_BYTES = 2 ** 31 - 1;
/** Reads under way at a time. */
const CONCURRENCY = 32;

/** An array of numbers in C order as it stands in a file or in memory. */
export interface StoredArray {
  readonly path: string;
  readonly shape: readonly number[];
  /** A key of {@link NUMBER_TYPES}. */
  readonly dtype: string;
  /** Whether its bytes are in the other order than the machine's. */
  readonly isForeign: boolean;
  /** Fills `target` with bytes of the data, which begin at position 0. */
  fetch(target: Uint8Array, position: number): Promise<void>;
}

/**
 * The rows asked for, in that order: row i is all that stands at index i of the first axis. Neighboring rows are read together.
 *
 * @throws {ArgumentError} OUT_OF_RANGE for a row that is not there
 */
export async function readRows(array: StoredArray, rows: ArrayLike<number>): Promise<FloatArray> {
  const { path, shape, dtype, isForeign } = array;
  const type = NUMBER_TYPES[dtype];
  const count = shape[0];
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const rowBytes = width * type.bytes;
  if (rowBytes > MAX_ROW_BYTES)
    throw new FileError("FILE_FORMAT", path, `has rows of ${rowBytes} bytes, too long to read`);
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

  /** Reads the rows of order[begin] to order[end - 1], which follow each other or are the same. */
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
 * Rows without any numbers take no space, so that the size of a file does not limit how many of them its header can promise.
 *
 * @throws {FileError} FILE_FORMAT where an axis but the first has size 0
 */
export function checkAxes(path: string, shape: readonly number[]): void {
  if (shape.slice(1).includes(0))
    throw new FileError("FILE_FORMAT", path, `has shape (${shape.join(", ")}), empty rows`);
}

/** @throws {FileError} FILE_FORMAT for 64-bit integers that no number holds */
export function toNumbers(path: string, values: ArrayLike<number> | BigInt64Array | BigUint64Array): ArrayLike<number> {
  if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) return values;
  return Float64Array.from(values as ArrayLike<bigint> as Iterable<bigint> & ArrayLike<bigint>, (value) => {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new FileError("FILE_FORMAT", path, `${value} is too large: integers are exact below 2^53`);
  });
}
