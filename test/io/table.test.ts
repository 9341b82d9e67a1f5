import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { RecordBatchStreamWriter, tableFromIPC, vectorFromArray } from "apache-arrow";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { SigmaTsneError } from "../../src/errors.js";
import {
  readLabels,
  readMatrix,
  readTable,
  type Table,
  type TableColumn,
  type TableLike,
  writeMatrix,
  writeTable,
} from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { useFolder } from "./folder.js";

const path = useFolder();
const BINARY = [".arrow", ".feather", ".arrows", ".parquet"];
const ALL = [...BINARY, ".csv", ".tsv"];

/** Converts columns to plain objects, which are compared by value and type. */
const plain = (table: Table) => [...table].map(([name, column]) => [name, column.constructor.name, values(column)]);

const values = (column: TableColumn) => Array.from<number | string>(column);

async function roundTrip(name: string, table: TableLike): Promise<Table> {
  await writeTable(path(name), table);
  return readTable(path(name));
}

const mixed = new Map<string, Float32Array | Float64Array | Int32Array | string[]>([
  ["x", Float32Array.of(0.1, -2, Number.NaN)],
  ["2", Float64Array.of(1e300, Number.NaN, -0.1)],
  ["1", Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1)],
  ["label", ["a, b", 'say "ü"', ""]],
]);

describe("tables", () => {
  it.each(BINARY)("keep names, order, types and missing values in %s", async (extension) => {
    expect(plain(await roundTrip(`mixed${extension}`, mixed))).toEqual(plain(mixed));
  });

  it.each([".csv", ".tsv"])("keep names, order and values in %s", async (extension) => {
    const table = await roundTrip(`mixed${extension}`, mixed);
    expect([...table].map(([name, column]) => [name, values(column)])).toEqual([
      ["x", [0.1, -2, Number.NaN]],
      ["2", [1e300, Number.NaN, -0.1]],
      ["1", [-(2 ** 31), 0, 2 ** 31 - 1]],
      ["label", ["a, b", 'say "ü"', ""]],
    ]);
    expect(table.get("1")).toBeInstanceOf(Int32Array);
  });

  it.each(ALL)("have no row, one row, or more than a batch of them in %s", async (extension) => {
    for (const n of [0, 1, BINARY.includes(extension) ? 150_000 : 9000]) {
      const id = Int32Array.from({ length: n }, (_, i) => i);
      const name = Array.from(id, (i) => `name ${i % 7}`);
      const half = Float32Array.from(id, (i) => (i === n - 10 ? Number.NaN : i / 2));
      const table = await roundTrip(`rows${extension}`, { id, half, name });
      expect(table.get("id")?.length).toBe(n);
      // Compare the values in a loop, because expect() takes seconds for arrays of this length.
      for (const [column, written] of Object.entries({ id, half, name })) {
        if (n === 0 && column === "name") continue;
        const read = table.get(column) ?? [];
        expect(read, column).toHaveLength(n);
        expect(
          written.findIndex((value, i) => !Object.is(read[i], value)),
          column,
        ).toBe(-1);
      }
    }
  });

  it.each(ALL)("are read by column and row in %s", async (extension) => {
    const isBinary = BINARY.includes(extension);
    const rows = Int32Array.from({ length: isBinary ? 140_000 : 9000 }, (_, i) => i);
    const start = isBinary ? 131_070 : 8190;
    await writeTable(path(`part${extension}`), { a: rows, b: rows.map((i) => -i) });
    const part = await readTable(path(`part${extension}`), { columns: ["b"], rows: [start, start + 4] });
    expect(plain(part)).toEqual([["b", "Int32Array", [0, 1, 2, 3].map((i) => -start - i)]]);
    await expect(readTable(path(`part${extension}`), { rows: [0, 140_001] })).rejects.toMatchObject({
      code: "OUT_OF_RANGE",
    });
    await expect(readTable(path(`part${extension}`), { columns: ["c"] })).rejects.toMatchObject({
      code: "FILE_FORMAT",
      message: expect.stringMatching(/has no column "c"; it has a, b$/),
    });
  });

  it("keep every possible float, integer and text", async () => {
    const row = fc.record({
      f: fc.float(),
      d: fc.double(),
      i: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      s: fc.string({ unit: "grapheme" }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
        const table = new Map<string, Float32Array | Float64Array | Int32Array | string[]>([
          ["f", Float32Array.from(rows, ({ f }) => f)],
          ["d", Float64Array.from(rows, ({ d }) => d)],
          ["i", Int32Array.from(rows, ({ i }) => i)],
          ["s", rows.map(({ s }) => s)],
        ]);
        for (const extension of BINARY) {
          expect(plain(await roundTrip(`any${extension}`, table))).toEqual(plain(table));
        }
      }),
      { numRuns: 25 },
    );
  });

  it("of Arrow are read by Arrow's own library with the same values, and null for NaN", async () => {
    await writeTable(path("own.arrow"), mixed);
    const table = tableFromIPC(await readFile(path("own.arrow")));
    expect(table.schema.fields.map(({ name, type, nullable }) => [name, String(type), nullable])).toEqual([
      ["x", "Float32", true],
      ["2", "Float64", true],
      ["1", "Int32", false],
      ["label", "Utf8", false],
    ]);
    expect([...(table.getChild("2") ?? [])]).toEqual([1e300, null, -0.1]);
  });

  it("of other programs are read with wide integers and booleans as numbers, and dictionaries as texts", async () => {
    const columns = {
      wide: vectorFromArray([1n, null, 2n ** 40n]),
      yes: vectorFromArray([true, false, null]),
      word: vectorFromArray(["a", "b", "a"]),
    };
    const { Table: ArrowTable } = await import("apache-arrow");
    const bytes = await RecordBatchStreamWriter.writeAll(new ArrowTable(columns)).toUint8Array();
    await writeFile(path("other.arrows"), bytes);
    expect(plain(await readTable(path("other.arrows")))).toEqual([
      ["wide", "Float64Array", [1, Number.NaN, 2 ** 40]],
      ["yes", "Float64Array", [1, 0, Number.NaN]],
      ["word", "Array", ["a", "b", "a"]],
    ]);
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: "wide", data: [1n, null, 2n ** 40n], type: "INT64" },
        { name: "small", data: [1n, 2n, -3n], type: "INT64" },
        { name: "yes", data: [true, false, true], type: "BOOLEAN" },
        { name: "word", data: ["a", null, "c"], type: "STRING" },
        { name: "when", data: [new Date(0), new Date(1), new Date(2)], type: "TIMESTAMP" },
      ],
    });
    await writeFile(path("other.parquet"), new Uint8Array(buffer));
    const wanted = { columns: ["word", "wide", "small", "yes"] };
    expect(plain(await readTable(path("other.parquet"), wanted))).toEqual([
      ["wide", "Float64Array", [1, Number.NaN, 2 ** 40]],
      ["small", "Int32Array", [1, 2, -3]],
      ["yes", "Int32Array", [1, 0, 1]],
      ["word", "Array", ["a", "", "c"]],
    ]);
    await expect(readTable(path("other.parquet"))).rejects.toThrow(/column "when" is TIMESTAMP/);
    const large = parquetWriteBuffer({ columnData: [{ name: "id", data: [2n ** 60n], type: "INT64" }] });
    await writeFile(path("large.parquet"), new Uint8Array(large));
    expect(plain(await readTable(path("large.parquet")))).toEqual([["id", "Array", ["1152921504606846976"]]]);
  });

  it.each(BINARY)("can also be read as matrices and labels in %s", async (extension) => {
    const file = path(`map${extension}`);
    await writeTable(file, { x: Float32Array.of(1, 2), y: Float32Array.of(3, 4), label: ["a", "b"] });
    expect(await readMatrix(file)).toEqual(new Matrix(Float32Array.of(1, 3, 2, 4), 2, 2));
    expect(await readMatrix(file, { rows: [1, 2] })).toEqual(new Matrix(Float32Array.of(2, 4), 1, 2));
    expect(await readLabels(file)).toEqual(["a", "b"]);
    const matrix = new Matrix(Float64Array.of(1, 2, 3, 4), 2, 2);
    await writeMatrix(file, matrix);
    expect(await readMatrix(file)).toEqual(matrix);
    await expect(readLabels(file)).rejects.toThrow("has 2 columns but none of them is named label");
    await writeTable(file, { class: Int32Array.of(7, 8), other: ["", ""] });
    expect(await readLabels(file)).toEqual(["7", "8"]);
    await expect(readMatrix(file)).rejects.toThrow("holds no data: expected columns or arrays of numbers");
  });

  it("distinguish names from numbers in text", async () => {
    await writeFile(path("inferred.csv"), "id,zip,price,none,word\n1,007,1.5,,a\n2,008,NA,,3\n3000000000,1,-1e3,,\n");
    expect(plain(await readTable(path("inferred.csv")))).toEqual([
      ["id", "Float64Array", [1, 2, 3e9]],
      ["zip", "Array", ["007", "008", "1"]],
      ["price", "Float64Array", [1.5, Number.NaN, -1000]],
      ["none", "Float64Array", [Number.NaN, Number.NaN, Number.NaN]],
      ["word", "Array", ["a", "3", ""]],
    ]);
    await writeFile(path("twice.csv"), "a,a\n1,2\n");
    await expect(readTable(path("twice.csv"))).rejects.toThrow('has two columns named "a"');
    await writeFile(path("ragged.csv"), "a,b\n1\n");
    await expect(readTable(path("ragged.csv"))).rejects.toThrow("line 2 has 1 field, but the first line has 2");
  });

  it("of wrong types are rejected before any file is written", async () => {
    const bad = async (table: unknown, code: string, message: string | RegExp) =>
      expect(writeTable(path("bad.parquet"), table as TableLike)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    await bad(undefined, "INVALID_ARGUMENT", "columns by name");
    await bad([[1, 2]], "INVALID_ARGUMENT", "columns by name");
    await bad({}, "INVALID_ARGUMENT", "at least one column");
    await bad({ x: [1, 2] }, "INVALID_ARGUMENT", 'table column "x": expected a Float32Array');
    await bad({ x: new BigInt64Array(2) }, "INVALID_ARGUMENT", 'table column "x"');
    await bad(new Map([[1, ["a"]]]), "INVALID_ARGUMENT", "names of columns that are texts");
    // biome-ignore lint/suspicious/noSparseArray: what is refused
    await bad({ x: ["a", , "b"] }, "INVALID_ARGUMENT", 'table column "x"');
    await bad({ x: ["a"], y: ["b", "c"] }, "SHAPE_MISMATCH", "1 values, as many as column .x. has");
    await expect(writeTable(path("bad.npy"), { x: ["a"] })).rejects.toMatchObject({ code: "FILE_WRITE" });
    await expect(writeTable("", { x: ["a"] })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(readFile(path("bad.parquet"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it.each(ALL)("leave no file if writing %s is stopped", async (extension) => {
    const x = new Float64Array(20_000);
    await expect(writeTable(path(`stopped${extension}`), { x }, { signal: AbortSignal.abort() })).rejects.toMatchObject(
      { code: "ABORTED" },
    );
    expect((await readdir(dirname(path("x")))).filter((name) => /stopped|tmp$/.test(name))).toEqual([]);
    await writeTable(path(`whole${extension}`), { x });
    await expect(readTable(path(`whole${extension}`), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });

  it.each(BINARY)(
    "that are cut off in %s are rejected, and so is damaged Parquet unless it can be read",
    async (extension) => {
      const file = path(`damaged${extension}`);
      await writeTable(file, mixed);
      const whole = await readFile(file);
      const read = async (bytes: Uint8Array): Promise<Table | undefined> => {
        await writeFile(file, bytes);
        try {
          return await readTable(file);
        } catch (error) {
          expect(error).toBeInstanceOf(SigmaTsneError);
          return undefined;
        }
      };
      for (let length = 1; length < whole.length; length += 23) {
        const table = await read(whole.subarray(0, length));
        // A stream may end after any message, so a shorter stream can be valid.
        if (extension !== ".arrows") expect(table).toBeUndefined();
      }
      for (let at = 0; extension === ".parquet" && at < whole.length; at += 11) {
        const damaged = Buffer.from(whole);
        damaged[at] = damaged[at] ^ 0xff;
        await read(damaged);
      }
    },
  );
});
