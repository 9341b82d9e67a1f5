import { FileError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { readWithFormat } from "./formats.js";
import { isFolder } from "./table-folder.js";
import { listParts } from "./table-parts.js";

/** The neighbors of n points, in the form that a run takes as `neighbors`. Read by {@link readNeighborTable}. */
export interface NeighborTable {
  /** n x k row numbers. Shorter lists end with -1. */
  indices: Matrix;
  /** n x k. */
  distances: Matrix;
}

/**
 * Reads neighbors that another program has found, such as FAISS or Spark, from a Parquet or Arrow file or a folder of
 * such files. The columns `indices` and `distances` hold two lists for each point: row numbers from 0, and distances.
 * Both lists of a point must have the same length; different points may have lists of different lengths. If the points
 * are not in the order of the data, as a cluster may write them, a column `row` must hold their row numbers.
 *
 * @throws {FileError} FILE_READ if the file cannot be read, FILE_FORMAT if it is not such a table
 * @throws {AbortError} if `options.signal` is aborted
 */
export function readNeighborTable(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<NeighborTable> {
  return readParts(path, options.signal).then((columns) => toNeighbors(path, columns));
}

/** Reads the columns of a file, or of the files of a folder one after the other. */
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
      throw new FileError(
        "FILE_FORMAT",
        path,
        `is ${format.name}: expected a Parquet or Arrow file with columns of lists`,
      );
    }
    return format.readValues(file, { columns: ["indices", "distances", "row"], signal });
  });

/**
 * Converts lists of neighbors to matrices and sorts them by row number.
 *
 * @throws {FileError} FILE_FORMAT for a value that is not a list, for two lists of a point with different lengths, or
 *   if the row numbers are not exactly 0 to n - 1
 */
function toNeighbors(
  path: string,
  columns: ReadonlyMap<string, readonly unknown[]>,
): { indices: Matrix; distances: Matrix } {
  const fail = (reason: string) => new FileError("FILE_FORMAT", path, reason);
  const listsOf = (name: string) => {
    const lists = columns.get(name);
    if (!lists)
      throw fail(`has no column ${JSON.stringify(name)}: expected columns of lists named indices and distances`);
    return lists.map((list, at) => {
      if (Array.isArray(list) || ArrayBuffer.isView(list)) return list as ArrayLike<number | bigint>;
      throw fail(`column ${JSON.stringify(name)} has no list in line ${at}: expected lists of neighbors and distances`);
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
    if (own.length !== far.length)
      throw fail(
        `has ${own.length} indices and ${far.length} distances in line ${at}: expected as many distances as indices`,
      );
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
    if (seen[row]) throw fail(`has two lines for row ${row}: expected one line per row`);
    seen[row] = 1;
    rows[at] = row;
  }
  return rows;
}
