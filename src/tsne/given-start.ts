import { shapeMismatch } from "../arguments.js";
import { DataError } from "../errors.js";
import { Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import type { TsneOptions } from "./options.js";

/** Initial positions given by the caller. */
export interface GivenStart {
  readonly positions: Matrix;
  readonly warnings: readonly string[];
}

/**
 * Largest absolute value of an initial position. For larger values, float32 positions are too coarse for small steps.
 */
const LARGEST_START = 1e6;
/** Standard deviation along the first column of the initial embeddings that the package computes. */
const USUAL_WIDTH = 1e-4;
/**
 * Initial width above which a warning is given. Even embeddings of millions of points are narrower, and points that
 * start farther apart hardly attract each other.
 */
const TOO_WIDE = 1e3;

/**
 * Checks an initial embedding and rescales it if requested.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH
 * @throws {DataError} for a value out of range, and for a column of equal values. Forces along such a column are zero,
 *   so the points could never separate along it.
 */
export function givenStart({ init, rescaleInit }: TsneOptions, rows: number, outputDimensions: number): GivenStart {
  const start = toMatrix(init as MatrixLike, "init");
  if (start.rows !== rows || start.cols !== outputDimensions) {
    throw shapeMismatch("init", start, `${rows} x ${outputDimensions}, points x outputDimensions`);
  }
  requireRange(start);
  requireSpread(start);
  const widths = columnMoments(start).map(({ deviation }) => deviation);
  if (rescaleInit) return { positions: rescale(start), warnings: [] };
  const width = Math.max(...widths);
  if (width <= TOO_WIDE) return { positions: start, warnings: [] };
  const warning = `The initial embedding has a standard deviation of ${width.toPrecision(3)}, so that distant points hardly attract each other and the embedding may be poor. Set rescaleInit (--rescale-init) to start at the usual width of ${USUAL_WIDTH}.`;
  return { positions: start, warnings: [warning] };
}

function requireRange({ data, cols }: Matrix): void {
  const bad = data.findIndex((value) => !(Math.abs(value) <= LARGEST_START));
  if (bad < 0) return;
  const value = data[bad];
  throw new DataError(Number.isFinite(value) ? "OUT_OF_RANGE" : "NOT_FINITE", {
    argument: "init",
    received: value,
    accepted: `numbers from -${LARGEST_START} to ${LARGEST_START}`,
    row: Math.floor(bad / cols),
    column: bad % cols,
  });
}

/**
 * Checks that each column has different values in float32, because values that differ in float64 may be equal there.
 */
function requireSpread({ data, rows, cols }: Matrix): void {
  for (let column = 0; column < cols; column++) {
    const first = Math.fround(data[column]);
    let i = 1;
    while (i < rows && Math.fround(data[i * cols + column]) === first) i++;
    if (i < rows) continue;
    throw new DataError("INVALID_ARGUMENT", {
      argument: "init",
      received: data[column],
      accepted:
        "different values in each column: points that start at one position stay together. Add noise, or leave init out",
      row: 0,
      column,
    });
  }
}

/** Centers the embedding and scales it to the usual standard deviation along the first column. */
function rescale(start: Matrix): Matrix {
  const { data, rows, cols } = start;
  const moments = columnMoments(start);
  const scale = USUAL_WIDTH / moments[0].deviation;
  return new Matrix(
    Float64Array.from(data, (value, index) => (value - moments[index % cols].mean) * scale),
    rows,
    cols,
  );
}

function columnMoments({ data, rows, cols }: Matrix): { mean: number; deviation: number }[] {
  return Array.from({ length: cols }, (_, column) => {
    let [mean, squares] = [0, 0];
    for (let i = 0; i < rows; i++) {
      const difference = data[i * cols + column] - mean;
      mean += difference / (i + 1);
      squares += difference * (data[i * cols + column] - mean);
    }
    return { mean, deviation: Math.sqrt(squares / rows) };
  });
}
