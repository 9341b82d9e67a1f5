import { DataError } from "../errors.js";
import { Matrix } from "../matrix.js";
import type { Measurements } from "./missing-values.js";

/**
 * Replaces counts x by log(1 + x). A standard deviation s becomes s / (1 + x), which is a first-order approximation.
 *
 * @throws {DataError} OUT_OF_RANGE with the row and column of a negative value
 */
export function logOfCounts({ means, sigma }: Measurements): Measurements {
  const { data, rows, cols } = means;
  const negative = data.findIndex((value) => value < 0);
  if (negative >= 0) {
    const [row, column] = [Math.floor(negative / cols), negative % cols];
    const facts = {
      argument: "data",
      received: data[negative],
      accepted: "counts of 0 or more for log1p",
      row,
      column,
    };
    throw new DataError("OUT_OF_RANGE", facts);
  }
  const logs = Float64Array.from(data, Math.log1p);
  const errors = sigma && Float64Array.from(sigma.data, (value, k) => value / (1 + data[k]));
  return { means: new Matrix(logs, rows, cols), sigma: errors && new Matrix(errors, rows, cols) };
}
