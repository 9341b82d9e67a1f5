import { rejectUnknown, requireOptions } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import {
  describeType,
  findField,
  type IpcBatch,
  type IpcField,
  type ListValues,
  listItem,
  readLists,
} from "../io/ipc/index.js";
import { type FloatArray, Matrix } from "../matrix.js";
import { type PlacementOptions, type Tsne, uncertaintyNames } from "../tsne/index.js";
import { type Computation, type FilterOptions, filterStream, type Refuse } from "./filter.js";

/** Options of {@link placeStream}. */
export interface PlaceStreamOptions
  extends FilterOptions,
    Pick<PlacementOptions, "perplexity" | "iterations" | "uncertainty" | "seed"> {
  /** Column of the new points, or of their means. Default "mean". */
  readonly meanColumn?: string | undefined;
  /** Column of their standard deviations, where the run has sigma. Default "sigma". */
  readonly sigmaColumn?: string | undefined;
}

const KEYS: Record<keyof PlaceStreamOptions, true> = {
  strict: true,
  prefix: true,
  drop: true,
  name: true,
  signal: true,
  onProgress: true,
  perplexity: true,
  iterations: true,
  uncertainty: true,
  seed: true,
  meanColumn: true,
  sigmaColumn: true,
};

/** Enough for the placement to be at its full speed. */
const BLOCK_ROWS = 16384;

/** {@link placeStream}, loaded with what it needs when it is called. */
export async function* placeBatches(
  run: Tsne,
  input: AsyncIterable<Uint8Array>,
  options: PlaceStreamOptions,
): AsyncGenerator<Uint8Array> {
  requireOptions(options);
  rejectUnknown(options, Object.keys(KEYS));
  const { perplexity, iterations, uncertainty, seed, meanColumn = "mean", sigmaColumn } = options;
  if (!run.hasSigma && sigmaColumn !== undefined) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "sigmaColumn",
      received: sigmaColumn,
      accepted: "to be left out, since the run has no sigma",
    });
  }
  // What cannot be done is said before the first row has come.
  await run.place(new Matrix(new Float32Array(), 0, run.shape[1]), {
    perplexity,
    iterations,
    uncertainty,
    seed,
    ...(run.hasSigma && { sigma: new Matrix(new Float32Array(), 0, run.shape[1]) }),
  });
  const open = (fields: readonly IpcField[]): Computation => {
    const [, d] = run.shape;
    const mean = findNumbers(fields, meanColumn, "meanColumn", d);
    const sigma = run.hasSigma ? findNumbers(fields, sigmaColumn ?? "sigma", "sigmaColumn", d) : undefined;
    return {
      columns: columnNames(run, uncertainty !== undefined).map((name) => ({ name, width: undefined })),
      blockRows: Math.ceil(BLOCK_ROWS / (1 + (uncertainty ?? 0))),
      async compute(batches, refuse, signal) {
        const rows = await gather(batches, [mean, ...(sigma ? [sigma] : [])], d, refuse);
        const [means, deviations] = rows.matrices as [Matrix, Matrix?];
        const placed = await run.place(means, {
          perplexity,
          iterations,
          uncertainty,
          seed,
          signal,
          ...(deviations && { sigma: deviations }),
        });
        const total = batches.reduce((sum, batch) => sum + batch.rows, 0);
        const { embedding, divergence, uncertainty: scatter } = placed;
        const parts = [
          embedding,
          toMatrix(divergence),
          ...(scatter ? [toMatrix(scatter.displacement), scatter.covariance, toMatrix(scatter.share)] : []),
        ];
        return parts.flatMap((part) =>
          Array.from({ length: part.cols }, (_, c) => spreadColumn(part, c, rows.places, total)),
        );
      },
    };
  };
  yield* filterStream(input, open, options);
}

const columnNames = (run: Tsne, isUncertain: boolean): string[] => {
  const { outputDimensions } = run.options;
  return [
    ...["x", "y", "z"].slice(0, outputDimensions),
    "divergence",
    ...(isUncertain ? uncertaintyNames(outputDimensions) : []),
  ];
};

const toMatrix = (values: Float32Array): Matrix => new Matrix(values, values.length, 1);

/** A column of the usable rows, in their places among `total`. */
function spreadColumn({ data, cols }: Matrix, column: number, places: Uint32Array, total: number): Float32Array {
  const values = new Float32Array(total);
  for (let k = 0; k < places.length; k++) values[places[k]] = data[k * cols + column];
  return values;
}

/** @throws {ArgumentError} for a column that there is not, or that holds no lists of `d` numbers */
function findNumbers(fields: readonly IpcField[], name: string, argument: string, d: number): IpcField {
  const field = findField(fields, name, argument);
  const item = listItem(field);
  const fixed = field.type.width;
  if ((item === "float32" || item === "float64") && (fixed === 0 || fixed === d)) return field;
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument,
    received: name,
    accepted: `lists of ${d} float32 or float64 numbers, as wide as the data of the run`,
    message: `${argument}: expected lists of ${d} float32 or float64 numbers, as wide as the data of the run; column ${JSON.stringify(name)} is ${describeType(field)}`,
  });
}

interface Gathered {
  /** One a column: the usable rows. */
  readonly matrices: Matrix[];
  /** Which of all rows of the batches these are. */
  readonly places: Uint32Array;
}

/** The rows of some columns, each in a matrix; those with nulls, with values that are not finite or a negative sigma are refused. */
async function gather(
  batches: readonly IpcBatch[],
  columns: readonly IpcField[],
  d: number,
  refuse: Refuse,
): Promise<Gathered> {
  const total = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const data = columns.map((field): FloatArray => {
    const type = listItem(field) === "float64" ? Float64Array : Float32Array;
    return new type(total * d);
  });
  let places = Uint32Array.from({ length: total }, (_, row) => row);
  let first = 0;
  const refused = new Set<number>();
  for (const batch of batches) {
    for (const [c, field] of columns.entries()) {
      const name = c === 0 ? "mean" : "sigma";
      const target = data[c].subarray(first * d, (first + batch.rows) * d);
      const isNull = copyLists(await readLists(batch, field, d), target, batch.rows, d);
      for (let row = 0; row < batch.rows; row++) {
        if ((!isNull?.[row] && isUsable(target, row * d, d, c > 0)) || refused.has(first + row)) continue;
        refused.add(first + row);
        const wrong = target
          .subarray(row * d, (row + 1) * d)
          .find((value) => !(Number.isFinite(value) && !(c > 0 && value < 0)));
        refuse(batch, row, isNull?.[row] ? `has a null in its ${name}` : `has ${wrong} in its ${name}`);
      }
    }
    first += batch.rows;
  }
  if (refused.size > 0) {
    places = places.filter((row) => !refused.has(row));
    for (const numbers of data)
      for (const [k, row] of places.entries()) numbers.copyWithin(k * d, row * d, (row + 1) * d);
  }
  const matrices = data.map((numbers) => new Matrix(numbers.subarray(0, places.length * d), places.length, d));
  return { matrices, places };
}

/** @returns for each row whether it is null; undefined where none is */
function copyLists(
  { data, isDense, start }: ListValues<FloatArray | Uint8Array>,
  target: FloatArray,
  rows: number,
  d: number,
): Uint8Array | undefined {
  if (isDense) {
    target.set(data.subarray(0, rows * d));
    return undefined;
  }
  const isNull = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = start(row);
    if (from === undefined) isNull[row] = 1;
    else target.set(data.subarray(from, from + d), row * d);
  }
  return isNull;
}

/** Whether the numbers of a row are finite, and not negative where they are standard deviations. */
function isUsable(numbers: FloatArray, start: number, d: number, isSigma: boolean): boolean {
  const least = isSigma ? 0 : -Number.MAX_VALUE;
  for (let at = start; at < start + d; at++) {
    const value = numbers[at];
    if (!(value >= least && value <= Number.MAX_VALUE)) return false;
  }
  return true;
}
