import { readFile, writeFile } from "node:fs/promises";
import h5wasm, { type Group } from "h5wasm/node";
import { beforeAll, describe, expect, it } from "vitest";
import { openDatasetRows, readDataset, readMatrix, writeAnndataEmbedding } from "../../src/io/index.js";
import { useFolder } from "./folder.js";

const path = useFolder();
const failure = (message: RegExp) => ({ code: "FILE_FORMAT", message: expect.stringMatching(message) });

const N = 6;
const PCA = Float32Array.from({ length: N * 3 }, (_, i) => i / 2);
const CELLS = Array.from({ length: N }, (_, i) => `cell${i}`);
const COUNTS = [
  [0, 2, 0, 1],
  [0, 0, 0, 0],
  [3, 0, 0, 0],
  [0, 0, 4, 0],
  [5, 6, 7, 8],
  [0, 0, 0, 9],
];

function encode(group: Group, name: string, data: Float32Array | Int32Array | string[], shape = [data.length]): void {
  group.create_dataset({ name, data, shape });
}

/** Writes a sparse matrix as anndata does, in compressed rows or columns. */
function encodeSparse(group: Group, name: string, encoding: "csr_matrix" | "csc_matrix"): void {
  const dense = encoding === "csr_matrix" ? COUNTS : COUNTS[0].map((_, j) => COUNTS.map((row) => row[j]));
  const filled = dense.map((row) => row.flatMap((value, j) => (value === 0 ? [] : [{ value, j }])));
  const sparse = group.create_group(name);
  sparse.create_attribute("encoding-type", encoding);
  sparse.create_attribute("shape", Int32Array.of(N, 4));
  encode(
    sparse,
    "data",
    Float32Array.from(filled.flat(), ({ value }) => value),
  );
  encode(
    sparse,
    "indices",
    Int32Array.from(filled.flat(), ({ j }) => j),
  );
  const starts = [0, ...filled.map((_, i) => filled.slice(0, i + 1).flat().length)];
  encode(sparse, "indptr", Int32Array.from(starts));
}

/** Writes an AnnData file as anndata does. */
function writeAnndata(name: string, options: { readonly hasPca?: boolean } = {}): string {
  const file = new h5wasm.File(path(name), "w");
  file.create_attribute("encoding-type", "anndata");
  const obs = file.create_group("obs");
  obs.create_attribute("_index", "_index");
  encode(obs, "_index", CELLS);
  encode(
    obs,
    "n_counts",
    Float32Array.from(COUNTS, (row) => row.reduce((a, b) => a + b)),
  );
  const leiden = obs.create_group("leiden");
  leiden.create_attribute("encoding-type", "categorical");
  encode(leiden, "categories", ["B", "T"]);
  leiden.create_dataset({ name: "codes", data: Int8Array.of(0, 1, 0, -1, 1, 0), shape: [N] });
  file.create_group("var");
  encodeSparse(file, "X", "csr_matrix");
  encodeSparse(file.create_group("layers"), "columns", "csc_matrix");
  if (options.hasPca) encode(file.create_group("obsm"), "X_pca", PCA, [N, 3]);
  file.close();
  return path(name);
}

beforeAll(() => h5wasm.ready);

describe("an AnnData file", () => {
  it("is read with its principal components, the columns of obs and the names of the cells", async () => {
    const dataset = await readDataset(writeAnndata("pca.h5ad", { hasPca: true }), { keep: ["n_counts"] });
    expect(Array.from(dataset.means.data)).toEqual(Array.from(PCA));
    expect(dataset.identifier).toEqual({ name: "index", values: CELLS });
    expect([...dataset.labels]).toEqual([["leiden", ["B", "T", "B", "", "T", "B"]]]);
    expect(Array.from(dataset.metadata.get("n_counts") as Float32Array)).toEqual([3, 0, 3, 4, 26, 9]);
    expect(dataset.report).toBe(
      "Data: lists of numbers (obsm/X_pca). Identifier: _index. Labels: leiden. Kept: n_counts. Not used: X (sparse rows, 6 x 4), layers/columns (sparse columns, 6 x 4).",
    );
  });

  it.each(["X", "layers/columns", "columns"])("returns the sparse matrix %s as a dense one", async (layer) => {
    const file = writeAnndata("sparse.h5ad");
    const { means } = await readDataset(`${file}:${layer}`);
    expect(Array.from({ length: N }, (_, i) => [...means.row(i)])).toEqual(COUNTS);
    const rows = await openDatasetRows(file, { column: layer });
    expect(Array.from((await rows.means.read([2, 4])).data)).toEqual([...COUNTS[2], ...COUNTS[4]]);
    await rows.close();
  });

  it("is copied with an embedding, without changing the original", async () => {
    const source = writeAnndata("source.h5ad");
    const before = await readFile(source);
    const embedding = Array.from({ length: N }, (_, i) => [i, -i]);
    await writeAnndataEmbedding(path("copy.h5ad"), `${source}:X`, embedding);
    expect((await readMatrix(`${path("copy.h5ad")}:X_tsne`)).at(5, 1)).toBe(-5);
    await writeAnndataEmbedding(path("again.h5ad"), path("copy.h5ad"), embedding.slice().reverse());
    expect((await readMatrix(`${path("again.h5ad")}:obsm/X_tsne`)).at(5, 1)).toBe(-0);
    expect((await readDataset(path("again.h5ad"))).identifier?.values).toEqual(CELLS);
    expect(await readFile(source)).toEqual(before);
    await expect(
      writeAnndataEmbedding(
        path("wide.h5ad"),
        path("copy.h5ad"),
        embedding.map((row) => [...row, 0]),
      ),
    ).rejects.toMatchObject(failure(/obsm\/X_tsne of another shape.* del adata/));
    await expect(writeAnndataEmbedding(path("few.h5ad"), source, embedding.slice(1))).rejects.toMatchObject(
      failure(/holds 6 cells: expected as many as positions, 5/),
    );
  });

  it("is rejected if it is cut off", async () => {
    const whole = await readFile(writeAnndata("whole.h5ad"));
    await writeFile(path("cut.h5ad"), whole.subarray(0, whole.length - 2000));
    await expect(readDataset(path("cut.h5ad"))).rejects.toMatchObject(failure(/is cut off or damaged/));
  });
});

describe("other HDF5 files", () => {
  it("contain datasets, which are read by their paths", async () => {
    const file = new h5wasm.File(path("plain.h5"), "w");
    encode(
      file,
      "y",
      Int32Array.from({ length: N }, (_, i) => i % 2),
    );
    encode(file.create_group("encoder"), "means", PCA, [N, 3]);
    encode(file.create_group("decoder"), "weights", PCA, [2, 9]);
    file.close();
    const { means, labels } = await readDataset(`${path("plain.h5")}:means`);
    expect([means.shape, labels.get("y")]).toEqual([
      [N, 3],
      ["0", "1", "0", "1", "0", "1"],
    ]);
    await expect(readDataset(path("plain.h5"))).rejects.toMatchObject(failure(/"decoder\/weights", "encoder\/means"/));
  });

  it("of MATLAB 7.3 have their axes in the order of MATLAB", async () => {
    const file = new h5wasm.File(path("matlab.h5"), "w");
    const turned = Float32Array.from({ length: N * 3 }, (_, k) => PCA[(k % N) * 3 + Math.floor(k / N)]);
    file.create_dataset({ name: "X", data: turned, shape: [3, N] }).create_attribute("MATLAB_class", "single");
    file.close();
    expect(Array.from((await readMatrix(path("matlab.h5"))).data)).toEqual(Array.from(PCA));
  });
});
