import { rejectUnknown, requireOptions } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import {
  describeType,
  findField,
  type IpcBatch,
  type IpcField,
  listItem,
  type NewColumn,
  readLists,
} from "../io/ipc/index.js";
import { type FloatArray, Matrix } from "../matrix.js";
import type { PlacementOptions, Tsne } from "../tsne/index.js";
import { type Computation, type FilterOptions, filterStream, type Refuse } from "./filter.js";

/** Options of {@link placeStream}. */
export interface PlaceStreamOptions extends FilterOptions, Pick<PlacementOptions, "perplexity" | "iterations"> {
  /** Column of the new points, or of their means. Default "mean". */
  readonly meanColumn?: string | undefined;
  /** Column of their standard deviations, where the run has sigma. Default "sigma". */
  readonly sigmaColumn?: string | undefined;
}

const KEYS: Record<keyof PlaceStreamOptions, true> = {
  strict: true,
  prefix: true,
  name: true,
  signal: true,
  onProgress: true,
  perplexity: true,
  iterations: true,
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
  const { perplexity, iterations, meanColumn = "mean", sigmaColumn } = options;
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
    ...(run.hasSigma && { sigma: new Matrix(new Float32Array(), 0, run.shape[1]) }),
  });
  const open = (fields: readonly IpcField[]): Computation => {
    const [, d] = run.shape;
    const mean = findNumbers(fields, meanColumn, "meanColumn", d);
    const sigma = run.hasSigma ? findNumbers(fields, sigmaColumn ?? "sigma", "sigmaColumn", d) : undefined;
    return {
      columns: placeColumns(run),
      blockRows: BLOCK_ROWS,
      async compute(batches, refuse, signal) {
        const rows = await gather(batches, [mean, ...(sigma ? [sigma] : [])], d, refuse);
        const [means, deviations] = rows.matrices as [Matrix, Matrix?];
        const placed = await run.place(means, {
          perplexity,
          iterations,
          signal,
          ...(deviations && { sigma: deviations }),
        });
        const total = batches.reduce((sum, batch) => sum + batch.rows, 0);
        const { dims } = run.options;
        const values = Array.from({ length: dims + 1 }, () => new Float32Array(total));
        for (const [k, row] of rows.places.entries()) {
          for (let c = 0; c < dims; c++) (values[c] as Float32Array)[row] = placed.embedding.at(k, c);
          (values[dims] as Float32Array)[row] = placed.divergence[k] as number;
        }
        return values;
      },
    };
  };
  yield* filterStream(input, open, options);
}

const placeColumns = (run: Tsne): NewColumn[] =>
  [...["x", "y", "z"].slice(0, run.options.dims), "divergence"].map((name) => ({ name, width: undefined }));

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
  const places = new Uint32Array(total);
  let usable = 0;
  let first = 0;
  for (const batch of batches) {
    const lists = await Promise.all(columns.map((field) => readLists(batch, field, d)));
    for (let row = 0; row < batch.rows; row++) {
      const reason = lists
        .map(({ data: from, start }, c) =>
          copyRow(from as FloatArray, start(row), data[c] as FloatArray, usable, d, c > 0),
        )
        .find((found) => found !== undefined);
      if (reason === undefined) places[usable++] = first + row;
      else refuse(batch, row, reason);
    }
    first += batch.rows;
  }
  const matrices = data.map((numbers) => new Matrix(numbers.subarray(0, usable * d), usable, d));
  return { matrices, places: places.subarray(0, usable) };
}

/** @returns why it cannot be used */
function copyRow(
  from: FloatArray,
  start: number | undefined,
  to: FloatArray,
  row: number,
  d: number,
  isSigma: boolean,
): string | undefined {
  if (start === undefined) return `has a null in its ${isSigma ? "sigma" : "mean"}`;
  for (let j = 0; j < d; j++) {
    const value = from[start + j] as number;
    if (!Number.isFinite(value)) return `has ${value} in its ${isSigma ? "sigma" : "mean"}`;
    if (isSigma && value < 0) return `has the negative sigma ${value}`;
    to[row * d + j] = value;
  }
  return undefined;
}
