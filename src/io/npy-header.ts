import { damagedFile, describe, FileError } from "../errors.js";
import type { OpenFile } from "./open-file.js";

/** The content of the header of a .npy file. */
export interface NpyHeader {
  /** Byte order in NumPy's notation: "|" if it does not apply, "=" for the byte order of this machine. */
  readonly order: "<" | ">" | "|" | "=";
  /** Kind and size of the values: "f4", "U10". */
  readonly dtype: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Position of the data in bytes. */
  readonly offset: number;
}

export const MAGIC = Buffer.from("\x93NUMPY", "latin1");

/** NumPy's own headers have about a hundred bytes. Only structured types need more, and they are not supported. */
const MAX_HEADER_BYTES = 2 ** 20;

/**
 * Reads and checks the header of a .npy file of version 1.0, 2.0 or 3.0
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 *
 * @throws {FileError} FILE_FORMAT
 */
export async function readNpyHeader(file: OpenFile): Promise<NpyHeader> {
  const fail = (reason: string): never => {
    throw new FileError("FILE_FORMAT", file.path, reason);
  };
  const failDamaged = (reason: string): never => {
    throw damagedFile(file.path, reason);
  };
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(length), 0, length, offset);
    return bytesRead === length ? buffer : failDamaged(`the .npy header is cut off after ${offset + bytesRead} bytes`);
  };
  const { buffer: begin, bytesRead } = await file.handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
  const found = begin.subarray(0, bytesRead);
  if (!MAGIC.equals(found)) {
    if (MAGIC.subarray(0, bytesRead).equals(found)) failDamaged(`the .npy header is cut off after ${bytesRead} bytes`);
    fail(
      `is not a .npy file: it begins with ${describe(found.toString("latin1"))} instead of "\\x93NUMPY". Save the array with np.save`,
    );
  }
  const [major = 0, minor = 0] = await read(6, 2);
  if (!(major >= 1 && major <= 3 && minor === 0)) {
    fail(`.npy version ${major}.${minor} is unknown: expected 1.0, 2.0 or 3.0. Save the array with np.save`);
  }
  const start = major === 1 ? 10 : 12;
  const length = (await read(8, start - 8)).readUIntLE(0, start - 8);
  if (length > MAX_HEADER_BYTES)
    failDamaged(`the .npy header claims ${length} bytes: expected at most ${MAX_HEADER_BYTES}`);
  const text = (await read(start, length)).toString(major === 3 ? "utf8" : "latin1");
  return { ...parseHeader(text, fail, failDamaged), offset: start + length };
}

type Fail = (reason: string) => never;

const TOKEN = /\s*(?:([{}()[\],:])|('[^'\\]*'|"[^"\\]*")|(-?\d+)L?|(True|False))/y;

/** The header is a Python literal: a dictionary of a string, a boolean and a tuple of integers. */
function parseHeader(text: string, fail: Fail, failDamaged: Fail): Omit<NpyHeader, "offset"> {
  const end = text.trimEnd().length;
  let at = 0;
  const next = (): string => {
    TOKEN.lastIndex = at;
    const [token, mark, string, integer, word] = TOKEN.exec(text) ?? [];
    if (token === undefined)
      return failDamaged(`the .npy header has ${describe(text.slice(at, at + 20))} at character ${at}`);
    at += token.length;
    return mark ?? string ?? integer ?? word;
  };
  const expect = (token: string, ...expected: string[]): string =>
    expected.includes(token) ? token : failDamaged(`the .npy header has ${token} instead of ${expected.join(" or ")}`);

  const tuple = (): number[] => {
    const sizes: number[] = [];
    for (let token = next(); token !== ")"; token = next()) {
      const size = Number(token);
      if (!Number.isSafeInteger(size) || size < 0) failDamaged(`the shape in the .npy header has the size ${token}`);
      sizes.push(size);
      if (expect(next(), ",", ")") === ",") continue;
      // In Python, (5,) is a tuple and (5) is the integer 5.
      if (sizes.length === 1) failDamaged("the shape in the .npy header is an integer instead of a tuple");
      break;
    }
    return sizes;
  };

  const values = new Map<string, string | boolean | number[]>();
  expect(next(), "{");
  for (let token = next(); token !== "}"; ) {
    const key = token.slice(1, -1);
    if (!/^['"]/.test(token) || values.has(key)) failDamaged(`the .npy header has ${token} instead of another key`);
    expect(next(), ":");
    const value = next();
    if (value === "[")
      fail(
        "has a structured dtype (records of named fields): expected numbers. Save each field as an array of its own",
      );
    if (value === "(") values.set(key, tuple());
    else if (/^['"]/.test(value)) values.set(key, value.slice(1, -1));
    else values.set(key, expect(value, "True", "False") === "True");
    if (expect(next(), ",", "}") === "}") break;
    token = next();
  }
  if (at !== end) failDamaged(`the .npy header has ${describe(text.slice(at, end))} after its end`);

  const descr = values.get("descr");
  const fortranOrder = values.get("fortran_order");
  const shape = values.get("shape");
  if (typeof descr !== "string" || typeof fortranOrder !== "boolean" || !Array.isArray(shape) || values.size !== 3) {
    return failDamaged(
      `the .npy header must give descr, a string, fortran_order, True or False, and shape, a tuple of sizes >= 0, and nothing else`,
    );
  }
  const [, order = "=", dtype] = /^([<>|=]?)([a-zA-Z?]\d*(?:\[\w+\])?)$/.exec(descr) ?? [];
  if (dtype === undefined)
    return fail(
      `dtype ${describe(descr)} is unknown: expected numbers, booleans or texts. Convert the array with astype`,
    );
  return { order: (order || "=") as NpyHeader["order"], dtype, fortranOrder, shape };
}
