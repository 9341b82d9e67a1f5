import { endianness } from "node:os";

/** Byte order of this machine in NumPy's notation. */
export const HOST_ORDER = endianness() === "LE" ? "<" : ">";
export const FOREIGN_ORDER = HOST_ORDER === "<" ? ">" : "<";

/** How numbers of one type are stored in a file and in memory. */
export interface NumberType {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly result: Float32ArrayConstructor | Float64ArrayConstructor;
  /** Converts bytes in the byte order of this machine to `count` numbers. */
  decode(bytes: ArrayBuffer, count: number): ArrayLike<number> | BigInt64Array | BigUint64Array;
}

/** The supported number types, by their NumPy names (kind and bytes). */
export const NUMBER_TYPES: Readonly<Record<string, NumberType>> = {
  b1: {
    bytes: 1,
    result: Float32Array,
    decode: (bytes, count) => new Uint8Array(bytes, 0, count).map((value) => (value === 0 ? 0 : 1)),
  },
  i1: { bytes: 1, result: Float32Array, decode: (bytes, count) => new Int8Array(bytes, 0, count) },
  u1: { bytes: 1, result: Float32Array, decode: (bytes, count) => new Uint8Array(bytes, 0, count) },
  i2: { bytes: 2, result: Float32Array, decode: (bytes, count) => new Int16Array(bytes, 0, count) },
  u2: { bytes: 2, result: Float32Array, decode: (bytes, count) => new Uint16Array(bytes, 0, count) },
  i4: { bytes: 4, result: Float64Array, decode: (bytes, count) => new Int32Array(bytes, 0, count) },
  u4: { bytes: 4, result: Float64Array, decode: (bytes, count) => new Uint32Array(bytes, 0, count) },
  i8: { bytes: 8, result: Float64Array, decode: (bytes, count) => new BigInt64Array(bytes, 0, count) },
  u8: { bytes: 8, result: Float64Array, decode: (bytes, count) => new BigUint64Array(bytes, 0, count) },
  f2: {
    bytes: 2,
    result: Float32Array,
    decode: (bytes, count) => Float32Array.from(new Uint16Array(bytes, 0, count), fromHalf),
  },
  f4: { bytes: 4, result: Float32Array, decode: (bytes, count) => new Float32Array(bytes, 0, count) },
  f8: { bytes: 8, result: Float64Array, decode: (bytes, count) => new Float64Array(bytes, 0, count) },
};

/** Reverses the order of the bytes in each word of `wordBytes` bytes. */
export function swapBytes(bytes: Buffer, wordBytes: number): void {
  if (wordBytes === 2) bytes.swap16();
  if (wordBytes === 4) bytes.swap32();
  if (wordBytes === 8) bytes.swap64();
}

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
