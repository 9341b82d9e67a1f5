import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMatlabArray } from "../../src/io/index.js";
import { useFolder } from "./folder.js";

const path = useFolder();

/** Files written by SciPy; see fixtures/make_matlab.py. */
const fixture = (name: string): string => join(import.meta.dirname, "fixtures", `${name}.mat`);

const failure = (message: RegExp) => ({
  name: "FileError",
  code: "FILE_FORMAT",
  message: expect.stringMatching(message),
});

/** Makes a matrix in column-major order. */
const columns = (rows: number, cols: number, value: (i: number) => number) =>
  Array.from({ length: rows * cols }, (_, at) => value((at % rows) * cols + Math.floor(at / rows)));

interface Parts {
  classNumber?: number;
  type?: number;
  shape?: number[];
  data?: Buffer;
  flags?: number;
}

/** Encodes a file with one array named x, in either byte order. */
function encode(isLittle: boolean, parts: Parts, pack?: (element: Buffer) => Buffer): Buffer {
  const words = (...values: number[]) => {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, i) => {
      if (isLittle) bytes.writeUInt32LE(value, 4 * i);
      else bytes.writeUInt32BE(value, 4 * i);
    });
    return bytes;
  };
  const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
  const { classNumber = 9, type = 2, shape = [1, 3], data = Buffer.from([1, 2, 3]), flags = 0 } = parts;
  const body = Buffer.concat([
    words(6, 8, (flags << 8) | classNumber, 0),
    pad(Buffer.concat([words(5, 4 * shape.length), words(...shape)])),
    words((1 << 16) | 1),
    Buffer.from("x\0\0\0"),
    pad(Buffer.concat([words(type, data.length), data])),
  ]);
  const header = Buffer.alloc(128, " ");
  header.write("MATLAB 5.0 MAT-file");
  header.set(isLittle ? [0, 1, 0x49, 0x4d] : [1, 0, 0x4d, 0x49], 124);
  const element = Buffer.concat([words(14, body.length), body]);
  if (!pack) return Buffer.concat([header, element]);
  const packed = pack(element);
  return Buffer.concat([header, words(15, packed.length), packed]);
}

async function read(bytes: Uint8Array, name?: string) {
  await writeFile(path("file.mat"), bytes);
  return readMatlabArray(path("file.mat"), name);
}

describe("readMatlabArray", () => {
  it.each(["plain", "compressed"])("reads every numeric class of a %s file", async (file) => {
    const facts = async (name: string) => {
      const { data, ...rest } = await readMatlabArray(fixture(file), name);
      return { ...rest, type: data.constructor.name, data: Array.from(data) };
    };
    const expected: [string, string, number[], string, number[]][] = [
      ["grid", "double", [4, 3], "Float64Array", columns(4, 3, (i) => i / 8 - 0.5)],
      ["bytes", "uint8", [2, 3], "Float32Array", columns(2, 3, (i) => i)],
      ["singles", "single", [1, 2], "Float32Array", [Math.fround(0.1), -2.5]],
      ["large", "int64", [1, 2], "Float64Array", [2 ** 40, -(2 ** 52)]],
      ["flags", "uint8", [1, 2], "Float32Array", [1, 0]],
      ["one", "uint8", [1, 1], "Float32Array", [7]],
      ["nothing", "double", [0, 3], "Float64Array", []],
    ];
    for (const [name, className, shape, type, data] of expected) {
      expect(await facts(name)).toEqual({ name, className, shape, type, data });
    }
    const volume = await facts("volume");
    expect(volume.shape).toEqual([2, 3, 4]);
    // The entry with the index (1, 2, 3) of 2 x 3 x 4 numbers: 23 in NumPy's numbering, from which 12 is subtracted.
    expect(volume.data[1 + 2 * 2 + 3 * 6]).toBe(11);
  });

  it.each(["plain", "compressed"])("rejects arrays without real numbers in a %s file", async (file) => {
    await expect(readMatlabArray(fixture(file), "text")).rejects.toMatchObject(failure(/"text" is a character array/));
    await expect(readMatlabArray(fixture(file), "cells")).rejects.toMatchObject(failure(/"cells" is a cell array/));
    await expect(readMatlabArray(fixture(file), "record")).rejects.toMatchObject(failure(/"record" is a struct/));
    await expect(readMatlabArray(fixture(file), "complex")).rejects.toMatchObject(failure(/complex/));
    await expect(readMatlabArray(fixture(file), "inexact")).rejects.toMatchObject(failure(/exact only below 2\^53/));
  });

  it("needs no name if only one array is numeric, and otherwise lists the variables", async () => {
    expect((await readMatlabArray(fixture("single"))).name).toBe("ff");
    for (const name of [undefined, "missing"]) {
      await expect(readMatlabArray(fixture("plain"), name)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        argument: "name",
        accepted: expect.stringMatching(/holds grid \(4 x 3 double\), bytes \(2 x 3 uint8\)/),
      });
    }
  });

  it("reads both byte orders, and numbers stored in a smaller type than their class", async () => {
    for (const isLittle of [true, false]) {
      expect(Array.from((await read(encode(isLittle, {}))).data)).toEqual([1, 2, 3]);
      const shorts = Buffer.from(isLittle ? [1, 0, 0, 1] : [0, 1, 1, 0]);
      const { data, className } = await read(
        encode(isLittle, { classNumber: 6, type: 4, shape: [2, 1], data: shorts }),
      );
      expect([className, ...data]).toEqual(["double", 1, 256]);
      expect(Array.from((await read(encode(isLittle, {}, deflateSync))).data)).toEqual([1, 2, 3]);
    }
  });

  it.each<[string, () => Buffer, RegExp]>([
    [
      "MATLAB 7.3",
      () => Buffer.from("MATLAB 7.3 MAT-file, Platform: GLNXA64".padEnd(600)),
      /7\.3 file \(HDF5\)\. Save it with -v7/,
    ],
    ["HDF5", () => Buffer.from("\x89HDF\r\n\x1a\n".padEnd(600), "latin1"), /HDF5/],
    ["another file", () => Buffer.from("label,value\n".repeat(40)), /not a MATLAB 5 file/],
    ["a short file", () => Buffer.from("MATLAB 5.0"), /not a MATLAB 5 file/],
    ["an empty file", () => Buffer.alloc(0), /not a MATLAB 5 file/],
    ["an array that is cut off", () => encode(true, {}).subarray(0, -8), /is cut off/],
    ["a tag that is cut off", () => Buffer.concat([encode(true, {}), Buffer.alloc(3)]), /cut off: 3 bytes/],
    ["numbers that do not fill the shape", () => encode(true, { shape: [2, 3] }), /3 bytes for 2 x 3 numbers/],
    ["a shape beyond all files", () => encode(true, { shape: [2 ** 30, 2 ** 30] }), /which no file can hold/],
    [
      "a compressed array of a billion numbers",
      () => encode(true, { shape: [2 ** 15, 2 ** 15] }, deflateSync),
      /in \d+ compressed bytes/,
    ],
    ["a number type that is unknown", () => encode(true, { type: 77 }), /unknown type 77/],
    ["damaged compressed data", () => encode(true, {}, () => Buffer.alloc(40, 1)), /cannot be decompressed/],
    [
      "more compressed data than the header states",
      () => encode(true, { data: Buffer.alloc(5000) }, deflateSync),
      /cannot be decompressed|5000 bytes for/,
    ],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(read(bytes(), "x")).rejects.toMatchObject(failure(message));
  });

  it("refuses version 4", async () => {
    await expect(readMatlabArray(fixture("version_4"))).rejects.toMatchObject(failure(/may be a MATLAB 4 file/));
  });

  it("returns numbers or an intentional error for any damaged file", async () => {
    for (const file of ["plain", "compressed"]) {
      const whole = await readFile(fixture(file));
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, byte, end) => {
          const damaged = Buffer.from(whole);
          damaged[at] = byte;
          const cut = end % 3 === 0 ? damaged.subarray(0, end) : damaged;
          await read(cut, "volume").catch((error) => expect(["FileError", "ArgumentError"]).toContain(error.name));
        }),
        { numRuns: 200 },
      );
    }
  });

  it("stops when its signal is aborted", async () => {
    const options = { signal: AbortSignal.abort() };
    await expect(readMatlabArray(fixture("plain"), "grid", options)).rejects.toMatchObject({ code: "ABORTED" });
  });
});
