import { Matrix } from "../matrix.js";

/**
 * Expands a matrix to all rows of the input, with NaN in dropped rows, so that row i of the result belongs to row i of
 * the input.
 *
 * @param kept the row in the input of each row of `matrix`; `undefined` if no row was dropped
 * @param rows number of rows of the input
 */
export function withGaps(matrix: Matrix, kept: ArrayLike<number> | undefined, rows: number): Matrix {
  if (kept === undefined) return matrix;
  const { cols } = matrix;
  const data = new (matrix.data instanceof Float32Array ? Float32Array : Float64Array)(rows * cols).fill(Number.NaN);
  for (let k = 0; k < kept.length; k++) data.set(matrix.row(k), kept[k] * cols);
  return new Matrix(data, rows, cols);
}
