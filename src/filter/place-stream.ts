import { rejectUnknown, requireOptions } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import { describeType, findField, type IpcField, listItem } from "../io/ipc/index.js";
import { Matrix } from "../matrix.js";
import { type PlacementOptions, type PlacementResult, type Tsne, uncertaintyNames } from "../tsne/index.js";
import type { Computation, FilterOptions } from "./computation.js";
import { filterStream } from "./filter-stream.js";
import { countRows, readUsableRows } from "./usable-rows.js";

/** Options of {@link placeStream}. */
export interface PlaceStreamOptions
  extends FilterOptions,
    Pick<PlacementOptions, "perplexity" | "iterations" | "uncertainty" | "seed" | "prior"> {
  /** Column of the new points, or of their means. Default "mean". */
  readonly meanColumn?: string | undefined;
  /** Column of the standard deviations of the new points, if the run has sigma. Default "sigma". */
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
  prior: true,
  meanColumn: true,
  sigmaColumn: true,
};

/**
 * Number of rows, including random draws of rows, up to which batches are placed in one call. More rows per call would
 * not make the placement faster per row.
 */
const BLOCK_ROWS = 16384;

type PlacementSettings = Pick<PlacementOptions, "perplexity" | "iterations" | "uncertainty" | "seed" | "prior">;

/** {@link placeStream} without its lazy import. */
export async function* placeBatches(
  run: Tsne,
  input: AsyncIterable<Uint8Array>,
  options: PlaceStreamOptions,
): AsyncGenerator<Uint8Array> {
  requireOptions(options);
  rejectUnknown(options, Object.keys(KEYS));
  const { perplexity, iterations, uncertainty, seed, prior, meanColumn = "mean", sigmaColumn } = options;
  if (!run.hasSigma && sigmaColumn !== undefined) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "sigmaColumn",
      received: sigmaColumn,
      accepted: "to be left out, because the run has no sigma",
    });
  }
  if (run.hasCovariance) {
    const accepted = "a run without covariances, because streams contain only standard deviations";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "run", received: run, accepted });
  }
  const settings = { perplexity, iterations, uncertainty, seed, prior };
  await checkPlacement(run, settings);
  const open = (fields: readonly IpcField[]): Computation => {
    const [, d] = run.shape;
    const mean = findNumbers(fields, meanColumn, "meanColumn", d);
    const sigma = run.hasSigma ? [findNumbers(fields, sigmaColumn ?? "sigma", "sigmaColumn", d)] : [];
    return placementOf(run, [mean, ...sigma], settings);
  };
  yield* filterStream(input, open, options);
}

/** Places an empty set of points, so that invalid options are reported before the first row arrives. */
async function checkPlacement(run: Tsne, settings: PlacementSettings): Promise<void> {
  const none = () => new Matrix(new Float32Array(), 0, run.shape[1]);
  await run.place(none(), { ...settings, ...(run.hasSigma && { sigma: none() }) });
}

/**
 * Creates the computation that places rows. `columns` hold the means and, if the run has sigma, the standard
 * deviations.
 */
function placementOf(run: Tsne, columns: readonly IpcField[], settings: PlacementSettings): Computation {
  const { uncertainty } = settings;
  return {
    columns: columnNames(run, uncertainty !== undefined).map((name) => ({ name, width: undefined })),
    blockRows: Math.ceil(BLOCK_ROWS / (1 + (uncertainty ?? 0))),
    async compute(batches, reportUnusable, signal) {
      const { matrices, rows } = await readUsableRows(batches, columns, run.shape[1], reportUnusable);
      const [means, sigma] = matrices as [Matrix, Matrix?];
      const result = await run.place(means, { ...settings, signal, ...(sigma && { sigma }) });
      const total = countRows(batches);
      return resultColumns(result).flatMap((part) =>
        Array.from({ length: part.cols }, (_, c) => spreadColumn(part, c, rows, total)),
      );
    },
  };
}

/** Returns the results of a placement as matrices whose columns are the new columns. */
const resultColumns = ({ embedding, divergence, uncertainty }: PlacementResult): Matrix[] => [
  embedding,
  toMatrix(divergence),
  ...(uncertainty ? [toMatrix(uncertainty.displacement), uncertainty.covariance, toMatrix(uncertainty.share)] : []),
];

const columnNames = (run: Tsne, isUncertain: boolean): string[] => {
  const { outputDimensions } = run.options;
  return [
    ...["x", "y", "z"].slice(0, outputDimensions),
    "divergence",
    ...(isUncertain ? uncertaintyNames(outputDimensions) : []),
  ];
};

const toMatrix = (values: Float32Array): Matrix => new Matrix(values, values.length, 1);

/** Returns a column of `total` rows that holds the values of the usable rows and 0 in all other rows. */
function spreadColumn({ data, cols }: Matrix, column: number, rows: Uint32Array, total: number): Float32Array {
  const values = new Float32Array(total);
  for (let k = 0; k < rows.length; k++) values[rows[k]] = data[k * cols + column];
  return values;
}

/** @throws {ArgumentError} if the column is missing or does not hold lists of `d` numbers */
function findNumbers(fields: readonly IpcField[], name: string, argument: string, d: number): IpcField {
  const field = findField(fields, name, argument);
  const item = listItem(field);
  const fixed = field.type.width;
  if (item !== undefined && item !== "uint8" && (fixed === 0 || fixed === d)) return field;
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument,
    received: name,
    accepted: `lists of ${d} float16, float32 or float64 numbers, with as many columns as the data of the run`,
    message: `${argument}: expected lists of ${d} float16, float32 or float64 numbers, with as many columns as the data of the run; column ${JSON.stringify(name)} is ${describeType(field)}`,
  });
}
