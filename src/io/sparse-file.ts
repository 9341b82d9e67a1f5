import type { Dataset, Group } from "h5wasm";
import { damagedFile, FileError } from "../errors.js";
import type { FloatArray } from "../matrix.js";
import { SparseMatrix } from "../sparse-matrix.js";
import { asReadError } from "./file-errors.js";
import { attribute, HDF5_MAGIC, isGroup, openHdf5 } from "./hdf5.js";
import { openFile } from "./input-file.js";
import { listNpzArrays, type NpzArray, npz } from "./npz.js";
import type { OpenFile } from "./open-file.js";

/**
 * Reads a sparse matrix: an archive (.npz) that `scipy.sparse.save_npz` wrote in the formats CSR, CSC or COO, or a
 * named matrix in an AnnData file, such as `cells.h5ad:obsp/distances` or `cells.h5ad:X`.
 *
 * @returns `undefined` if the file holds something else, such as a dense array
 * @throws {FileError} FILE_READ if the file cannot be read, FILE_FORMAT if its arrays do not form a sparse matrix
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function readSparseMatrix(
  path: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<SparseMatrix | undefined> {
  const file = await openFile(path, signal);
  try {
    return await asReadError(path, async () => {
      const { buffer: head, bytesRead } = await file.handle.read(Buffer.alloc(16), 0, 16, 0);
      const beginning = head.subarray(0, bytesRead);
      if (npz.sniff?.(beginning)) return readScipy(file, signal);
      return HDF5_MAGIC.equals(beginning.subarray(0, HDF5_MAGIC.length)) ? readAnndata(file, signal) : undefined;
    });
  } finally {
    await file.handle.close();
  }
}

type Numbers = FloatArray | Int32Array;

/** The arrays of a matrix in compressed or coordinate format. */
interface Stored {
  readonly format: string;
  readonly shape: readonly number[];
  readonly data: FloatArray;
  /** Column numbers in CSR and COO, row numbers in CSC. */
  readonly indices: Numbers;
  /** Start positions in CSR and CSC, row numbers in COO. */
  readonly starts: Numbers;
}

async function readScipy(file: OpenFile, signal: AbortSignal | undefined): Promise<SparseMatrix | undefined> {
  const arrays = await listNpzArrays(file, signal);
  const [format, shape, data] = ["format", "shape", "data"].map((name) => arrays.get(name));
  if (!format || !shape || !data) return undefined;
  const [name = ""] = await format.readTexts();
  const [indices, starts] = name === "coo" ? ["col", "row"] : ["indices", "indptr"];
  const integers = async (array: NpzArray | undefined) => (await array?.readIntegers()) ?? new Int32Array();
  return toRows(file.path, {
    format: name,
    shape: Array.from(await shape.readNumbers()),
    data: await data.readNumbers(),
    indices: await integers(arrays.get(indices)),
    starts: await integers(arrays.get(starts)),
  });
}

async function readAnndata(file: OpenFile, signal: AbortSignal | undefined): Promise<SparseMatrix | undefined> {
  const group = (await openHdf5(file, signal)).get(file.part ?? "X");
  const encoding = isGroup(group) ? String(attribute(group, "encoding-type") ?? "") : "";
  if (!encoding.endsWith("_matrix")) return undefined;
  const numbers = (name: string) => (group as Group).get(name) as Dataset;
  const floats = numbers("data").value as ArrayLike<number>;
  return toRows(file.path, {
    format: encoding.replace(/_matrix$/, ""),
    shape: Array.from((attribute(group as Group, "shape") ?? []) as ArrayLike<number | bigint>, Number),
    data: floats instanceof Float32Array || floats instanceof Float64Array ? floats : Float64Array.from(floats, Number),
    indices: toIntegers(numbers("indices").value),
    starts: toIntegers(numbers("indptr").value),
  });
}

const toIntegers = (value: unknown): Numbers =>
  value instanceof Int32Array ? value : Float64Array.from(value as ArrayLike<number | bigint>, Number);

function toRows(path: string, stored: Stored): SparseMatrix {
  const { format, shape, data, indices, starts } = stored;
  try {
    if (format === "csr") return new SparseMatrix({ indptr: starts, indices, data, shape }, path);
    if (format === "csc") {
      return sortByRow(path, stored, indices, (visit) => {
        for (let column = 0; column < shape[1]; column++) {
          for (let at = starts[column]; at < starts[column + 1]; at++) visit(at, column);
        }
      });
    }
    if (format === "coo") {
      return sortByRow(path, stored, starts, (visit) => {
        for (let at = 0; at < data.length; at++) visit(at, indices[at]);
      });
    }
  } catch (cause) {
    throw damagedFile(path, `holds a sparse matrix that is damaged: ${(cause as Error).message}`, cause);
  }
  const advice = "Save matrix.tocsr()";
  throw new FileError(
    "FILE_FORMAT",
    path,
    `holds a sparse matrix in format ${format}: expected csr, csc or coo. ${advice}`,
  );
}

/** Sorts numbers with given rows by row, with a counting sort. */
function sortByRow(
  path: string,
  { shape, data }: Stored,
  rows: Numbers,
  each: (visit: (at: number, column: number) => void) => void,
): SparseMatrix {
  const [count] = shape;
  const indptr = new Float64Array(count + 1);
  for (const row of rows) {
    if (!(row >= 0 && row < count)) throw new RangeError(`row ${row} of ${count}`);
    indptr[row + 1]++;
  }
  for (let i = 0; i < count; i++) indptr[i + 1] += indptr[i];
  const next = indptr.slice(0, count);
  const sorted = { indices: new Uint32Array(data.length), data: data.slice() };
  each((at, column) => {
    const to = next[rows[at]]++;
    sorted.indices[to] = column;
    sorted.data[to] = data[at];
  });
  return new SparseMatrix({ indptr, ...sorted, shape }, path);
}
