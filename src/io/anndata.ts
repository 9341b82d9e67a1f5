import type { Dataset, File, Group } from "h5wasm";
import { FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { type NamedArray, openArrayColumns } from "./array-columns.js";
import type { ColumnSource } from "./column-source.js";
import { attribute, isDataset, isGroup, toNamedArray } from "./hdf5.js";

/**
 * The arrays to embed by default, in order of preference: the principal components that scanpy uses for its neighbor
 * search, then the expression matrix.
 */
const PREFERRED = ["obsm/X_pca", "X"];

/** Whether an HDF5 file is a table of cells as anndata writes it. */
export const isAnndata = (root: File): boolean =>
  attribute(root, "encoding-type") === "anndata" || (isGroup(root.get("obs")) && isGroup(root.get("var")));

/**
 * Lists the arrays of an AnnData file with one row per cell: X, `layers/...`, `obsm/...`, and the columns of `obs`. The
 * index of `obs` identifies the cells.
 */
export function anndataColumns(path: string, root: File): ColumnSource {
  const arrays = [
    ...entriesOf(root, "").filter(({ name }) => name === "X"),
    ...entriesOf(root.get("layers"), "layers/"),
    ...entriesOf(root.get("obsm"), "obsm/"),
  ].map(({ name, object }) => toArray(path, name, object));
  return openArrayColumns(path, [...arrays, ...observations(path, root.get("obs"))], PREFERRED);
}

interface Named {
  readonly name: string;
  readonly object: Dataset | Group;
}

function entriesOf(group: unknown, prefix: string): Named[] {
  if (!isGroup(group)) return [];
  return group.keys().flatMap((key) => {
    const object = group.get(key);
    return isDataset(object) || isGroup(object) ? [{ name: prefix + key, object }] : [];
  });
}

function toArray(path: string, name: string, object: Dataset | Group): NamedArray {
  if (isDataset(object)) return toNamedArray(path, name, object);
  const encoding = String(attribute(object, "encoding-type") ?? "a group");
  return encoding === "csr_matrix" || encoding === "csc_matrix"
    ? toSparseArray(path, name, object, encoding)
    : unreadable(name, encoding);
}

const unreadable = (name: string, kind: string): NamedArray => ({
  name,
  shape: [],
  type: undefined,
  kind,
  readRows: async () => new Matrix(new Float64Array(), 0, 0),
  readTexts: async () => [],
});

/** The columns of `obs`: numbers, texts and categories, and its index. */
function observations(path: string, obs: unknown): NamedArray[] {
  if (!isGroup(obs)) {
    if (isDataset(obs)) throw outdated(path);
    return [];
  }
  const index = attribute(obs, "_index");
  return entriesOf(obs, "").flatMap(({ name, object }) => {
    if (name === "__categories") throw outdated(path);
    if (isDataset(object)) return [{ ...toNamedArray(path, name, object), isIndex: name === index }];
    const encoding = String(attribute(object, "encoding-type") ?? "a group");
    return [encoding === "categorical" ? toCategories(name, object) : unreadable(name, encoding)];
  });
}

/** Creates the error for a file of anndata before version 0.7, which stored tables as structured records. */
const outdated = (path: string): FileError =>
  new FileError(
    "FILE_FORMAT",
    path,
    "was written by anndata before version 0.8: expected its newer layout. Read it with a newer anndata, and write it again",
  );

/**
 * Presents a categorical column, which is stored as one code per row and one text or number per code. The code -1 means
 * that the value is missing.
 */
function toCategories(name: string, group: Group): NamedArray {
  const [codes, categories] = [group.get("codes") as Dataset, group.get("categories") as Dataset];
  return {
    name,
    shape: codes.shape ?? [],
    type: "text",
    kind: "categories",
    readRows: async () => new Matrix(new Float64Array(), 0, 0),
    async readTexts() {
      const texts = Array.from(categories.value as ArrayLike<string | number | bigint>, String);
      return Array.from(codes.value as ArrayLike<number>, (code) => texts[code] ?? "");
    },
  };
}

/** A compressed sparse matrix, whose rows are made dense when they are read. */
function toSparseArray(path: string, name: string, group: Group, encoding: string): NamedArray {
  const shape = Array.from((attribute(group, "shape") ?? []) as ArrayLike<number | bigint>, Number);
  const [data, indices] = [group.get("data") as Dataset, group.get("indices") as Dataset];
  const { type } = toNamedArray(path, name, data);
  const offsets = () => Array.from((group.get("indptr") as Dataset).value as ArrayLike<number | bigint>, Number);
  let starts: number[] | undefined;
  return {
    name,
    shape,
    type,
    kind: encoding === "csr_matrix" ? "sparse rows" : "sparse columns",
    async readRows(first, last) {
      starts ??= offsets();
      const [, width] = shape;
      const dense = new (type === "float32" ? Float32Array : Float64Array)((last - first) * width);
      const isByRows = encoding === "csr_matrix";
      const [from, to] = isByRows ? [first, last] : [0, width];
      const values = data.slice([[starts[from], starts[to]]]) as ArrayLike<number | bigint>;
      const positions = indices.slice([[starts[from], starts[to]]]) as ArrayLike<number | bigint>;
      for (let major = from; major < to; major++) {
        for (let k = starts[major] - starts[from]; k < starts[major + 1] - starts[from]; k++) {
          const [row, column] = isByRows ? [major, Number(positions[k])] : [Number(positions[k]), major];
          if (row >= first && row < last) dense[(row - first) * width + column] = Number(values[k]);
        }
      }
      return new Matrix(dense, last - first, width);
    },
    readTexts: async () => [],
  };
}
