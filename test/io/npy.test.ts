import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openRows, readLabels, readMatrix, writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { useFolder } from "./folder.js";

const path = useFolder();

/** Files written by NumPy; see fixtures/make.py. */
const fixture = (name: string): string => join(import.meta.dirname, "fixtures", `${name}.npy`);

const GRID = Array.from({ length: 4 }, (_, i) => [0, 1, 2].map((j) => (3 * i + j) / 8 - 0.5));

type Setter = (view: DataView, at: number, value: number, isLittle: boolean) => void;

/** For each dtype: its size, how a number is written, the type in memory, and numbers at the ends of its range. */
const TYPES: Record<string, { bytes: number; set: Setter; read: "float32" | "float64"; values: fc.Arbitrary<number> }> =
  {
    b1: { bytes: 1, set: (v, at, x) => v.setUint8(at, x), read: "float32", values: fc.integer({ min: 0, max: 1 }) },
    i1: { bytes: 1, set: (v, at, x) => v.setInt8(at, x), read: "float32", values: fc.integer({ min: -128, max: 127 }) },
    u1: { bytes: 1, set: (v, at, x) => v.setUint8(at, x), read: "float32", values: fc.integer({ min: 0, max: 255 }) },
    i2: {
      bytes: 2,
      set: (v, ...to) => v.setInt16(...to),
      read: "float32",
      values: fc.integer({ min: -32768, max: 32767 }),
    },
    u2: {
      bytes: 2,
      set: (v, ...to) => v.setUint16(...to),
      read: "float32",
      values: fc.integer({ min: 0, max: 65535 }),
    },
    i4: { bytes: 4, set: (v, ...to) => v.setInt32(...to), read: "float64", values: fc.integer() },
    u4: {
      bytes: 4,
      set: (v, ...to) => v.setUint32(...to),
      read: "float64",
      values: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    },
    i8: {
      bytes: 8,
      set: (v, at, x, isLittle) => v.setBigInt64(at, BigInt(x), isLittle),
      read: "float64",
      values: fc.maxSafeInteger(),
    },
    u8: {
      bytes: 8,
      set: (v, at, x, isLittle) => v.setBigUint64(at, BigInt(x), isLittle),
      read: "float64",
      values: fc.maxSafeNat(),
    },
    f4: { bytes: 4, set: (v, ...to) => v.setFloat32(...to), read: "float32", values: fc.float() },
    f8: { bytes: 8, set: (v, ...to) => v.setFloat64(...to), read: "float64", values: fc.double() },
  };

function encodeNpy(descr: string, fortranOrder: boolean, shape: readonly number[], values: readonly number[]): Buffer {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const { bytes, set } = TYPES[descr.slice(1)];
  const data = new DataView(new ArrayBuffer(values.length * bytes));
  values.forEach((value, i) => {
    set(data, i * bytes, value, descr[0] !== ">");
  });
  const header = `{'descr': '${descr}', 'fortran_order': ${fortranOrder ? "True" : "False"}, 'shape': (${sizes}), }`;
  return withHeader(header, Buffer.from(data.buffer));
}

/** Encodes a file with any version and any text as its header. */
function withHeader(header: string, data: Buffer = Buffer.alloc(0), version = 1): Buffer {
  const text = Buffer.from(`${header}\n`, version === 3 ? "utf8" : "latin1");
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  return Buffer.concat([Buffer.from("\x93NUMPY", "latin1"), Buffer.from([version, 0]), length, text, data]);
}

async function readBytes(bytes: Uint8Array): Promise<Matrix> {
  await writeFile(path("bytes.npy"), bytes);
  return readMatrix(path("bytes.npy"));
}

const table = (type: keyof typeof TYPES): fc.Arbitrary<{ rows: number; cols: number; values: number[] }> =>
  fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 5 }))
    .chain(([rows, cols]) =>
      fc
        .array(TYPES[type].values, { minLength: rows * cols, maxLength: rows * cols })
        .map((values) => ({ rows, cols, values })),
    );

describe("readMatrix of .npy files", () => {
  for (const type of Object.keys(TYPES)) {
    for (const order of ["<", ">"]) {
      for (const isFortran of [false, true]) {
        it(`reads ${order}${type} in ${isFortran ? "Fortran" : "C"} order, whole and by rows`, async () => {
          await fc.assert(
            fc.asyncProperty(table(type), fc.nat(7), fc.nat(7), async ({ rows, cols, values }, a, b) => {
              const stored = isFortran
                ? values.map((_, k) => values[(k % rows) * cols + Math.floor(k / rows)])
                : values;
              const matrix = await readBytes(encodeNpy(order + type, isFortran, [rows, cols], stored));
              expect(matrix.shape).toEqual([rows, cols]);
              expect(matrix.data).toBeInstanceOf(TYPES[type]?.read === "float32" ? Float32Array : Float64Array);
              expect(Array.from(matrix.data)).toEqual(type.startsWith("f") ? values : values.map((value) => value + 0));
              const [start, end] = [Math.min(a, b, rows), Math.min(Math.max(a, b), rows)];
              const part = await readMatrix(path("bytes.npy"), { rows: [start, end] });
              expect(part).toEqual(matrix.slice(start, end));
            }),
            { numRuns: 20 },
          );
        });
      }
    }
  }

  it("reads what NumPy wrote", async () => {
    for (const name of ["float32", "float64_fortran", "float32_big_endian", "float16", "version_2", "version_3"]) {
      const matrix = await readMatrix(fixture(name));
      expect(matrix.toArrays(), name).toEqual(GRID);
      expect(matrix.data, name).toBeInstanceOf(name.startsWith("float64") ? Float64Array : Float32Array);
    }
    expect((await readMatrix(fixture("uint8"))).toArrays()).toEqual([[0, 128, 255]]);
    expect((await readMatrix(fixture("int64"))).toArrays()).toEqual([[3], [-1], [2 ** 53 - 1]]);
    expect((await readMatrix(fixture("bool"))).toArrays()).toEqual([[1], [0], [1]]);
    expect((await readMatrix(fixture("scalar"))).toArrays()).toEqual([[2.5]]);
    expect((await readMatrix(fixture("empty"))).shape).toEqual([0, 5]);
  });

  it("reads float16 at its edges", async () => {
    const bits = [0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0x7bff, 0x7c00, 0xfc00, 0x7e00];
    const data = Buffer.from(Uint16Array.from(bits).buffer);
    const matrix = await readBytes(withHeader("{'descr': '<f2', 'fortran_order': False, 'shape': (10,)}", data));
    const expected = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, 65504, Infinity, -Infinity, NaN];
    expect(Array.from(matrix.data)).toEqual(expected);
  });

  it("reads more than one chunk with every method of reading", async () => {
    const rows = 300_001;
    const values = Float64Array.from({ length: rows * 3 }, (_, k) => k);
    for (const descr of [">f8", ">i4"]) {
      const whole = await readBytes(encodeNpy(descr, false, [rows, 3], Array.from(values)));
      expect(Buffer.compare(Buffer.from(whole.data.buffer), Buffer.from(values.buffer)), descr).toBe(0);
      const turned = await readBytes(encodeNpy(descr, true, [3, rows], Array.from(values)));
      expect([turned.at(0, 0), turned.at(2, 0), turned.at(1, rows - 1)], descr).toEqual([0, 2, rows * 3 - 2]);
    }
  });

  it("recognizes the format by its content, not by its name", async () => {
    await writeFile(path("misnamed.csv"), await readFile(fixture("float32")));
    expect((await readMatrix(path("misnamed.csv"))).toArrays()).toEqual(GRID);
  });

  it("ignores bytes after the data, as NumPy does", async () => {
    expect((await readBytes(Buffer.concat([await readFile(fixture("float32")), Buffer.alloc(9)]))).toArrays()).toEqual(
      GRID,
    );
  });

  it.each([
    `{"shape": (2, 1), "fortran_order": False, "descr": "<f4"}`,
    `{'fortran_order': False, 'descr': '=f4', 'shape': (2L,), }`,
    `  { 'descr' :'|f4' , 'fortran_order':False,'shape':(2,1,) , }     `,
  ])("reads the header %s", async (header) => {
    for (const version of [1, 2, 3]) {
      const matrix = await readBytes(withHeader(header, Buffer.alloc(8), version));
      expect(matrix.shape).toEqual([2, 1]);
    }
  });

  it.each([
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (2)}`, /integer instead of a tuple/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (,)}`, /size ,/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}`, /size -2/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}`, /size 99999999999999999999/],
    [`{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2, 2)}`, /shape \(2, 2, 2\) in Fortran order/],
    [
      `{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000, 4000000000)}`,
      /cut off: .* found 8\. Copy or download/,
    ],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (9007199254740991, 9007199254740991)}`, /cut off/],
    [`{'descr': '<f4', 'fortran_order': False}`, /must give descr/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': True}`, /must give descr/],
    [`{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}`, /another key/],
    [`{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}`, /0 instead of True or False/],
    [`{'descr': '<f4', 'fortran_order': 'False', 'shape': (2,)}`, /must give descr/],
    [`{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}`, /instead of , or }/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x`, /" x" after its end/],
    [`{'descr': __import__('os'), 'fortran_order': False, 'shape': (2,)}`, /at character 9/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (2,)`, /at character/],
    ["", /at character 0/],
    [`{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}`, /dtype "f16"/],
    [`{'descr': 'constructor', 'fortran_order': False, 'shape': (1,)}`, /dtype "constructor" is unknown/],
  ])("refuses the header %s", async (header, message) => {
    await expect(readBytes(withHeader(header, Buffer.alloc(8)))).rejects.toMatchObject({
      code: "FILE_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  it("flattens the entries of the first axis, as in IDX files", async () => {
    const matrix = await readMatrix(fixture("three_dimensions"));
    expect(matrix.shape).toEqual([2, 12]);
    const rows = await openRows(fixture("three_dimensions"));
    expect((await rows.read([1])).data).toEqual(matrix.row(1));
    await rows.close();
    expect((await readMatrix(fixture("three_dimensions"), { rows: [1, 2] })).data).toEqual(matrix.row(1));
  });

  it.each([
    ["object", /Python objects\. Save the array with a numeric dtype/],
    ["structured", /structured dtype/],
    ["complex", /complex numbers/],
    ["unicode", /strings\. Save numbers with a numeric dtype/],
    ["bytes", /strings\. Save numbers with a numeric dtype/],
    ["dates", /dates/],
    ["int64_inexact", /9007199254740992 at row 1, column 1 is too large/],
  ])("refuses NumPy's %s", async (name, message) => {
    await expect(readMatrix(fixture(name))).rejects.toMatchObject({
      name: "FileError",
      code: "FILE_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  it("rejects a file that is cut off at any position", async () => {
    for (const name of ["float32", "version_2", "float64_fortran", "uint8"]) {
      const whole = await readFile(fixture(name));
      for (let length = 0; length < whole.length; length++) {
        await expect(readBytes(whole.subarray(0, length)), `${name} ${length}`).rejects.toMatchObject({
          code: "FILE_FORMAT",
          message: expect.stringMatching(/cut off|the file is empty/),
        });
      }
    }
  });

  it("rejects other files, unknown versions and giant headers", async () => {
    await expect(readBytes(Buffer.from("1,2\n3,4\n"))).rejects.toThrow(
      /is not a \.npy file: it begins with "1,2\\n3,"/,
    );
    await expect(readBytes(Buffer.from("1,2"))).rejects.toThrow(/it begins with "1,2" instead/);
    const whole = await readFile(fixture("float32"));
    const version = Buffer.from(whole);
    version[6] = 4;
    await expect(readBytes(version)).rejects.toThrow(/version 4\.0 is unknown/);
    const giant = withHeader("{}", Buffer.alloc(0), 2);
    giant.writeUInt32LE(2 ** 32 - 1, 8);
    await expect(readBytes(giant)).rejects.toThrow(/claims 4294967295 bytes/);
  });

  it("returns numbers or a FileError if any byte of the header is changed", async () => {
    const whole = await readFile(fixture("float32"));
    await fc.assert(
      fc.asyncProperty(fc.nat(127), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        const result = await readBytes(changed).catch((error) => error);
        expect(result instanceof Matrix || result.code === "FILE_FORMAT", String(result)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("stops when it is aborted", async () => {
    const signal = AbortSignal.abort();
    await expect(readMatrix(fixture("float32"), { signal })).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("readLabels of .npy files", () => {
  it("reads integers, booleans, whole floats and strings", async () => {
    expect(await readLabels(fixture("int64"))).toEqual(["3", "-1", "9007199254740991"]);
    expect(await readLabels(fixture("bool"))).toEqual(["true", "false", "true"]);
    expect(await readLabels(fixture("unicode"))).toEqual(["cat", "Zürich", "𝒙", ""]);
    expect(await readLabels(fixture("unicode"), { rows: [1, 3] })).toEqual(["Zürich", "𝒙"]);
    expect(await readLabels(fixture("bytes"))).toEqual(["cat", "mouse"]);
    await writeFile(path("labels.npy"), encodeNpy(">f8", true, [3, 1], [2, -0, 7]));
    expect(await readLabels(path("labels.npy"))).toEqual(["2", "0", "7"]);
  });

  it("reads strings of either byte order", async () => {
    const text = Buffer.from("\0\0\0h\0\0\0i", "latin1");
    await writeFile(path("u.npy"), withHeader("{'descr': '>U2', 'fortran_order': False, 'shape': (1, 1)}", text));
    expect(await readLabels(path("u.npy"))).toEqual(["hi"]);
  });

  it.each([
    ["{'descr': '<U0', 'fortran_order': False, 'shape': (9000000000000,)}", /without any characters/],
    ["{'descr': '<U3', 'fortran_order': False, 'shape': (1,)}", /needs 12 bytes of data, found 8/],
    ["{'descr': '<U2', 'fortran_order': False, 'shape': (1,)}", /row 0 is not valid Unicode text/],
    ["{'descr': '|S8', 'fortran_order': False, 'shape': (1,)}", /row 0 is not valid UTF-8 text/],
    [
      "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4)}",
      /shape \(2, 4\): expected \(n,\) or \(n, 1\) for labels/,
    ],
    ["{'descr': '|u1', 'fortran_order': False, 'shape': ()}", /shape \(\)/],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", /has NaN in row 0/],
  ])("refuses %s", async (header, message) => {
    await writeFile(path("bad.npy"), withHeader(header, Buffer.alloc(8, 0xff)));
    await expect(readLabels(path("bad.npy"))).rejects.toMatchObject({
      code: "FILE_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  it("names the row of a label that is not a whole number", async () => {
    await writeFile(path("half.npy"), encodeNpy("<f4", false, [3], [1, 2, 0.5]));
    await expect(readLabels(path("half.npy"), { rows: [1, 3] })).rejects.toThrow(/0\.5 in row 2/);
  });
});

describe("writeMatrix to .npy files", () => {
  it("writes the same bytes as NumPy", async () => {
    await writeMatrix(path("grid.npy"), new Matrix(Float32Array.from(GRID.flat()), 4, 3));
    expect(await readFile(path("grid.npy"))).toEqual(await readFile(fixture("float32")));
  });

  it("keeps type and values, also of a view into a larger array", async () => {
    for (const type of [Float32Array, Float64Array]) {
      const matrix = new Matrix(new type(Array.from({ length: 30 }, (_, k) => Math.sqrt(k) - 2)), 10, 3).slice(2, 7);
      await writeMatrix(path("view.npy"), matrix);
      expect(await readMatrix(path("view.npy"))).toEqual(matrix);
    }
  });
});
