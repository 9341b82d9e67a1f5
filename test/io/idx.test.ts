import { readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openArrayFile, readLabels, readMatrix } from "../../src/io/index.js";
import { useFolder } from "./folder.js";

const path = useFolder();

/** Returns the bytes of an IDX file. */
function encodeIdx(type: number, shape: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, type, shape.length]);
  shape.forEach((size, axis) => {
    header.writeUInt32BE(size, 4 + 4 * axis);
  });
  return Buffer.concat([header, data]);
}

async function file(name: string, bytes: Uint8Array): Promise<string> {
  await writeFile(path(name), bytes);
  return path(name);
}

async function readAll(name: string, rows: number[]): Promise<number[]> {
  const array = await openArrayFile(path(name));
  try {
    return Array.from(await array.read(rows));
  } finally {
    await array.close();
  }
}

const failure = (message: RegExp) => ({
  name: "FileError",
  code: "FILE_FORMAT",
  message: expect.stringMatching(message),
});

describe("openArrayFile", () => {
  it("reads rows of plain and compressed IDX files, in any order", async () => {
    const bytes = encodeIdx(
      8,
      [4, 2, 3],
      Uint8Array.from({ length: 24 }, (_, i) => i),
    );
    await file("plain", bytes);
    await file("compressed", gzipSync(bytes));
    for (const name of ["plain", "compressed"]) {
      const array = await openArrayFile(path(name));
      expect(array).toMatchObject({ shape: [4, 2, 3], dtype: "u1" });
      expect(Array.from(await array.read([3, 0, 0]))).toEqual([
        18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5,
      ]);
      expect(await array.read([])).toHaveLength(0);
      await expect(array.read([4])).rejects.toMatchObject({ argument: "rows[0]", code: "OUT_OF_RANGE" });
      await expect(array.read([0, 0.5])).rejects.toMatchObject({ argument: "rows[1]", code: "OUT_OF_RANGE" });
      await array.close();
    }
  });

  it.each<[string, number, number, (view: DataView, at: number, value: number) => void]>([
    ["int8", 9, 1, (view, at, value) => view.setInt8(at, value)],
    ["int16", 11, 2, (view, at, value) => view.setInt16(at, value)],
    ["int32", 12, 4, (view, at, value) => view.setInt32(at, value)],
    ["float32", 13, 4, (view, at, value) => view.setFloat32(at, value)],
    ["float64", 14, 8, (view, at, value) => view.setFloat64(at, value)],
  ])("reads %s", async (name, type, size, set) => {
    const view = new DataView(new ArrayBuffer(3 * size));
    [-5, 0, 100].forEach((value, i) => {
      set(view, i * size, value);
    });
    await file(name, encodeIdx(type, [3], new Uint8Array(view.buffer)));
    expect(await readAll(name, [0, 1, 2])).toEqual([-5, 0, 100]);
  });

  it("reads any rows like a simple reader that reads one at a time", async () => {
    const values = Uint8Array.from({ length: 7 * 50 }, (_, i) => (i * 37) % 256);
    await file("random", encodeIdx(8, [50, 7], values));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(49), { maxLength: 80 }), async (rows) => {
        const expected = rows.flatMap((row) => Array.from(values.subarray(row * 7, row * 7 + 7)));
        expect(await readAll("random", rows)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it("reads images of .npy files without reading the rest", async () => {
    const header = "{'descr': '>u2', 'fortran_order': False, 'shape': (3, 1, 2), }".padEnd(117).concat("\n");
    const npy = Buffer.concat([
      Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"),
      Buffer.from(header),
      Buffer.from([0, 1, 0, 2, 1, 0, 2, 0, 255, 255, 0, 0]),
    ]);
    await file("images.npy", npy);
    expect(await readAll("images.npy", [2, 1])).toEqual([65535, 0, 256, 512]);
  });

  it("opens an empty array, and rejects single numbers and column-major arrays", async () => {
    await file("none", encodeIdx(8, [0, 28, 28], Buffer.alloc(0)));
    expect(await readAll("none", [])).toEqual([]);
    const fixture = (name: string) => `${import.meta.dirname}/fixtures/${name}.npy`;
    await expect(openArrayFile(fixture("scalar"))).rejects.toMatchObject(failure(/contains a single number/));
    await expect(openArrayFile(fixture("float64_fortran"))).rejects.toMatchObject(failure(/Fortran order/));
    await expect(openArrayFile(fixture("complex"))).rejects.toMatchObject(failure(/complex numbers/));
  });

  const images = encodeIdx(8, [2, 2, 2], Buffer.alloc(8));
  const packed = gzipSync(
    Buffer.concat([images.subarray(0, 16), Buffer.from(Array.from({ length: 8 }, (_, i) => i * 31))]),
  );
  it.each<[string, Uint8Array, RegExp]>([
    [
      "a file that is cut off",
      images.subarray(0, 20),
      /describes 2 x 2 x 2 numbers: expected 24 bytes, found 20\. Copy or download the file again/,
    ],
    ["a file that is too long", Buffer.concat([images, Buffer.from("x")]), /found 25/],
    ["a header that is cut off", images.subarray(0, 10), /header is cut off after 10 bytes/],
    ["sizes without any data", encodeIdx(8, [2 ** 31, 2 ** 31], Buffer.alloc(8)), /found 20$|more than any file/],
    [
      "sizes too large for any number",
      encodeIdx(14, [2 ** 32 - 1, 2 ** 32 - 1, 9], Buffer.alloc(8)),
      /more than any file can hold/,
    ],
    ["rows without numbers", encodeIdx(8, [2 ** 31, 0], Buffer.alloc(0)), /empty rows/],
    ["too many dimensions", encodeIdx(8, new Array(9).fill(1), Buffer.alloc(1)), /9 dimensions: expected at most 8/],
    ["no dimensions", Buffer.from([0, 0, 8, 0, 1, 1]), /neither a \.npy file nor an IDX file/],
    ["another magic", Buffer.from("GIF89a.........."), /neither a \.npy file nor an IDX file/],
    ["one byte", Buffer.from([0]), /neither/],
    ["an empty file", Buffer.alloc(0), /neither/],
    ["compressed data that end early", packed.subarray(0, packed.length - 12), /compressed data end too early/],
    [
      "compressed data with an error",
      Buffer.concat([packed.subarray(0, 10), Buffer.alloc(30, 0xff)]),
      /cannot be decompressed/,
    ],
    ["a compressed text", gzipSync("label\n1\n"), /is neither a \.npy file nor an IDX file/],
    ["more compressed data than the header states", gzipSync(Buffer.concat([images, Buffer.alloc(1)])), /found 25/],
    ["less compressed data than the header states", gzipSync(images.subarray(0, 20)), /found 20/],
    [
      "a compressed file whose header claims a terabyte",
      gzipSync(encodeIdx(8, [2 ** 20, 2 ** 20], Buffer.alloc(9))),
      /found 21/,
    ],
  ])("refuses %s", async (name, bytes, message) => {
    await expect(openArrayFile(await file(name, bytes))).rejects.toMatchObject(failure(message));
  });

  it("returns numbers or a FileError for any damaged file", async () => {
    const whole = gzipSync(encodeIdx(8, [5, 2], Buffer.from("0123456789")));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        await file("damaged", damaged);
        await readAll("damaged", [0]).catch((error) => expect(["FileError", "ArgumentError"]).toContain(error.name));
      }),
      { numRuns: 200 },
    );
  });

  it("reports an invalid path, and stops when its signal is aborted", async () => {
    await expect(openArrayFile(path("missing"))).rejects.toMatchObject({ code: "FILE_READ" });
    await expect(openArrayFile(path("."))).rejects.toMatchObject({
      code: "FILE_READ",
      message: expect.stringMatching(/is a folder: expected a file/),
    });
    await file("stopped", gzipSync(images));
    await expect(openArrayFile(path("stopped"), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });
});

describe("readMatrix and readLabels of IDX files", () => {
  it("flattens images into rows, and reads ranges of them", async () => {
    const values = Uint8Array.from({ length: 24 }, (_, i) => i);
    await file("matrix.gz", gzipSync(encodeIdx(8, [4, 2, 3], values)));
    const matrix = await readMatrix(path("matrix.gz"), { rows: [1, 3] });
    expect(matrix.shape).toEqual([2, 6]);
    expect(Array.from(matrix.data)).toEqual(Array.from(values.subarray(6, 18)));
    await expect(readMatrix(path("matrix.gz"), { rows: [1, 5] })).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
  });

  it("reads labels, and refuses images as labels", async () => {
    await file("labels", encodeIdx(8, [4], Uint8Array.of(7, 2, 1, 0)));
    expect(await readLabels(path("labels"))).toEqual(["7", "2", "1", "0"]);
    expect(await readLabels(path("labels"), { rows: [1, 2] })).toEqual(["2"]);
    await file("no-labels", encodeIdx(8, [2, 2], Buffer.alloc(4)));
    await expect(readLabels(path("no-labels"))).rejects.toMatchObject(
      failure(/labels, which are integers in one dimension/),
    );
  });

  it("does not treat every file that begins with zeros as IDX", async () => {
    await file("zeros.csv", Buffer.from("0,0\n1,2\n"));
    expect((await readMatrix(path("zeros.csv"))).shape).toEqual([2, 2]);
    expect(await readFile(path("zeros.csv"), "utf8")).toHaveLength(8);
  });
});
