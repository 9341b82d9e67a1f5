import { promisify } from "node:util";
import { constants, inflate } from "node:zlib";
import { throwIfAborted } from "../abort.js";
import { ArgumentError, damagedFile, describe, FileError } from "../errors.js";
import { type FloatArray, Matrix } from "../matrix.js";
import { allocate } from "./allocation.js";
import { type NamedArray, namesLabels, openArrayColumns } from "./array-columns.js";
import { columnFormat } from "./column-format.js";
import { asReadError } from "./file-errors.js";
import type { Format } from "./format.js";
import { openFile } from "./input-file.js";
import { HOST_ORDER, NUMBER_TYPES, type NumberType, swapBytes } from "./number-types.js";
import { type OpenFile, readFully } from "./open-file.js";
import { toNumbers } from "./stored-array.js";

/** MATLAB files of version 5, as `save` writes them without -v7.3. */
export const matlab: Format = {
  name: "MATLAB",
  extensions: [".mat"],
  sniff: (head) => Buffer.from(head.subarray(0, 10)).toString("latin1") === "MATLAB 5.0",
  ...columnFormat(async (file, { signal }) =>
    openArrayColumns(file.path, await new MatlabFile(file, signal).arrays(), ["fea", "X", "x", "data", "means", "mu"]),
  ),
};

/** A numeric array of a MATLAB file. */
export interface MatlabArray {
  readonly name: string;
  /** At least two sizes. */
  readonly shape: readonly number[];
  /** Its MATLAB class: "double", "uint8". */
  readonly className: string;
  /** In column-major order, as MATLAB stores arrays: the first index varies fastest. */
  readonly data: FloatArray;
}

/** Element types of the format (MATLAB 7 MAT-File Format, table 1-1). */
const DTYPES: Readonly<Record<number, string>> = {
  1: "i1",
  2: "u1",
  3: "i2",
  4: "u2",
  5: "i4",
  6: "u4",
  7: "f4",
  9: "f8",
  12: "i8",
  13: "u8",
};
const MATRIX = 14;
const COMPRESSED = 15;

/** Array classes (table 1-3). Only classes with a number type can be read. */
const CLASSES: Readonly<Record<number, readonly [name: string, dtype?: string]>> = {
  1: ["cell array"],
  2: ["struct"],
  3: ["object"],
  4: ["character array"],
  5: ["sparse matrix"],
  6: ["double", "f8"],
  7: ["single", "f4"],
  8: ["int8", "i1"],
  9: ["uint8", "u1"],
  10: ["int16", "i2"],
  11: ["uint16", "u2"],
  12: ["int32", "i4"],
  13: ["uint32", "u4"],
  14: ["int64", "i8"],
  15: ["uint64", "u8"],
  16: ["function handle"],
  17: ["object"],
};
const OPAQUE = 17;
const IS_COMPLEX = 0x08;

const HEADER_BYTES = 128;
/** Enough bytes for the flags, dimensions and name of an array; names have up to 63 characters. */
const HEAD_BYTES = 4096;
const MAX_ELEMENT_BYTES = 2 ** 31 - 1;
/** Deflate expands data by at most a factor of 1032 (https://zlib.net/zlib_tech.html). */
const MAX_EXPANSION = 1032;

/**
 * Reads one real numeric array from a MATLAB file of version 5, as `save` writes it without `-v7.3`. The file may be
 * compressed and have either byte order. Integers of up to 16 bits and class single give float32, other classes
 * float64.
 *
 * @param name the variable; may be left out if the file holds only one numeric array
 * @throws {ArgumentError} INVALID_ARGUMENT for a name that does not exist; the message lists the variables
 * @throws {FileError} FILE_READ if the file cannot be read. FILE_FORMAT for version 4, version 7.3 (HDF5) and damaged
 *   files, and for cell arrays, structs, text, sparse and complex arrays
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function readMatlabArray(
  path: string,
  name?: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<MatlabArray> {
  const file = await openFile(path, options.signal);
  try {
    return await asReadError(path, () => new MatlabFile(file, options.signal).read(name));
  } finally {
    await file.handle.close();
  }
}

/** The description of an array, which precedes its numbers. */
interface Head {
  readonly name: string;
  readonly className: string;
  /** `undefined` for classes that hold no numbers. */
  readonly dtype: string | undefined;
  readonly isComplex: boolean;
  readonly shape: readonly number[];
  /** Where the numbers begin, counted from the start of the array. */
  readonly offset: number;
}

/** An array in the file. `start` and `length` give the position of its bytes in the file, compressed or not. */
interface Variable {
  readonly head: Head;
  readonly start: number;
  readonly length: number;
  readonly isCompressed: boolean;
}

class MatlabFile {
  #isForeign = false;

  constructor(
    private readonly file: OpenFile,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async read(name: string | undefined): Promise<MatlabArray> {
    return this.#readVariable(this.#choose(await this.list(), name));
  }

  async list(): Promise<readonly Variable[]> {
    await this.#readHeader();
    return this.#listVariables();
  }

  /** Returns the variables as arrays whose first axis counts the rows. A row vector counts as a column. */
  async arrays(): Promise<NamedArray[]> {
    return (await this.list()).map((variable) => {
      const { name, shape, className, dtype, isComplex } = variable.head;
      const axes = shape.length === 2 && shape[0] === 1 ? [shape[1]] : shape;
      let whole: Promise<Matrix> | undefined;
      const read = () => this.#readVariable(variable).then((array) => toRows(array, axes));
      return {
        name,
        shape: axes.length === 2 && axes[1] === 1 ? [axes[0]] : axes,
        type: dtype === undefined || isComplex ? undefined : typeOf(dtype),
        // MATLAB stores whole numbers as double, so the type does not identify labels.
        isLabel: namesLabels(name),
        kind: isComplex ? "complex numbers" : className,
        async readRows(start, end) {
          whole ??= read();
          return (await whole).slice(start, end);
        },
        readTexts: async () => [],
      };
    });
  }

  async #readVariable(variable: Variable): Promise<MatlabArray> {
    const { head, start, length, isCompressed } = variable;
    if (head.dtype === undefined) {
      throw this.#fail(`variable ${describe(head.name)} is a ${head.className}: expected an array of real numbers`);
    }
    if (head.isComplex) {
      throw this.#fail(
        `variable ${describe(head.name)} is complex: expected real numbers. Save its real and imaginary parts as two variables`,
      );
    }
    const bytes = isCompressed ? await this.#inflate(start, length, head) : await this.#fetch(start, length);
    throwIfAborted(this.signal);
    const data = this.#decode(bytes, head);
    return { name: head.name, shape: head.shape, className: head.className, data };
  }

  #choose(variables: readonly Variable[], name: string | undefined): Variable {
    const numeric = variables.filter(({ head }) => head.dtype !== undefined);
    const [first] = numeric;
    if (name === undefined && first && numeric.length === 1) return first;
    const found = variables.find(({ head }) => head.name === name);
    if (found) return found;
    const list = variables
      .map(({ head }) => `${head.name} (${`${head.shape.join(" x ")} ${head.className}`.trim()})`)
      .join(", ");
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "name",
      received: name,
      accepted: `a variable of ${this.file.path}, which holds ${list || "none"}`,
    });
  }

  async #readHeader(): Promise<void> {
    const { size } = this.file;
    const header = await this.#fetch(0, Math.min(size, HEADER_BYTES));
    if (header.toString("latin1", 0, 8) === "\x89HDF\r\n\x1a\n" || header.toString("latin1", 0, 10) === "MATLAB 7.3") {
      throw this.#fail("is a MATLAB 7.3 file (HDF5). Save it with -v7");
    }
    const mark = header.toString("latin1", 126, 128);
    if (mark !== "IM" && mark !== "MI") {
      // Version 4 files do not begin with text. Their first number is a type of four decimal digits.
      const type = header.length >= 20 ? header.readUInt32LE(0) : Number.POSITIVE_INFINITY;
      const isVersion4 = type < 5000 || (header.length >= 20 && header.readUInt32BE(0) < 5000);
      throw this.#fail(
        isVersion4 ? "may be a MATLAB 4 file. Save it with -v7" : "is not a MATLAB 5 file. Save it with -v7",
      );
    }
    this.#isForeign = (mark === "IM") !== (HOST_ORDER === "<");
    const version = this.#uint16(header, 124);
    if (version !== 0x0100)
      throw this.#fail(
        `MATLAB file version ${version >> 8}.${version & 255} is unknown: expected version 1.0. Save it with -v7`,
      );
  }

  async #listVariables(): Promise<Variable[]> {
    const { size } = this.file;
    const variables: Variable[] = [];
    for (let at = HEADER_BYTES; at < size; ) {
      if (size - at < 8) throw this.#damaged(`is cut off: ${size - at} bytes after the last element`);
      const tag = await this.#fetch(at, 8);
      const [type, length] = [this.#uint32(tag, 0), this.#uint32(tag, 4)];
      const start = at + 8;
      if (length > size - start) throw this.#damaged(`is cut off: an element of ${length} bytes has ${size - start}`);
      if (length > MAX_ELEMENT_BYTES)
        throw this.#fail(
          `has an element of ${length} bytes: expected less than 2 GiB. Save the array in parts, or as .npy`,
        );
      if (type === MATRIX || type === COMPRESSED) {
        const isCompressed = type === COMPRESSED;
        const head = isCompressed
          ? await this.#peek(start, length)
          : await this.#fetch(start, Math.min(length, HEAD_BYTES));
        const variable = { head: this.#parseHead(head), start, length, isCompressed };
        // MATLAB stores the data of its objects in an array without a name.
        if (variable.head.name !== "") variables.push(variable);
      }
      at = start + length;
      // All elements except compressed ones end at multiples of eight bytes.
      if (type !== COMPRESSED) at = HEADER_BYTES + Math.ceil((at - HEADER_BYTES) / 8) * 8;
    }
    return variables;
  }

  /** Returns the beginning of the array in a compressed element, without its tag. */
  async #peek(start: number, length: number): Promise<Buffer> {
    const compressed = await this.#fetch(start, Math.min(length, HEAD_BYTES));
    // A synchronous flush decompresses the beginning of a stream; the default flush would report that its end is
    // missing.
    const bytes = await this.#decompress(compressed, { finishFlush: constants.Z_SYNC_FLUSH });
    if (bytes.length < 8 || this.#uint32(bytes, 0) !== MATRIX)
      throw this.#damaged("has a compressed element that is not an array");
    return bytes.subarray(8);
  }

  /** Returns the whole array in a compressed element, without its tag. */
  async #inflate(start: number, length: number, head: Head): Promise<Buffer> {
    // Numbers are stored in the type of their class or in a smaller type.
    const limit = 8 + head.offset + 8 + byteLength(head, NUMBER_TYPES[head.dtype as string]) + 8;
    if (count(head) > length * MAX_EXPANSION) {
      throw this.#damaged(`claims ${head.shape.join(" x ")} numbers in ${length} compressed bytes`);
    }
    const compressed = await this.#fetch(start, length);
    return (await this.#decompress(compressed, { maxOutputLength: limit })).subarray(8);
  }

  async #decompress(bytes: Buffer, options: { finishFlush?: number; maxOutputLength?: number }): Promise<Buffer> {
    try {
      return await promisify(inflate)(bytes, options);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw damagedFile(this.file.path, `cannot be decompressed: ${reason}`, cause);
    }
  }

  #parseHead(bytes: Buffer): Head {
    const flags = this.#element(bytes, 0);
    if (flags.type !== 6 || flags.length !== 8) throw this.#damaged("has an array without its flags");
    const word = this.#uint32(bytes, flags.start);
    const [className, dtype] = CLASSES[word & 0xff] ?? [`array of class ${word & 0xff}`];
    const dimensions = this.#element(bytes, flags.next);
    // Objects of the newer kind have no dimensions. Their name follows the flags.
    if ((word & 0xff) === OPAQUE) {
      const name = bytes.toString("utf8", dimensions.start, dimensions.start + dimensions.length);
      return { name, className, dtype, isComplex: false, shape: [], offset: 0 };
    }
    const name = this.#element(bytes, dimensions.next);
    if (dimensions.type !== 5 || dimensions.length < 8 || dimensions.length % 4 !== 0) {
      throw this.#damaged("has an array without its dimensions");
    }
    const shape = Array.from({ length: dimensions.length / 4 }, (_, axis) =>
      this.#uint32(bytes, dimensions.start + 4 * axis),
    );
    if (shape.some((size) => size >= 2 ** 31) || !Number.isSafeInteger(shape.reduce((a, b) => a * b, 8))) {
      throw this.#damaged(`has an array of ${shape.join(" x ")}, which no file can hold`);
    }
    return {
      name: bytes.toString("utf8", name.start, name.start + name.length),
      className,
      dtype,
      isComplex: ((word >> 8) & IS_COMPLEX) !== 0,
      shape,
      offset: name.next,
    };
  }

  #decode(bytes: Buffer, head: Head): FloatArray {
    const { type, start, length } = this.#element(bytes, head.offset);
    const stored = NUMBER_TYPES[DTYPES[type] ?? ""];
    if (!stored) throw this.#damaged(`has numbers of the unknown type ${type}`);
    if (length !== byteLength(head, stored)) {
      throw this.#damaged(`has ${length} bytes for ${head.shape.join(" x ")} numbers of ${stored.bytes} bytes each`);
    }
    const { result } = NUMBER_TYPES[head.dtype as string];
    const data = allocate<FloatArray>(this.file.path, result, count(head));
    const own = Buffer.from(new ArrayBuffer(length));
    bytes.copy(own, 0, start, start + length);
    if (this.#isForeign) swapBytes(own, stored.bytes);
    data.set(toNumbers(this.file.path, stored.decode(own.buffer, count(head))));
    return data;
  }

  /** Reads the data element at `at`. An element of up to four bytes is stored together with its tag in eight bytes. */
  #element(bytes: Buffer, at: number): { type: number; start: number; length: number; next: number } {
    const cutOff = () => this.#damaged("is cut off within an array");
    if (at + 8 > bytes.length) throw cutOff();
    const word = this.#uint32(bytes, at);
    const isSmall = word >>> 16 !== 0;
    const [type, length] = isSmall ? [word & 0xffff, word >>> 16] : [word, this.#uint32(bytes, at + 4)];
    const start = at + (isSmall ? 4 : 8);
    if ((isSmall && length > 4) || start + length > bytes.length) throw cutOff();
    return { type, start, length, next: isSmall ? at + 8 : start + Math.ceil(length / 8) * 8 };
  }

  async #fetch(start: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    await readFully(this.file, bytes, start, this.signal);
    return bytes;
  }

  #uint16(bytes: Buffer, at: number): number {
    return this.#isForeign === (HOST_ORDER === "<") ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
  }

  #uint32(bytes: Buffer, at: number): number {
    return this.#isForeign === (HOST_ORDER === "<") ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  }

  #damaged(reason: string): FileError {
    return damagedFile(this.file.path, reason);
  }

  #fail(reason: string): FileError {
    return new FileError("FILE_FORMAT", this.file.path, reason);
  }
}

const typeOf = (dtype: string): NamedArray["type"] =>
  dtype === "f8" ? "float64" : dtype === "f4" ? "float32" : "integer";

/** Converts an array from MATLAB's column-major order to row-major order. */
function toRows({ data }: MatlabArray, axes: readonly number[]): Matrix {
  const [rows] = axes;
  const cols = axes.slice(1).reduce((product, size) => product * size, 1);
  const turned = data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length);
  for (let j = 0; j < cols; j++) for (let i = 0; i < rows; i++) turned[i * cols + j] = data[j * rows + i];
  return new Matrix(turned, rows, cols);
}

const count = ({ shape }: Head): number => shape.reduce((product, size) => product * size, 1);

const byteLength = (head: Head, type: NumberType): number => count(head) * type.bytes;
