import { reject, requireInteger } from "../arguments.js";
import type { Matrix } from "../matrix.js";
import { type PcaOptions, pca } from "../pca/index.js";
import { type SparseMatrix, type SparseMatrixLike, toSparseMatrix } from "../sparse-matrix.js";
import type { TsneOptions } from "./options.js";

/**
 * Sparse data of up to this many columns are compared as they are: dense, they take 4 bytes for each number in the core. Above it, distances
 * cost more than the search is worth, and data are reduced to principal components.
 */
export const MOST_SPARSE_COLUMNS = 1000;

/** Principal components that wide sparse data are reduced to by default. */
const DEFAULT_COMPONENTS = 50;

/** Sparse data as a run can use them. */
export interface DenseData {
  readonly data: Matrix;
  /** Principal components that the data were reduced to; `undefined` where they are as they were. */
  readonly components: number | undefined;
  readonly warnings: readonly string[];
}

/**
 * Makes sparse data dense: as they are for up to 1000 columns, and otherwise, or where `components` ask for it, by their principal
 * components, for which they stay sparse.
 *
 * @param components as the option `pca` of a run: `undefined` for 50 of more than 1000 columns
 * @throws {ArgumentError} for `false` where there are more than 1000 columns
 */
export async function toDenseData(
  sparse: SparseMatrixLike,
  components: TsneOptions["pca"],
  options: PcaOptions,
): Promise<DenseData> {
  const matrix = toSparseMatrix(sparse);
  const isWide = matrix.cols > MOST_SPARSE_COLUMNS;
  if (isWide && components === false) {
    reject("pca", components, `principal components for sparse data of more than ${MOST_SPARSE_COLUMNS} columns`);
  }
  if (!isWide && (components === undefined || components === false)) {
    return { data: matrix.toDense(), components: undefined, warnings: [] };
  }
  const isNumber = typeof components === "number";
  const most = Math.min(matrix.rows, matrix.cols);
  const count = isNumber ? requireInteger(components, "pca", 1, most) : Math.min(DEFAULT_COMPONENTS, most);
  const { scores, warnings } = await pca(matrix, count, options);
  return {
    data: scores,
    components: count,
    warnings: [...(isNumber ? [] : [describeReduction(matrix, count)]), ...warnings],
  };
}

const describeReduction = ({ cols }: SparseMatrix, components: number): string =>
  `The ${cols} sparse columns were reduced to ${components} principal components. Choose another number with pca (--pca).`;
