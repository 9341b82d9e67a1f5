import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readMatrix, writeMatrix } from "../../src/io/index.js";
import { encodeScipy } from "../io/scipy-file.js";
import { uniformNumbers } from "../tsne/points.js";
import { Workplace } from "./workplace.js";

const [n, wide, narrow] = [120, 1100, 40];
const quick = ["--iterations", "60", "--perplexity", "10", "--quiet", "--json"];

/** Makes counts of which one in ten is not 0, both as arrays of SciPy's CSR format and as rows. */
function makeCounts(d: number) {
  const uniform = uniformNumbers(d);
  const rows = Array.from({ length: n }, () =>
    Array.from({ length: d }, () => (uniform() < 0.1 ? 1 + Math.floor(9 * uniform()) : 0)),
  );
  const columns = rows.map((row) => row.flatMap((value, j) => (value > 0 ? [j] : [])));
  const starts = [0];
  for (const row of columns) starts.push((starts.at(-1) as number) + row.length);
  const data = rows.flatMap((row) => row.filter((value) => value > 0));
  return { rows, csr: { format: "csr", shape: [n, d], data, indices: columns.flat(), starts } as const };
}

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  for (const [name, d] of [
    ["wide", wide],
    ["narrow", narrow],
  ] as const) {
    const { rows, csr } = makeCounts(d);
    await writeFile(workplace.path(`${name}.npz`), encodeScipy(csr));
    await writeMatrix(workplace.path(`${name}.npy`), rows);
  }
});
afterAll(() => workplace.remove());

it("embeds a narrow sparse matrix like the dense one, also with --log1p and --rows", async () => {
  for (const flags of [[], ["--log1p"], ["--rows", "10:100"], ["--pca", "5"]]) {
    const sparse = await workplace.run(["embed", "narrow.npz", "-o", "sparse.csv", ...flags, ...quick]);
    expect(sparse).toMatchObject({ code: 0, stderr: "" });
    await workplace.run(["embed", "narrow.npy", "-o", "dense.csv", ...flags, ...quick]);
    const [found, expected] = await Promise.all(
      ["sparse.csv", "dense.csv"].map((file) => readMatrix(workplace.path(file))),
    );
    expect(found.shape).toEqual(expected.shape);
    if (!flags.includes("--pca")) expect(found).toEqual(expected);
  }
});

it("reduces a wide sparse matrix to principal components and reports it", async () => {
  const { stdout } = await workplace.run(["embed", "wide.npz", "-o", "wide.csv", ...quick]);
  expect(JSON.parse(stdout)).toMatchObject({
    n,
    input_dimensions: 50,
    columns: expect.stringMatching(/^Data: 1100 sparse columns, \S+ % filled, reduced to 50 principal components\.$/),
  });
});

it.each([
  [["--standardize", "zscore"], "--standardize: cannot be used with sparse data"],
  [["--save", "run.tsne"], "--save: cannot be used with sparse data"],
  [["--pca", "121"], "--pca: expected an integer from 1 to 120"],
  [["--rows", "5:500"], "--rows: expected a range with at least one of the 120 rows"],
])("%j with sparse data is wrong usage", async (flags, message) => {
  const { code, stderr } = await workplace.run(["embed", "wide.npz", "-o", "never.csv", "--quiet", ...flags]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

it("reads the sparse expression of an AnnData file by default, unless the file contains obsm/X_pca", async () => {
  const { default: library } = await import("h5wasm/node");
  await library.ready;
  const { csr, rows } = makeCounts(wide);
  for (const [name, hasComponents] of [
    ["counts.h5ad", false],
    ["components.h5ad", true],
  ] as const) {
    const file = new library.File(workplace.path(name), "w");
    const x = file.create_group("X");
    x.create_attribute("encoding-type", "csr_matrix");
    x.create_attribute("shape", [n, wide]);
    x.create_dataset({ name: "data", data: Float32Array.from(csr.data) });
    x.create_dataset({ name: "indices", data: Int32Array.from(csr.indices) });
    x.create_dataset({ name: "indptr", data: Int32Array.from(csr.starts) });
    const obs = file.create_group("obs");
    obs.create_attribute("_index", "_index");
    obs.create_dataset({ name: "_index", data: rows.map((_, i) => `cell${i}`) });
    file.create_group("var");
    if (hasComponents) {
      const components = rows.flatMap((row) => row.slice(0, 3));
      file.create_group("obsm").create_dataset({
        name: "X_pca",
        data: Float32Array.from(components),
        shape: [n, 3],
      });
    }
    file.close();
  }
  const embed = async (...args: string[]) => {
    const { stdout, stderr } = await workplace.run(["embed", ...args, "-o", "cells.csv", ...quick]);
    expect(stderr).toBe("");
    return JSON.parse(stdout);
  };
  expect((await embed("counts.h5ad")).columns).toMatch(
    /^Data: 1100 sparse columns, \S+ % filled, reduced to 50 principal components\. Identifier: _index\.$/,
  );
  expect(await embed("counts.h5ad", "--standardize", "zscore")).toMatchObject({ input_dimensions: wide });
  expect(await embed("components.h5ad")).toMatchObject({ input_dimensions: 3 });
});

it.each([
  ["evaluate", "narrow.npz", "narrow.npy"],
  ["compare", "narrow.npz", "-o", "compared", "--sigma", "1"],
  ["separate", "narrow.npz", "-o", "even.csv"],
])("are not read as plain numbers by %s", async (...args) => {
  const { code, stderr } = await workplace.run(args);
  expect([code, stderr]).toEqual([1, expect.stringContaining("narrow.npz: holds a sparse matrix of SciPy")]);
});
