import { Matrix } from "../matrix.js";
import type { Measurements } from "./missing-values.js";

/** Methods of scaling columns to a common scale; see `PREPARATION`. */
export const STANDARDIZATIONS = ["zscore", "robust"] as const;
export type Standardization = (typeof STANDARDIZATIONS)[number];

/** Center and scale of each column. */
export interface ColumnScales {
  readonly center: Float64Array;
  /** The scale of each column; 1 for a column of equal values. */
  readonly scale: Float64Array;
}

/** The interquartile range of a Gaussian of standard deviation 1. */
const GAUSSIAN_QUARTILES = 1.3489795003921634;

/**
 * Computes center and scale of each column: mean and standard deviation, or median and interquartile range / 1.349. For
 * a Gaussian, the interquartile range / 1.349 equals the standard deviation; it ignores outliers. If more than half of
 * a column is one value, the interquartile range may be 0; the scale is then the standard deviation.
 */
export function columnScales({ data, rows, cols }: Matrix, how: Standardization): ColumnScales {
  const center = new Float64Array(cols);
  const scale = new Float64Array(cols).fill(1);
  const column = new Float64Array(rows);
  for (let j = 0; j < cols; j++) {
    for (let i = 0; i < rows; i++) column[i] = data[i * cols + j];
    const { mean, spread } = moments(column);
    const quartiles = how === "robust" ? quartilesOf(column) : undefined;
    center[j] = quartiles?.median ?? mean;
    const width = quartiles && quartiles.range > 0 ? quartiles.range / GAUSSIAN_QUARTILES : spread;
    if (width > 0 && Number.isFinite(width)) scale[j] = width;
  }
  return { center, scale };
}

/** Subtracts the centers and divides by the scales. Standard deviations are only divided by the scales. */
export function applyScales({ means, sigma }: Measurements, { center, scale }: ColumnScales): Measurements {
  const { rows, cols } = means;
  const data = new Float64Array(means.data.length);
  const errors = sigma && new Float64Array(sigma.data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const k = i * cols + j;
      data[k] = (means.data[k] - center[j]) / scale[j];
      if (errors && sigma) errors[k] = sigma.data[k] / scale[j];
    }
  }
  return { means: new Matrix(data, rows, cols), sigma: errors && new Matrix(errors, rows, cols) };
}

/** Returns the smallest and the largest spread of the columns, without columns of equal values. */
export function extremeSpreads({
  data,
  rows,
  cols,
}: Matrix): { least: { column: number; spread: number }; greatest: { column: number; spread: number } } | undefined {
  let least: { column: number; spread: number } | undefined;
  let greatest: { column: number; spread: number } | undefined;
  const column = new Float64Array(rows);
  for (let j = 0; j < cols; j++) {
    for (let i = 0; i < rows; i++) column[i] = data[i * cols + j];
    const { spread } = moments(column);
    if (!(spread > 0 && Number.isFinite(spread))) continue;
    if (!least || spread < least.spread) least = { column: j, spread };
    if (!greatest || spread > greatest.spread) greatest = { column: j, spread };
  }
  return least && greatest && { least, greatest };
}

function moments(values: Float64Array): { mean: number; spread: number } {
  let [mean, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const difference = values[i] - mean;
    mean += difference / (i + 1);
    squares += difference * (values[i] - mean);
  }
  return { mean, spread: Math.sqrt(squares / Math.max(1, values.length)) };
}

/** Computes quartiles by linear interpolation between sorted values, as in NumPy. */
function quartilesOf(values: Float64Array): { median: number; range: number } {
  const sorted = values.slice().sort();
  const quantile = (share: number) => {
    const at = share * (sorted.length - 1);
    const below = Math.floor(at);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  };
  return { median: quantile(0.5), range: quantile(0.75) - quantile(0.25) };
}
