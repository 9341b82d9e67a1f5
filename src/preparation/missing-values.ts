import { DataError } from "../errors.js";
import { Matrix } from "../matrix.js";

/** Treatments of missing values; see `PREPARATION`. */
export const MISSING = ["error", "drop", "mean"] as const;
export type Missing = (typeof MISSING)[number];

/** Data with or without standard deviations. */
export interface Measurements {
  readonly means: Matrix;
  readonly sigma: Matrix | undefined;
}

/** Measurements after the treatment of missing values. */
export interface CompleteMeasurements extends Measurements {
  /** The row in the input of each row; `undefined` if no row was dropped. */
  readonly kept: Int32Array | undefined;
  /** Number of replaced values. */
  readonly replaced: number;
}

/**
 * Treats missing values: NaN, or values whose standard deviation is NaN.
 *
 * @param columns names of the columns, for error messages
 * @param rowOf returns the number of a row in its file, for error messages
 * @throws {DataError} NOT_FINITE with the row and the column of the first missing value, for `"error"` and for a column
 *   without any value
 */
export function treatMissing(
  measurements: Measurements,
  missing: Missing,
  columns: readonly string[] | undefined,
  rowOf: (row: number) => number = (row) => row,
): CompleteMeasurements {
  const { means, sigma } = measurements;
  const first = means.data.findIndex((value, k) => Number.isNaN(value) || Number.isNaN(sigma?.data[k]));
  if (first < 0) return { means, sigma, kept: undefined, replaced: 0 };
  if (missing === "drop") return dropRows(measurements);
  if (missing === "mean") return replaceByMeans(measurements, columns);
  const row = Math.floor(first / means.cols);
  const isValue = Number.isNaN(means.data[first]);
  throw missingError(
    means,
    row,
    first % means.cols,
    columns,
    `row ${rowOf(row)}`,
    isValue ? "none" : "no standard deviation",
  );
}

const isMissing = ({ means, sigma }: Measurements, k: number): boolean =>
  Number.isNaN(means.data[k]) || (sigma !== undefined && Number.isNaN(sigma.data[k]));

function dropRows(measurements: Measurements): CompleteMeasurements {
  const { means, sigma } = measurements;
  const kept: number[] = [];
  for (let i = 0; i < means.rows; i++) {
    let isComplete = true;
    for (let j = 0; j < means.cols && isComplete; j++) isComplete = !isMissing(measurements, i * means.cols + j);
    if (isComplete) kept.push(i);
  }
  return { means: means.take(kept), sigma: sigma?.take(kept), kept: Int32Array.from(kept), replaced: 0 };
}

/**
 * Replaces missing values by the mean of their column. With sigma, the standard deviation of a replaced value becomes
 * the spread of its column, because nothing else is known about the value. The method assumes that values are not
 * missing because of their size.
 */
function replaceByMeans(measurements: Measurements, columns: readonly string[] | undefined): CompleteMeasurements {
  const { rows, cols } = measurements.means;
  const means = new Matrix(measurements.means.data.slice(), rows, cols);
  const sigma = measurements.sigma && new Matrix(measurements.sigma.data.slice(), rows, cols);
  let replaced = 0;
  for (let j = 0; j < cols; j++) {
    const missing: number[] = [];
    let [count, mean, squares] = [0, 0, 0];
    for (let i = 0; i < rows; i++) {
      const k = i * cols + j;
      if (isMissing(measurements, k)) {
        missing.push(k);
        continue;
      }
      const difference = means.data[k] - mean;
      mean += difference / ++count;
      squares += difference * (means.data[k] - mean);
    }
    if (missing.length > 0 && count === 0) throw missingError(means, 0, j, columns, "all rows");
    for (const k of missing) {
      means.data[k] = mean;
      if (sigma) sigma.data[k] = Math.sqrt(squares / count);
    }
    replaced += missing.length;
  }
  return { means, sigma, kept: undefined, replaced };
}

function missingError(
  means: Matrix,
  row: number,
  column: number,
  columns: readonly string[] | undefined,
  where: string,
  found = "none",
): DataError {
  const name = columns?.[column] === undefined ? `column ${column}` : `column ${JSON.stringify(columns[column])}`;
  return new DataError("NOT_FINITE", {
    argument: "data",
    received: means.at(row, column),
    accepted: "values everywhere",
    row,
    column,
    message: `data: expected values everywhere, found ${found} in ${where}, ${name}. Set the option missing to "drop" to leave out such rows, or to "mean" to use the means of the columns`,
  });
}
