import { damagedFile, describe, FileError } from "../errors.js";
import { type FloatArray, Matrix } from "../matrix.js";
import { allocate } from "./allocation.js";
import type { Format } from "./format.js";
import { MAGIC, type NpyHeader, readNpyHeader } from "./npy-header.js";
import { FOREIGN_ORDER, HOST_ORDER, NUMBER_TYPES, type NumberType, swapBytes } from "./number-types.js";
import { type OpenFile, readFully } from "./open-file.js";
import type { ReadOptions } from "./read-options.js";
import { resolveRowRange } from "./row-range.js";

/** NumPy's format for one array. */
export const npy: Format = {
  name: "NumPy",
  extensions: [".npy"],
  sniff: (head) => MAGIC.equals(head.subarray(0, MAGIC.length)),
  readMatrix: readNpyMatrix,
  readLabels,
  encode,
};

/** Size of one read, well below the limit of 2 GiB. */
const CHUNK_BYTES = 2 ** 22;

/** Descriptions of NumPy's unsupported types, by their first letter. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  O: "Python objects. Save the array with a numeric dtype",
  c: "complex numbers. Save the real and imaginary parts as columns",
  V: "structured or raw records. Save one array with a numeric dtype",
  U: "strings. Save numbers with a numeric dtype",
  S: "strings. Save numbers with a numeric dtype",
  M: "dates. Save them as numbers, with a numeric dtype",
  m: "time spans. Save them as numbers, with a numeric dtype",
};

/** Reads the array of a .npy file. Each entry of the first axis becomes a row, flattened. */
export async function readNpyMatrix(file: OpenFile, options: ReadOptions): Promise<Matrix> {
  const header = await readNpyHeader(file);
  const { shape } = header;
  if (shape.length > 2 && header.fortranOrder) {
    const reason = `has shape (${shape.join(", ")}) in Fortran order: expected one or two dimensions, or C order`;
    throw formatError(file, `${reason}. Save np.ascontiguousarray(array)`);
  }
  const rows = shape[0] ?? 1;
  const cols = shape.slice(1).reduce((product, size) => product * size, 1);
  return readNumbers(file, header, rows, cols, options);
}

/** Reads an array of three dimensions in C order. */
export async function readNpyStack(
  file: OpenFile,
  options: ReadOptions,
): Promise<{ data: FloatArray; shape: [number, number, number] }> {
  const header = await readNpyHeader(file);
  const { shape, fortranOrder } = header;
  if (shape.length !== 3 || fortranOrder) {
    const order = fortranOrder ? " in Fortran order" : "";
    const reason = `has shape (${shape.join(", ")})${order}: expected three dimensions in C order`;
    throw formatError(file, `${reason}. Save np.ascontiguousarray(array)`);
  }
  const [n, a, b] = shape as [number, number, number];
  const { data } = await readNumbers(file, header, n, a * b, options);
  return { data, shape: [n, a, b] };
}

async function readLabels(file: OpenFile, options: ReadOptions): Promise<string[]> {
  const header = await readNpyHeader(file);
  const { shape, dtype } = header;
  const [rows = 1, cols = 1] = shape;
  if (shape.length === 0 || shape.length > 2 || cols !== 1) {
    throw formatError(file, `has shape (${shape.join(", ")}): expected (n,) or (n, 1) for labels`);
  }
  if (dtype === "O") {
    const reason = "holds Python objects: expected strings or whole numbers";
    throw formatError(file, `${reason}. Save them as strings: np.save(path, np.array(labels).astype(str))`);
  }
  const string = /^[US](\d+)$/.exec(dtype);
  if (string) return readStrings(file, header, rows, Number(string[1]), options);
  const { data } = await readNumbers(file, header, rows, 1, options);
  if (dtype === "b1") return Array.from(data, (value) => String(value !== 0));
  const fraction = data.findIndex((value) => !Number.isInteger(value));
  if (fraction >= 0) {
    const row = fraction + (options.rows?.[0] ?? 0);
    throw formatError(file, `has ${data[fraction]} in row ${row}: expected labels that are whole numbers or texts`);
  }
  return Array.from(data, String);
}

/** Reads the strings of an array of any shape, in C order. */
export async function readNpyTexts(file: OpenFile, options: ReadOptions): Promise<string[]> {
  const header = await readNpyHeader(file);
  const { shape, dtype, fortranOrder } = header;
  const length = /^[US](\d+)$/.exec(dtype)?.[1];
  if (length === undefined) throw formatError(file, `holds values of type ${describe(dtype)}: expected strings`);
  if (fortranOrder && shape.length > 1) throw formatError(file, "holds strings in Fortran order: expected C order");
  const count = shape.reduce((product, size) => product * size, 1);
  return readStrings(file, header, count, Number(length), options);
}

/** Reads the integers of an array of any shape, in C order. Integers of 32 bits give an Int32Array. */
export async function readNpyIntegers(file: OpenFile, options: ReadOptions): Promise<FloatArray | Int32Array> {
  const header = await readNpyHeader(file);
  if (header.dtype !== "i4") return (await readNpyMatrix(file, options)).data;
  const data = new Int32Array(header.shape.reduce((product, size) => product * size, 1));
  await readInPlace(file, header, data, 0, options.signal);
  return data;
}

async function readNumbers(
  file: OpenFile,
  header: NpyHeader,
  rows: number,
  cols: number,
  { rows: wanted, signal }: ReadOptions,
): Promise<Matrix> {
  const type = checkNumbers(file, header);
  const [start, end] = resolveRowRange(wanted, rows, file.path);
  const data = allocate<FloatArray>(file.path, type.result, (end - start) * cols);
  const byColumns = header.fortranOrder && rows > 1 && cols > 1;
  if (header.dtype.startsWith("f") && type.result.BYTES_PER_ELEMENT === type.bytes && !byColumns) {
    await readInPlace(file, header, data, start * cols, signal);
    return new Matrix(data, end - start, cols);
  }
  const [first, last] = byColumns ? [0, rows * cols] : [start * cols, end * cols];
  for await (const { bytes, item, count } of chunksOf(file, header, type.bytes, type.bytes, first, last, signal)) {
    const values = type.decode(bytes, count);
    let row = byColumns ? item % rows : Math.floor(item / cols);
    let col = byColumns ? Math.floor(item / rows) : item % cols;
    for (let k = 0; k < count; k++) {
      const value = Number(values[k]);
      if (type.bytes === 8 && !Number.isSafeInteger(value) && !header.dtype.startsWith("f")) {
        throw formatError(
          file,
          `${values[k]} at row ${row}, column ${col} is too large: integers are exact only below 2^53. Convert the array to float64`,
        );
      }
      if (row >= start && row < end) data[(row - start) * cols + col] = value;
      if (byColumns) {
        if (++row === rows) [row, col] = [0, col + 1];
      } else if (++col === cols) [row, col] = [row + 1, 0];
    }
  }
  return new Matrix(data, end - start, cols);
}

/** Reads numbers that need no conversion directly into their final array, starting at element `first`. */
async function readInPlace(
  file: OpenFile,
  header: NpyHeader,
  data: FloatArray | Int32Array,
  first: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const start = header.offset + first * data.BYTES_PER_ELEMENT;
  for (let done = 0; done < data.byteLength; done += CHUNK_BYTES) {
    const chunk = Buffer.from(data.buffer, done, Math.min(CHUNK_BYTES, data.byteLength - done));
    await readFully(file, chunk, start + done, signal);
    if (header.order === FOREIGN_ORDER) swapBytes(chunk, data.BYTES_PER_ELEMENT);
  }
}

/**
 * Reads items `first` (included) to `last` (excluded) of the data, each of `itemBytes`. Words of `wordBytes` are
 * converted to the byte order of this machine. All chunks use the same buffer, so each must be used before the next is
 * read.
 */
async function* chunksOf(
  file: OpenFile,
  header: NpyHeader,
  itemBytes: number,
  wordBytes: number,
  first: number,
  last: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ bytes: ArrayBuffer; item: number; count: number }> {
  const capacity = Math.min(last - first, Math.max(1, Math.floor(CHUNK_BYTES / itemBytes)));
  const bytes = new ArrayBuffer(capacity * itemBytes);
  for (let item = first; item < last; item += capacity) {
    const count = Math.min(capacity, last - item);
    const chunk = Buffer.from(bytes, 0, count * itemBytes);
    await readFully(file, chunk, header.offset + item * itemBytes, signal);
    if (header.order === FOREIGN_ORDER) swapBytes(chunk, wordBytes);
    yield { bytes, item, count };
  }
}

/**
 * Reads strings, which NumPy pads with zeros. Type U holds code points of four bytes. Type S holds bytes, which are
 * decoded as UTF-8.
 */
async function readStrings(
  file: OpenFile,
  header: NpyHeader,
  rows: number,
  length: number,
  { rows: wanted, signal }: ReadOptions,
): Promise<string[]> {
  if (length === 0) throw formatError(file, `dtype ${describe(header.dtype)}: strings without any characters`);
  const isUnicode = header.dtype.startsWith("U");
  const itemBytes = isUnicode ? length * 4 : length;
  checkDataSize(file, header, rows * itemBytes);
  const [start, end] = resolveRowRange(wanted, rows, file.path);
  const labels: string[] = [];
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const wordBytes = isUnicode ? 4 : 1;
  for await (const { bytes, item, count } of chunksOf(file, header, itemBytes, wordBytes, start, end, signal)) {
    for (let k = 0; k < count; k++) {
      const words = isUnicode
        ? new Uint32Array(bytes, k * itemBytes, length)
        : new Uint8Array(bytes, k * itemBytes, length);
      const used = words.subarray(0, words.findLastIndex((word) => word !== 0) + 1);
      try {
        labels.push(isUnicode ? Array.from(used, (point) => String.fromCodePoint(point)).join("") : utf8.decode(used));
      } catch (cause) {
        throw formatError(file, `row ${item + k} is not valid ${isUnicode ? "Unicode" : "UTF-8"} text`, cause);
      }
    }
  }
  return labels;
}

/**
 * Returns the type of the numbers that a header describes.
 *
 * @throws {FileError} FILE_FORMAT for unsupported types, and for a file that is shorter than its header says
 */
export function checkNumbers(file: OpenFile, header: NpyHeader): NumberType {
  const type = NUMBER_TYPES[header.dtype];
  if (!type) {
    const fact =
      OTHER_TYPES[header.dtype.charAt(0)] ?? "expected bool, int8 to int64, uint8 to uint64, or float16 to float64";
    throw formatError(file, `dtype ${describe(header.dtype)}: ${fact}`);
  }
  checkDataSize(
    file,
    header,
    header.shape.reduce((product, size) => product * size, type.bytes),
  );
  return type;
}

function checkDataSize(file: OpenFile, header: NpyHeader, expected: number): void {
  const found = file.size - header.offset;
  if (expected > found) {
    const shape = `(${header.shape.join(", ")})`;
    throw damagedFile(
      file.path,
      `is cut off: shape ${shape} of ${header.dtype} needs ${expected} bytes of data, found ${found}`,
    );
  }
}

function formatError(file: OpenFile, reason: string, cause?: unknown): FileError {
  return new FileError("FILE_FORMAT", file.path, reason, { cause });
}

function encode(matrix: Matrix): Generator<Uint8Array> {
  return encodeArray(matrix.shape, [matrix]);
}

/**
 * Encodes one array of the given shape in C order. Its numbers are the parts in sequence, all of the same number type.
 */
export function* encodeArray(
  shape: readonly number[],
  parts: readonly { readonly data: FloatArray }[],
): Generator<Uint8Array> {
  const dtype = `${HOST_ORDER}f${parts[0]?.data.BYTES_PER_ELEMENT ?? 4}`;
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // Magic, version and length take 10 bytes. Together with them and the final newline, the header must fill a multiple
  // of 64 bytes.
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, " ");
  MAGIC.copy(header);
  header.writeUInt16LE(1, 6);
  header.writeUInt16LE(length, 8);
  header.write(dictionary, 10, "latin1");
  header.write("\n", 10 + length - 1);
  yield header;
  for (const { data } of parts) {
    for (let done = 0; done < data.byteLength; done += CHUNK_BYTES) {
      yield new Uint8Array(data.buffer, data.byteOffset + done, Math.min(CHUNK_BYTES, data.byteLength - done));
    }
  }
}
