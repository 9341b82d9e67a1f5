import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { readDataset, readTable, writeAnndataEmbedding, writeTable } from "../../../src/io/index.js";
import { useFolder } from "../folder.js";

const path = useFolder();
const run = promisify(execFile);
const here = import.meta.dirname;
const python = inject("python");

/**
 * For each column: its name, its type in the notation of the program, and its values, with null for a missing value.
 */
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

beforeAll(() => run(python, [join(here, "read.py"), "--write", dirname(path("x"))]));

describe("NumPy, SciPy, anndata and pandas", () => {
  const means = Float64Array.from({ length: 36 }, (_, i) => i / 4);
  const words = Array.from({ length: 12 }, (_, i) => ["a", "b", "ü"][i % 3]);

  it.each(["stored.npz", "deflated.npz", "plain.mat", "compressed.mat"])(
    "write %s with standard deviations",
    async (name) => {
      const { means: found, sigma, labels } = await readDataset(path(name));
      expect(Float64Array.from(found.data)).toEqual(means);
      expect(sigma?.data).toEqual(new Float64Array(36).fill(0.5));
      const codes = words.map((_, i) => String(i % 3));
      expect(labels.get("labels")).toEqual(name.endsWith(".mat") ? codes : words);
    },
  );

  it.each(["dense", "csr", "csc", "pca"])("write %s.h5ad with names of the cells", async (name) => {
    const { means: found, identifier, labels, roles } = await readDataset(path(`${name}.h5ad`));
    expect(Float64Array.from(found.data)).toEqual(means);
    expect(identifier?.values).toEqual(words.map((_, i) => `cell${i}`));
    expect(labels.get("label")).toEqual(words);
    expect(roles.data).toEqual([name === "pca" ? "obsm/X_pca" : "X"]);
  });

  it.each(["lines.jsonl", "array.json.gz", "table.csv.gz", "utf16.csv"])("write %s", async (name) => {
    const { means: found, labels } = await readDataset(path(name));
    expect([found.data, labels.get("label")]).toEqual([means, words]);
  });

  it("write a folder for each value of a column", async () => {
    const { means: found, labels } = await readDataset(path("partitioned"));
    const rows = labels.get("label")?.map((label, i) => [label, ...found.row(i)]) ?? [];
    const expected = words.map((label, i) => [label, ...means.slice(3 * i, 3 * i + 3)]);
    expect(rows.sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual(expected);
  });

  it("read the embedding in a copy", async () => {
    const positions = words.map((_, i) => [i, -i]);
    await writeAnndataEmbedding(path("embedded.h5ad"), path("csr.h5ad"), positions);
    expect(await readWithOthers(path("embedded.h5ad"))).toEqual({ anndata: [["X_tsne", "float32", positions]] });
  });
});

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
