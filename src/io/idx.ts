import { damagedFile, FileError } from "../errors.js";
import { type FloatArray, Matrix } from "../matrix.js";
import type { Format } from "./format.js";
import { HOST_ORDER } from "./number-types.js";
import { type OpenFile, readFully } from "./open-file.js";
import type { ReadOptions } from "./read-options.js";
import { resolveRowRange } from "./row-range.js";
import { checkAxes, readRows, type StoredArray } from "./stored-array.js";

/** The format of the MNIST files (http://yann.lecun.com/exdb/mnist). */
export const idx: Format = {
  name: "IDX",
  extensions: [".idx"],
  sniff: isIdx,
  readMatrix,
  readLabels,
};

/** Number types by the third byte of the file; all are big-endian. */
const DTYPES: Readonly<Record<number, { dtype: string; bytes: number }>> = {
  8: { dtype: "u1", bytes: 1 },
  9: { dtype: "i1", bytes: 1 },
  11: { dtype: "i2", bytes: 2 },
  12: { dtype: "i4", bytes: 4 },
  13: { dtype: "f4", bytes: 4 },
  14: { dtype: "f8", bytes: 8 },
};
const MAX_DIMENSIONS = 8;

export function isIdx(head: Uint8Array): boolean {
  return head.length >= 4 && head[0] === 0 && head[1] === 0 && head[2] in DTYPES && head[3] !== 0;
}

/**
 * Opens the array of an IDX file. Only the header is read here.
 *
 * @throws {FileError} FILE_FORMAT if the sizes in the header do not match the size of the file. This is checked before
 *   memory is allocated.
 */
export async function openIdx(file: OpenFile, signal?: AbortSignal): Promise<StoredArray> {
  const start = Buffer.alloc(Math.min(file.size, 4 + 4 * MAX_DIMENSIONS));
  await readFully(file, start, 0, signal);
  const { offset, length, ...array } = parseHeader(file.path, start);
  if (file.size !== offset + length) throw wrongSize(file.path, array.shape, offset + length, `${file.size}`);
  return { ...array, fetch: (target, position) => readFully(file, target, offset + position) };
}

function wrongSize(path: string, shape: readonly number[], expected: number, found: string): FileError {
  return damagedFile(
    path,
    `the header describes ${shape.join(" x ")} numbers: expected ${expected} bytes, found ${found}`,
  );
}

function parseHeader(path: string, head: Buffer): Omit<StoredArray, "fetch"> & { offset: number; length: number } {
  const fail = (reason: string) => new FileError("FILE_FORMAT", path, reason);
  if (!isIdx(head))
    throw fail("is not an IDX file: it does not begin with two zeros, a number type and a number of dimensions");
  const { dtype, bytes } = DTYPES[head[2]] as { dtype: string; bytes: number };
  const dimensions = head[3];
  if (dimensions > MAX_DIMENSIONS) throw fail(`has ${dimensions} dimensions: expected at most ${MAX_DIMENSIONS}`);
  const offset = 4 + 4 * dimensions;
  if (head.length < offset) throw damagedFile(path, `the IDX header is cut off after ${head.length} bytes`);
  const shape = Array.from({ length: dimensions }, (_, axis) => head.readUInt32BE(4 + 4 * axis));
  checkAxes(path, shape);
  const length = shape.reduce((product, size) => product * size, bytes);
  if (!Number.isSafeInteger(length))
    throw damagedFile(path, `the header describes ${shape.join(" x ")} numbers, more than any file can hold`);
  return { path, shape, dtype, isForeign: bytes > 1 && HOST_ORDER === "<", offset, length };
}

/** Reads the entries of the first axis as rows, flattened. */
async function readMatrix(file: OpenFile, { rows, signal }: ReadOptions): Promise<Matrix> {
  const array = await openIdx(file, signal);
  const [start, end] = resolveRowRange(rows, array.shape[0], file.path);
  const cols = array.shape.slice(1).reduce((product, size) => product * size, 1);
  return new Matrix(await readRange(array, start, end), end - start, cols);
}

async function readLabels(file: OpenFile, { rows, signal }: ReadOptions): Promise<string[]> {
  const array = await openIdx(file, signal);
  if (array.shape.length !== 1 || array.dtype.startsWith("f")) {
    const reason = `holds ${array.shape.join(" x ")} numbers of type ${array.dtype}: expected labels, which are integers in one dimension`;
    throw new FileError("FILE_FORMAT", file.path, reason);
  }
  const [start, end] = resolveRowRange(rows, array.shape[0], file.path);
  return Array.from(await readRange(array, start, end), String);
}

const readRange = (array: StoredArray, start: number, end: number): Promise<FloatArray> =>
  readRows(
    array,
    Float64Array.from({ length: end - start }, (_, i) => start + i),
  );
