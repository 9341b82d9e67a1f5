import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, it } from "vitest";
import { readTable, writeTable } from "../../../src/io/index.js";
import { useFolder } from "../folder.js";

const path = useFolder();
const run = promisify(execFile);
const here = import.meta.dirname;
const python = inject("python");

/** Name, type as that program calls it, and values with null for what is missing. */
type Found = Record<string, [string, string, (number | string | null)[]][]>;

async function readWithOthers(file: string): Promise<Found> {
  const { stdout } = await run(python, [join(here, "read.py"), file], { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout);
}

const n = 140_000;
const rows = Int32Array.from({ length: n }, (_, i) => i);
const table = {
  x: Float32Array.from(rows, (i) => (i === 7 ? Number.NaN : i / 2)),
  y: Float64Array.from(rows, (i) => i + 0.1),
  id: rows,
  label: Array.from(rows, (i) => ["a", "b, c", 'ü "d"'][i % 3]),
};
const expected = Object.entries(table).map(([name, column]) => [
  name,
  Array.from<number | string, number | string | null>(column, (value) => (Number.isNaN(value) ? null : value)),
]);

describe("pandas, DuckDB and pyarrow", () => {
  it.each([".parquet", ".arrow", ".feather", ".arrows", ".csv"])("read %s", async (extension) => {
    const file = path(`table${extension}`);
    const isText = extension === ".csv";
    const count = 9;
    await writeTable(file, {
      x: table.x.slice(0, count),
      y: table.y.slice(0, count),
      id: table.id.slice(0, count),
      label: table.label.slice(0, count),
    });
    const few = expected.map(([name, column]) => [name, column?.slice(0, count)]);
    for (const [program, columns] of Object.entries(await readWithOthers(file))) {
      expect([program, columns.map(([name, , values]) => [name, values])]).toEqual([program, few]);
      const types = columns.map(([, type]) => type);
      if (program === "pyarrow") expect(types).toEqual(["float", "double", "int32", "string"]);
      if (program === "pandas" && !isText) expect(types).toEqual(["float32", "float64", "int32", "object"]);
      if (program === "duckdb" && !isText) expect(types).toEqual(["FLOAT", "DOUBLE", "INTEGER", "VARCHAR"]);
    }
  });

  it.each([".parquet", ".arrow", ".arrows", ".csv"])("read no rows of %s", async (extension) => {
    const file = path(`empty${extension}`);
    await writeTable(file, { x: new Float32Array(), id: new Int32Array(), label: [] });
    for (const [program, columns] of Object.entries(await readWithOthers(file))) {
      const found = columns.map(([name, , values]) => [name, values]);
      const names = ["x", "id", "label"].map((name) => [name, []]);
      expect([program, found]).toEqual([program, names]);
    }
  });

  it.each([".parquet", ".arrow"])("read several batches of %s", async (extension) => {
    const file = path(`many${extension}`);
    await writeTable(file, { id: rows });
    const { duckdb, pyarrow } = await readWithOthers(file);
    expect(pyarrow).toEqual([["id", "int32", Array.from(rows)]]);
    expect(duckdb).toEqual([["id", "INTEGER", Array.from(rows)]]);
  });

  it("write tables that are read here", async () => {
    const folder = dirname(path("x"));
    await run(python, [join(here, "read.py"), "--write", folder]);
    const codecs = ["snappy", "gzip", "zstd", "lz4", "brotli", "none"].map((codec) => `${codec}.parquet`);
    for (const name of ["pandas.feather", "zstd.feather", "plain.feather", "stream.arrows", ...codecs]) {
      const found = await readTable(path(name));
      expect([name, [...found.keys()]]).toEqual([name, ["x", "n", "small", "yes", "word", "kind"]]);
      expect(found.get("x")).toEqual(Float64Array.of(0.5, Number.NaN, 2));
      expect(found.get("n")).toEqual(Float64Array.of(1, 2, 2 ** 40));
      expect(found.get("small")).toEqual(Int32Array.of(1, 2, 3));
      expect(found.get("yes")).toEqual(Int32Array.of(1, 0, 1));
      expect(found.get("word")).toEqual(["a", "ü", ""]);
      expect(found.get("kind")).toEqual(["u", "v", "u"]);
    }
    const many = Int32Array.from({ length: 200_000 }, (_, i) => Math.floor(i / 100));
    expect((await readTable(path("many.feather"))).get("i")).toEqual(many);
    const duckdb = await readTable(path("duckdb.parquet"));
    expect([...duckdb]).toEqual([
      ["x", Float32Array.of(1.5)],
      ["word", ["a"]],
      ["n", Int32Array.of(7)],
    ]);
  });
});
