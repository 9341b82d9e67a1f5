import { FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { readWithFormat } from "./formats.js";
import { isFolder } from "./table-folder.js";
import { listParts } from "./table-parts.js";

/** Neighbors of n points as {@link readNeighborTable} finds them, to be given as `neighbors` to a run. */
export interface NeighborTable {
  /** n x k row numbers; -1 where a list is shorter than the longest. */
  indices: Matrix;
  /** n x k. */
  distances: Matrix;
}

/**
 * Reads neighbors that were found elsewhere, by FAISS or Spark, from a Parquet or Arrow file, or a folder of them, with the columns `indices` and `distances`,
 * a list of each for every point: row numbers from 0, and distances. The lists of a point are of one length, those of different points
 * need not be. Where points are not in the order of the data, as a cluster writes them, a column `row` holds their row numbers.
 *
 * @throws {FileError} FILE_READ where the file cannot be read, FILE_FORMAT where it is no such table
 * @throws {AbortError} if `options.signal` is aborted
 */
export function readNeighborTable(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<NeighborTable> {
  return readParts(path, options.signal).then((columns) => toNeighbors(path, columns));
}

/** The columns of a file, or of the files of a folder one after the other. */
async function readParts(
  path: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  if (!(await isFolder(path))) return readColumns(path, signal);
  const { parts } = await listParts(path);
  const tables: Map<string, unknown[]>[] = [];
  for (const part of parts) tables.push(await readColumns(part.path, signal));
  const names = [...tables[0].keys()];
  const odd = tables.findIndex((table) => [...table.keys()].join() !== names.join());
  if (odd >= 0) {
    const found = [...tables[odd].keys()].join(", ") || "none of them";
    const reason = `has the columns ${found}: expected ${names.join(", ")}, as in the files before it`;
    throw new FileError("FILE_FORMAT", parts[odd].path, reason);
  }
  return new Map(names.map((name) => [name, tables.flatMap((table) => table.get(name) as unknown[])]));
}

const readColumns = (path: string, signal: AbortSignal | undefined): Promise<Map<string, unknown[]>> =>
  readWithFormat(path, { signal }, async (format, file) => {
    if (!format.readValues) {
      throw new FileError("FILE_FORMAT", path, `is ${format.name}; columns of lists are read from Parquet and Arrow`);
    }
    return format.readValues(file, { columns: ["indices", "distances", "row"], signal });
  });

/**
 * Lists of neighbors as matrices, in the order of the rows.
 *
 * @throws {FileError} FILE_FORMAT for what is no list of each, lists of two lengths, or rows that are not all the rows from 0 on
 */
function toNeighbors(
  path: string,
  columns: ReadonlyMap<string, readonly unknown[]>,
): { indices: Matrix; distances: Matrix } {
  const fail = (reason: string) => new FileError("FILE_FORMAT", path, reason);
  const listsOf = (name: string) => {
    const lists = columns.get(name);
    if (!lists) throw fail(`has no column ${JSON.stringify(name)}; lists named indices and distances are needed`);
    return lists.map((list, at) => {
      if (Array.isArray(list) || ArrayBuffer.isView(list)) return list as ArrayLike<number | bigint>;
      throw fail(`column ${JSON.stringify(name)} holds no list in line ${at}`);
    });
  };
  const [indices, distances] = [listsOf("indices"), listsOf("distances")];
  const n = indices.length;
  const rows = rowsOf(columns.get("row"), n, fail);
  const k = indices.reduce((most, list) => Math.max(most, list.length), 0);
  const numbers = new Float64Array(n * k).fill(-1);
  const lengths = new Float64Array(n * k);
  for (let at = 0; at < n; at++) {
    const [own, far] = [indices[at], distances[at]];
    if (own.length !== far.length) throw fail(`has ${own.length} indices and ${far.length} distances in line ${at}`);
    for (let j = 0; j < own.length; j++) {
      numbers[rows[at] * k + j] = Number(own[j] ?? Number.NaN);
      lengths[rows[at] * k + j] = Number(far[j] ?? Number.NaN);
    }
  }
  return { indices: new Matrix(numbers, n, k), distances: new Matrix(lengths, n, k) };
}

function rowsOf(given: readonly unknown[] | undefined, n: number, fail: (reason: string) => FileError): Uint32Array {
  const rows = Uint32Array.from({ length: n }, (_, at) => at);
  if (!given) return rows;
  const seen = new Uint8Array(n);
  for (const [at, value] of given.entries()) {
    const row = Number(value ?? Number.NaN);
    if (!(Number.isInteger(row) && row >= 0 && row < n))
      throw fail(`has row ${value} in line ${at}, expected 0 to ${n - 1}`);
    if (seen[row]) throw fail(`has row ${row} twice`);
    seen[row] = 1;
    rows[at] = row;
  }
  return rows;
}
