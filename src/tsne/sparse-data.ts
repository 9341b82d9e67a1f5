import { reject, requireInteger } from "../arguments.js";
import type { Matrix } from "../matrix.js";
import { type PcaOptions, pca } from "../pca/index.js";
import { type SparseMatrix, type SparseMatrixLike, toSparseMatrix } from "../sparse-matrix.js";
import type { TsneOptions } from "./options.js";

/**
 * Largest number of columns for which sparse data are converted to dense data with all columns. The dense data take 4
 * bytes per value in the core. With more columns, the distances would take too long, so the data are reduced to
 * principal components.
 */
export const MOST_SPARSE_COLUMNS = 1000;

/** Default number of principal components for sparse data with many columns. */
const DEFAULT_COMPONENTS = 50;

/** Sparse data as a run can use them. */
export interface DenseData {
  readonly data: Matrix;
  /** Number of principal components to which the data were reduced; `undefined` if they were not reduced. */
  readonly components: number | undefined;
  readonly warnings: readonly string[];
}

/**
 * Converts sparse data to dense data. Data with up to 1000 columns keep all columns. Data with more columns, or with
 * `components`, are reduced to principal components, which are computed from the sparse data.
 *
 * @param components the option `pca` of a run; `undefined` means 50 for more than 1000 columns
 * @throws {ArgumentError} for `false` with more than 1000 columns
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
