import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import type { Dataset, File, Group } from "h5wasm";
import { FileError } from "../errors.js";
import { type MatrixLike, toMatrix } from "../matrix.js";
import { isAnndata } from "./anndata.js";
import { type WriteOptions, writeFileAtomic } from "./atomic-write.js";
import { asReadError } from "./file-errors.js";
import { attribute, isDataset, isGroup, openHdf5Path } from "./hdf5.js";
import { splitPart } from "./input-file.js";

/** The key under which scanpy stores a t-SNE embedding. */
const KEY = "X_tsne";

export const isAnndataPath = (path: string): boolean => extname(splitPart(path).file).toLowerCase() === ".h5ad";

/**
 * Writes a copy of an AnnData file with an embedding in `obsm["X_tsne"]`, where scanpy expects it. An existing file is
 * replaced atomically, as {@link writeFileAtomic} does.
 *
 * @param source the AnnData file (.h5ad) of the data
 * @param embedding one row per cell; NaN for cells without a position
 * @throws {FileError} FILE_READ or FILE_FORMAT if `source` is not an AnnData file with as many cells, FILE_WRITE if the
 *   copy cannot be written
 */
export async function writeAnndataEmbedding(
  path: string,
  source: string,
  embedding: MatrixLike,
  options: WriteOptions = {},
): Promise<void> {
  const matrix = toMatrix(embedding, "embedding");
  const { file } = splitPart(source);
  const copy = join(tmpdir(), `sigma-tsne-${randomUUID()}.h5ad`);
  try {
    await asReadError(file, () => copyFile(file, copy));
    const root = await openHdf5Path(file, copy, "a");
    try {
      if (!isAnndata(root))
        throw new FileError("FILE_FORMAT", file, "is not an AnnData file: expected groups obs and var");
      requireCells(file, root, matrix.rows);
      let obsm = root.get("obsm");
      if (!isGroup(obsm)) {
        obsm = root.create_group("obsm");
        obsm.create_attribute("encoding-type", "dict");
        obsm.create_attribute("encoding-version", "0.1.0");
      }
      putArray(file, obsm as Group, Float32Array.from(matrix.data), matrix.shape);
    } finally {
      root.close();
    }
    await writeFileAtomic(path, createReadStream(copy), options);
  } finally {
    await rm(copy, { force: true });
  }
}

/** @throws {FileError} FILE_FORMAT if the file does not have `rows` cells */
function requireCells(path: string, root: File, rows: number): void {
  const obs = root.get("obs") as Group;
  const index = obs.get(String(attribute(obs, "_index") ?? "_index"));
  const cells = isDataset(index) ? index.shape?.[0] : rows;
  if (cells === rows) return;
  throw new FileError("FILE_FORMAT", path, `holds ${cells} cells: expected as many as positions, ${rows}`);
}

function putArray(path: string, obsm: Group, data: Float32Array, shape: readonly [number, number]): void {
  const old = obsm.keys().includes(KEY) ? obsm.get(KEY) : undefined;
  if (old !== undefined) {
    replace(path, old, data, shape);
    return;
  }
  obsm.create_dataset({ name: KEY, data, shape: [...shape] });
  const written = obsm.get(KEY) as Dataset;
  written.create_attribute("encoding-type", "array");
  written.create_attribute("encoding-version", "0.2.0");
}

/**
 * Overwrites the numbers of an existing embedding. The HDF5 library cannot remove an existing embedding of another
 * shape.
 */
function replace(path: string, old: unknown, data: Float32Array, shape: readonly [number, number]): void {
  const isSame = isDataset(old) && old.shape?.join() === shape.join() && old.metadata.type === 1;
  if (!isSame) {
    const reason = `already has an array obsm/${KEY} of another shape or type: expected no such array, or ${shape.join(" x ")} numbers. Remove it with del adata.obsm["${KEY}"]`;
    throw new FileError("FILE_FORMAT", path, reason);
  }
  old.write_slice([[], []], old.metadata.size === 4 ? data : Float64Array.from(data));
}
