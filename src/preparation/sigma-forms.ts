import { reject } from "../arguments.js";
import { ArgumentError, DataError } from "../errors.js";
import { Matrix, type MatrixLike, type NumericArray, toMatrix } from "../matrix.js";
import { oneOf } from "../options/index.js";

/** Forms of the numbers given as sigma: standard deviations, or numbers from which they are computed. */
export const SIGMA_FORMS = ["sd", "variance", "log-variance", "inverse-variance"] as const;
/** One of {@link SIGMA_FORMS}. */
export type SigmaForm = (typeof SIGMA_FORMS)[number];

/**
 * Standard deviations in several shapes: one number for all values, one per column (d numbers, 1 x d or d x 1), one per
 * point (n numbers, or n x 1, which takes precedence if n equals d), or one per value (n x d).
 */
export type SigmaLike = number | readonly number[] | NumericArray | MatrixLike;

/**
 * Creates an n x d matrix of standard deviations. The standard deviation is the square root of a variance, exp(v / 2)
 * of a log-variance v, and 1 / sqrt(w) of an inverse variance w. Surveys use an inverse variance of 0 for a value
 * without information. The standard deviation of such a value becomes NaN, so the value counts as missing.
 *
 * @param shape rows and columns of the data
 * @throws {ArgumentError} SHAPE_MISMATCH for another shape, INVALID_ARGUMENT for d numbers if n equals d
 * @throws {DataError} NEGATIVE_SIGMA with the row and column of a negative number that must not be negative
 */
export function toSigma(
  values: SigmaLike,
  shape: readonly [rows: number, cols: number],
  form: SigmaForm = "sd",
  argument = "sigma",
): Matrix {
  if (!SIGMA_FORMS.includes(form)) reject("sigmaIs", form, oneOf(SIGMA_FORMS, form));
  const [rows, cols] = shape;
  const given = asMatrix(values, shape, argument);
  const converted = form === "sd" ? given : convert(given, form, argument);
  if (converted.rows === rows && converted.cols === cols) return converted;
  const isPerPoint = converted.cols === 1 && converted.rows === rows;
  // NumPy reads a file of one column as an array of one dimension.
  const isPerColumn =
    (converted.rows === 1 && converted.cols === cols) ||
    (converted.cols === 1 && converted.rows === cols && !isPerPoint);
  const isScalar = converted.rows === 1 && converted.cols === 1;
  if (!isPerColumn && !isPerPoint && !isScalar) {
    const accepted = `one number, 1 x ${cols}, ${rows} x 1 or ${rows} x ${cols} numbers`;
    const received = [given.rows, given.cols];
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument,
      received,
      accepted,
      message: `${argument}: expected ${accepted}, received ${given.rows} x ${given.cols}`,
    });
  }
  const data = new (converted.data instanceof Float32Array ? Float32Array : Float64Array)(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++)
      data[i * cols + j] = isPerColumn ? converted.data[j] : converted.at(isPerPoint ? i : 0, 0);
  }
  return new Matrix(data, rows, cols);
}

function asMatrix(values: SigmaLike, [rows, cols]: readonly [number, number], argument: string): Matrix {
  if (typeof values === "number") return new Matrix(Float64Array.of(values), 1, 1);
  const isFlat =
    (Array.isArray(values) && (values.length === 0 || typeof values[0] === "number")) ||
    (ArrayBuffer.isView(values) && !("shape" in values));
  if (!isFlat) return toMatrix(values as MatrixLike, argument);
  const numbers = Float64Array.from(values as ArrayLike<number>);
  if (numbers.length === rows && rows === cols) {
    reject(
      argument,
      values,
      `a matrix of 1 x ${cols} or ${rows} x 1 numbers, since there are as many points as columns`,
    );
  }
  return numbers.length === rows ? new Matrix(numbers, rows, 1) : new Matrix(numbers, 1, numbers.length);
}

function convert({ data, rows, cols }: Matrix, form: Exclude<SigmaForm, "sd">, argument: string): Matrix {
  const converted = new (data instanceof Float32Array ? Float32Array : Float64Array)(data.length);
  for (let k = 0; k < data.length; k++) {
    const value = data[k];
    if (form === "log-variance") converted[k] = Math.exp(value / 2);
    else if (value < 0) {
      const [row, column] = [Math.floor(k / cols), k % cols];
      throw new DataError("NEGATIVE_SIGMA", {
        argument,
        received: value,
        accepted: "no negative variances",
        row,
        column,
      });
    } else if (form === "variance") converted[k] = Math.sqrt(value);
    else converted[k] = value === 0 ? Number.NaN : 1 / Math.sqrt(value);
  }
  return new Matrix(converted, rows, cols);
}
