import { reject, shapeMismatch } from "../arguments.js";
import { ArgumentError, DataError } from "../errors.js";
import { Matrix, type MatrixLike, type NumericArray, toMatrix } from "../matrix.js";

/** An array of three dimensions, such as one d x d matrix per point. */
export type StackLike =
  | { readonly data: NumericArray; readonly shape: readonly number[] }
  | (NumericArray & { readonly shape: readonly number[] })
  | {
      readonly shape: readonly number[];
      /** The numbers in C order, as a TensorFlow.js tensor returns them. */
      dataSync(): NumericArray;
    }
  | readonly MatrixLike[];

/** An array of three dimensions: `numbers` has one row per entry of the first axis, flattened in C order. */
export interface Stack {
  readonly numbers: Matrix;
  readonly shape: readonly [number, number, number];
}

/** The options that give covariances. Only one of them may be used at a time. */
export const COVARIANCE_OPTIONS = ["covariance", "covarianceFactors", "covarianceDraws"] as const;
/** One of {@link COVARIANCE_OPTIONS}. */
export type CovarianceOption = (typeof COVARIANCE_OPTIONS)[number];

/** Covariances as given by a caller, and the standard deviations that may accompany factors. */
export type GivenCovariances = {
  readonly [Name in CovarianceOption]?: StackLike | undefined;
} & { readonly sigma?: MatrixLike | undefined };

/** Covariances of n points with d columns, in the form in which they were given. Their shape has been checked. */
export interface Covariances {
  /** The option that gave the covariances. */
  readonly argument: CovarianceOption;
  readonly form: "matrices" | "factors" | "draws";
  /** n x (d * inner) numbers. Each row holds the d x d matrix, the d x r factor or the m x d draws of one point. */
  readonly numbers: Matrix;
  /**
   * The size of each point's matrix besides d: d for covariance matrices, the rank r for factors, and the number m of
   * draws for draws.
   */
  readonly inner: number;
  /** n x d: standard deviations of the uncorrelated part, which may accompany factors. */
  readonly sigma: Matrix | undefined;
}

const ACCEPTED =
  "an array of three dimensions: {data, shape: [n, a, b]}, an object with shape and dataSync(), or n matrices of equal shape";

/**
 * Converts an array of three dimensions to a {@link Stack}. Values are not checked here.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT for other values, SHAPE_MISMATCH for a shape that does not match the numbers
 */
export function toStack(input: StackLike, argument: string): Stack {
  if (Array.isArray(input)) return stackMatrices(input as readonly MatrixLike[], argument);
  const shape = (input as { shape?: unknown } | null)?.shape;
  const sizes = Array.isArray(shape) || ArrayBuffer.isView(shape) ? Array.from(shape as ArrayLike<number>) : [];
  if (sizes.length !== 3) {
    const found = sizes.length > 0 ? `a shape of ${sizes.length} dimensions, [${sizes.join(", ")}]` : undefined;
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument,
      received: input,
      accepted: ACCEPTED,
      ...(found && { message: `${argument}: expected an array of three dimensions, received ${found}` }),
    });
  }
  const [n, a, b] = sizes as [number, number, number];
  const { data, dataSync } = input as { data?: NumericArray; dataSync?: () => NumericArray };
  const numbers = typeof dataSync === "function" ? dataSync.call(input) : (data ?? (input as NumericArray));
  return { numbers: toMatrix({ data: numbers, rows: n, cols: a * b }, argument), shape: [n, a, b] };
}

function stackMatrices(matrices: readonly MatrixLike[], argument: string): Stack {
  const [first, ...others] = matrices.map((matrix, i) => toMatrix(matrix, `${argument}[${i}]`));
  if (first === undefined) return { numbers: new Matrix(new Float64Array(0), 0, 0), shape: [0, 0, 0] };
  const { rows, cols } = first;
  const numbers = new Matrix(new Float64Array(matrices.length * rows * cols), matrices.length, rows * cols);
  for (const [i, matrix] of [first, ...others].entries()) {
    if (matrix.rows !== rows || matrix.cols !== cols) {
      throw shapeMismatch(`${argument}[${i}]`, matrix, `${rows} x ${cols}, the shape of the first matrix`);
    }
    numbers.row(i).set(matrix.data);
  }
  return { numbers, shape: [matrices.length, rows, cols] };
}

/** Returns the option that gives covariances, if there is one. */
export function covarianceOption(options: GivenCovariances): CovarianceOption | undefined {
  return COVARIANCE_OPTIONS.find((name) => (options[name] ?? undefined) !== undefined);
}

/**
 * Rejects options that cannot be combined: two kinds of covariances, or standard deviations with covariances that
 * already include them.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT
 */
export function checkCovarianceOptions(options: GivenCovariances): void {
  const given = covarianceOption(options);
  if (given === undefined) return;
  const second = COVARIANCE_OPTIONS.find((name) => name !== given && (options[name] ?? undefined) !== undefined);
  if (second !== undefined) reject(second, options[second], `to be left out with ${given}`);
  if (given !== "covarianceFactors" && (options.sigma ?? undefined) !== undefined) {
    reject(
      "sigma",
      options.sigma,
      `to be left out with ${given}, because the diagonals of the covariances are the variances`,
    );
  }
}

/**
 * Reads the covariances from the options of a run or a placement.
 *
 * @param rows number of points
 * @param cols number of columns of the data
 * @throws {ArgumentError} for options that cannot be combined, and for wrong shapes
 */
export function readCovariances(options: GivenCovariances, rows: number, cols: number): Covariances | undefined {
  checkCovarianceOptions(options);
  const argument = covarianceOption(options);
  if (argument === undefined) return undefined;
  const { numbers, shape } = toStack(options[argument] as StackLike, argument);
  const [n, a, b] = shape;
  const form = ({ covariance: "matrices", covarianceFactors: "factors", covarianceDraws: "draws" } as const)[argument];
  const expected = {
    matrices: { fits: a === cols && b === cols, text: `${rows} x ${cols} x ${cols}, one matrix per point` },
    factors: { fits: a === cols && b >= 1, text: `${rows} x ${cols} x r, one matrix of r columns per point` },
    draws: { fits: b === cols && a >= 2, text: `${rows} x m x ${cols}, at least m = 2 draws per point` },
  }[form];
  if (n !== rows || !expected.fits) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument,
      received: shape,
      accepted: expected.text,
      message: `${argument}: expected ${expected.text}, received ${shape.join(" x ")}`,
    });
  }
  const sigma = (options.sigma ?? undefined) === undefined ? undefined : toMatrix(options.sigma as MatrixLike, "sigma");
  if (sigma) checkDiagonal(sigma, rows, cols);
  return { argument, form, numbers, inner: form === "draws" ? a : b, sigma };
}

/** Returns the covariances of rows `[start, end)`. */
export const sliceCovariances = (covariances: Covariances, start: number, end: number): Covariances => ({
  ...covariances,
  numbers: covariances.numbers.slice(start, end),
  sigma: covariances.sigma?.slice(start, end),
});

function checkDiagonal(sigma: Matrix, rows: number, cols: number): void {
  if (sigma.rows !== rows || sigma.cols !== cols) {
    throw shapeMismatch("sigma", sigma, `${rows} x ${cols}, the shape of the data`);
  }
  const at = sigma.data.findIndex((value) => !(Number.isFinite(value) && value >= 0));
  if (at < 0) return;
  const received = sigma.data[at] as number;
  throw new DataError(received < 0 && Number.isFinite(received) ? "NEGATIVE_SIGMA" : "NOT_FINITE", {
    argument: "sigma",
    received,
    accepted: "finite standard deviations >= 0",
    row: Math.floor(at / cols),
    column: at % cols,
  });
}
