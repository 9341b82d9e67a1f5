import { FileError } from "../errors.js";
import { Matrix } from "../matrix.js";

/**
 * Lists of neighbors as matrices, in the order of the rows.
 *
 * @throws {FileError} FILE_FORMAT for what is no list of each, lists of two lengths, or rows that are not all the rows from 0 on
 */
export function toNeighbors(
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
