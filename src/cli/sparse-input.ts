import { ArgumentError, DataError } from "../errors.js";
import { openDatasetRows, type RowFacts, readEmbedding, readSparseMatrix, sliceFacts } from "../io/index.js";
import { SparseMatrix } from "../sparse-matrix.js";
import { toDenseData } from "../tsne/index.js";
import { datasetOptions } from "./dataset-flags.js";
import type { EmbedFlags } from "./embed-flags.js";
import { type Inputs, readPointLabels, resolveRows } from "./inputs.js";

const NO_FACTS: RowFacts = { identifier: undefined, labels: new Map(), metadata: new Map() };

const ANNDATA = /\.h5ad(:.+)?$/i;

/**
 * Reads the sparse matrix that a path names: an archive, an array of an AnnData file, or the default data of an AnnData
 * file.
 */
async function readSparse(path: string, flags: EmbedFlags, signal: AbortSignal): Promise<SparseMatrix | undefined> {
  if (/\.npz$/i.test(path) || /\.h5ad:.+/i.test(path)) return readSparseMatrix(path, { signal });
  // If no array is named, flags that need dense data make the file be read as dense data.
  if (!ANNDATA.test(path) || denseFlag(flags) !== undefined) return undefined;
  const dataset = await openDatasetRows(path, { ...datasetOptions(flags), signal });
  await dataset.close();
  return readSparseMatrix(`${path}:${dataset.roles.data[0]}`, { signal });
}

/**
 * Reads sparse data and converts them to dense data. Data with many columns are reduced to principal components
 * instead, without a dense copy of all columns.
 *
 * @returns `undefined` if the file holds something else
 * @throws {ArgumentError} INVALID_ARGUMENT for flags that sparse data do not support
 */
export async function readInputsOfSparse(
  path: string,
  flags: EmbedFlags,
  initPath: string | undefined,
  signal: AbortSignal,
): Promise<Inputs | undefined> {
  const whole = await readSparse(path, flags, signal);
  if (!whole) return undefined;
  rejectFlags(flags);
  const [start, end] = flags.rows ? resolveRows(flags.rows, whole.rows, path) : [0, whole.rows];
  const cut = flags.rows ? whole.slice(start, end) : whole;
  const sparse = flags.log1p ? logOfStored(cut) : cut;
  const { pca, seed, threads } = flags;
  const { data, components } = await toDenseData(sparse, pca, { seed, threads, signal });
  const { facts, roles } = await readFacts(path, flags, [start, end], signal);
  const typed = flags.labels === undefined ? undefined : await readPointLabels(flags.labels, whole.rows, signal);
  const labels = typed?.slice(start, end);
  const init = initPath === undefined ? undefined : await readEmbedding(initPath, { signal });
  const [first] = facts.labels.values();
  return {
    data,
    sigma: undefined,
    init: init?.rows === whole.rows ? init.slice(start, end) : init,
    embedding: undefined,
    preparation: undefined,
    labels: labels ?? (first && [...first]),
    points: { rows: data.rows, kept: undefined, facts, labels },
    report: `${describeSparse(sparse, components)}${roles}`,
    notes: [],
  };
}

function describeSparse({ rows, cols, stored }: SparseMatrix, components: number | undefined): string {
  const filled = `${((100 * stored) / (rows * cols)).toPrecision(2)} % filled`;
  const reduced = components === undefined ? "" : `, reduced to ${components} principal components`;
  return `Data: ${cols} sparse columns, ${filled}${reduced}.`;
}

/** Returns the first given flag that supports only dense data, with its value. */
function denseFlag(flags: EmbedFlags): readonly [flag: string, value: unknown] | undefined {
  const { sigma, missing, standardize, columns, exclude, landmarks, save } = flags;
  const others = {
    "--sigma": sigma,
    "--missing": missing,
    "--standardize": standardize,
    "--columns": columns,
    "--exclude": exclude,
    "--landmarks": landmarks,
    "--save": save,
  };
  return Object.entries(others).find(([, value]) => value !== undefined);
}

/** @throws {ArgumentError} INVALID_ARGUMENT */
function rejectFlags(flags: EmbedFlags): void {
  const found = denseFlag(flags);
  if (!found) return;
  const [argument, received] = found;
  const accepted =
    "to be left out with sparse data (to use it, make the data dense first, or save their principal components)";
  throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
}

/** Computes log(1 + x) of the stored numbers. Entries that are not stored stay 0. */
function logOfStored(matrix: SparseMatrix): SparseMatrix {
  const negative = matrix.data.findIndex((value) => value < 0);
  if (negative >= 0) {
    const row = matrix.indptr.findLastIndex((position) => position <= negative);
    const facts = { argument: "data", received: matrix.data[negative], accepted: "counts of 0 or more for log1p" };
    throw new DataError("OUT_OF_RANGE", { ...facts, row, column: matrix.indices[negative] });
  }
  const { indptr, indices, shape } = matrix;
  return new SparseMatrix({ indptr, indices, data: matrix.data.map(Math.log1p), shape });
}

/**
 * Reads labels and identifiers of the cells of an AnnData file, with their report. A SciPy archive has no labels and
 * identifiers.
 */
async function readFacts(
  path: string,
  flags: EmbedFlags,
  [start, end]: readonly [number, number],
  signal: AbortSignal,
): Promise<{ facts: RowFacts; roles: string }> {
  if (!ANNDATA.test(path)) return { facts: NO_FACTS, roles: "" };
  const dataset = await openDatasetRows(path, { ...datasetOptions(flags), signal });
  try {
    const roles = dataset.report.replace(/^Data: lists of numbers \(.*?\)\.(?= |$)/, "");
    return { facts: sliceFacts(await dataset.readFacts(), start, end), roles };
  } finally {
    await dataset.close();
  }
}
