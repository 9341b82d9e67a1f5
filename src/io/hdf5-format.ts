import type { File, Group } from "h5wasm";
import { FileError } from "../errors.js";
import { anndataColumns, isAnndata } from "./anndata.js";
import { type NamedArray, openArrayColumns } from "./array-columns.js";
import { columnFormat } from "./column-format.js";
import type { ColumnSource, OpenColumnsOptions } from "./column-source.js";
import type { Format } from "./format.js";
import { attribute, HDF5_MAGIC, isDataset, isGroup, openHdf5, toNamedArray } from "./hdf5.js";
import type { OpenFile } from "./open-file.js";

/** HDF5 files: AnnData (.h5ad), MATLAB 7.3, and any other whose datasets are arrays. */
export const hdf5: Format = {
  name: "HDF5",
  extensions: [".h5ad", ".h5", ".hdf5"],
  sniff: isHdf5,
  ...columnFormat(openColumns),
};

/** Whether a file has the HDF5 signature at its beginning, or after the 512 bytes that MATLAB 7.3 writes before it. */
function isHdf5(head: Uint8Array): boolean {
  return [0, 512].some((at) => HDF5_MAGIC.equals(head.subarray(at, at + HDF5_MAGIC.length)));
}

async function openColumns(file: OpenFile, { signal }: OpenColumnsOptions): Promise<ColumnSource> {
  const root = await openHdf5(file, signal);
  if (isAnndata(root)) return anndataColumns(file.path, root);
  const arrays = [...listDatasets(file.path, root, "")];
  if (arrays.length > 0) return openArrayColumns(file.path, arrays);
  throw new FileError("FILE_FORMAT", file.path, "is an HDF5 file without datasets: expected arrays of numbers");
}

/**
 * Lists all datasets by their paths. MATLAB stores matrices transposed; the attribute MATLAB_class identifies its
 * datasets.
 */
function* listDatasets(path: string, group: Group | File, prefix: string): Generator<NamedArray> {
  for (const key of group.keys()) {
    // These groups hold references between MATLAB objects.
    if (key.startsWith("#")) continue;
    const object = group.get(key);
    const name = prefix + key;
    if (isGroup(object)) yield* listDatasets(path, object, `${name}/`);
    if (isDataset(object)) yield toNamedArray(path, name, object, attribute(object, "MATLAB_class") !== undefined);
  }
}
