import { reject } from "../arguments.js";
import type { RowReader } from "../io/index.js";
import { Matrix } from "../matrix.js";
import { checkOptions, type OptionValues } from "../options/index.js";
import type { FittedPreparation } from "./fitted-preparation.js";
import { logOfCounts } from "./log1p.js";
import { type Measurements, treatMissing } from "./missing-values.js";
import { findPrior, type Prior, toMeasurements } from "./posterior.js";
import { formOf, PREPARATION } from "./prepare.js";
import { type SigmaForm, type SigmaLike, toSigma } from "./sigma-forms.js";
import { applyScales, type ColumnScales, columnScales } from "./standardize.js";

/** Number of rows from which centers and scales of columns are computed. */
const SAMPLE_ROWS = 100_000;

/** Options of {@link prepareRows}. All are optional. */
export interface RowPreparationOptions extends OptionValues<typeof PREPARATION> {
  /** Standard deviations: rows of the shape of the data, n x 1 or 1 x d, or numbers that apply to all rows. */
  sigma?: RowReader | number | readonly number[] | undefined;
  /** Names of the columns, for error messages. */
  columns?: readonly string[] | undefined;
}

/** Data whose rows are prepared while they are read. */
export interface PreparedRows {
  readonly means: RowReader;
  readonly sigma: RowReader | undefined;
  /** The row in the input of each row, if rows were dropped; `withGaps` restores the original rows in results. */
  readonly kept: Int32Array | undefined;
  /** The preparation to apply to new data, for `Tsne.save`; `undefined` if the units of the data were not changed. */
  readonly preparation: FittedPreparation | undefined;
}

/** The quantities that are known before the rows are read. */
interface Preparation {
  readonly form: SigmaForm;
  readonly missing: "error" | "drop" | "mean";
  readonly log1p: boolean;
  readonly columns: readonly string[] | undefined;
  /** Standard deviations that apply to all rows. */
  readonly fixed: SigmaLike | undefined;
  readonly sigma: RowReader | undefined;
  readonly substitutes: Substitutes | undefined;
  /** The prior used to convert posteriors to measurements. */
  readonly prior: Prior | undefined;
  readonly scales: ColumnScales | undefined;
}

/** The numbers that replace missing values: one value and one standard deviation per column. */
interface Substitutes {
  readonly mean: Float64Array;
  readonly spread: Float64Array;
}

/**
 * Prepares data that may be larger than memory in the same way as {@link prepareData}. Centers, scales, means and
 * priors of columns are computed from up to 100,000 evenly spaced rows. With `missing: "drop"`, all rows are read once
 * to find the complete ones.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH if sigma has another number of rows
 */
export async function prepareRows(all: RowReader, options: RowPreparationOptions = {}): Promise<PreparedRows> {
  if (options.missing !== "drop") return { ...(await prepareComplete(all, options)), kept: undefined };
  const { sigma } = options;
  const isReader = typeof sigma === "object" && "read" in sigma;
  // A single row of standard deviations applies to all rows.
  const ofRows = isReader && sigma.rows === all.rows ? sigma : undefined;
  const kept = await findComplete(all, options, ofRows);
  const rest = { ...options, missing: "error" as const, sigma: ofRows ? takeRows(ofRows, kept) : sigma };
  return { ...(await prepareComplete(takeRows(all, kept), rest)), kept: kept.length < all.rows ? kept : undefined };
}

/** Returns the numbers of the rows without a missing value. */
async function findComplete(
  means: RowReader,
  { sigmaIs = "sd", sigma: given }: RowPreparationOptions,
  ofRows: RowReader | undefined,
): Promise<Int32Array> {
  const complete: number[] = [];
  const step = Math.max(1, Math.floor(BLOCK_NUMBERS / Math.max(1, means.cols)));
  const fixed = typeof given === "object" && "read" in given ? undefined : given;
  for (let start = 0; start < means.rows; start += step) {
    const count = Math.min(step, means.rows - start);
    const rows = Float64Array.from({ length: count }, (_, i) => start + i);
    const raw = await readRaw(means, rows, { form: formOf(sigmaIs), fixed, sigma: ofRows });
    const { kept } = treatMissing(raw, "drop", undefined);
    for (let k = 0; k < (kept?.length ?? count); k++) complete.push(start + (kept?.[k] ?? k));
  }
  return Int32Array.from(complete);
}

const BLOCK_NUMBERS = 2 ** 20;

const takeRows = (reader: RowReader, kept: Int32Array): RowReader => ({
  ...reader,
  rows: kept.length,
  read: (rows) => reader.read(Float64Array.from(rows, (row) => kept[row])),
});

async function prepareComplete(means: RowReader, options: RowPreparationOptions): Promise<Omit<PreparedRows, "kept">> {
  const { sigma: given, columns, ...others } = options;
  const { sigmaIs, missing, log1p, standardize } = checkOptions(PREPARATION, others);
  const isReader = typeof given === "object" && "read" in given;
  const isFixed = given !== undefined && (!isReader || (given.rows === 1 && means.rows !== 1));
  const fixed = isFixed ? (isReader ? await given.read([0]) : (given as SigmaLike)) : undefined;
  const sigma = isReader && !isFixed ? given : undefined;
  if (sigma && sigma.rows !== means.rows) {
    reject("sigma", [sigma.rows, sigma.cols], `${means.rows} rows, or one row`, "SHAPE_MISMATCH");
  }
  const isUntouched = missing === "error" && !log1p && standardize === undefined && sigmaIs === "sd";
  if (isUntouched && fixed === undefined && (!sigma || sigma.cols === means.cols))
    return { means, sigma, preparation: undefined };
  const raw: Preparation = {
    form: formOf(sigmaIs),
    missing,
    log1p,
    columns,
    fixed,
    sigma,
    substitutes: undefined,
    prior: undefined,
    scales: undefined,
  };
  const isPosterior = sigmaIs === "posterior";
  const sample =
    missing === "mean" || standardize !== undefined || isPosterior ? await readSample(means, raw) : undefined;
  const substitutes = missing === "mean" && sample ? findSubstitutes(sample) : undefined;
  const complete = sample && (substitutes ? substitute(sample, substitutes) : sample);
  const prior = isPosterior && complete ? findPrior(complete) : undefined;
  const measured = complete && prior ? toMeasurements(complete, prior) : complete;
  const logs = measured && (log1p ? logOfCounts(measured) : measured);
  const scales = standardize === undefined || !logs ? undefined : columnScales(logs.means, standardize);
  const preparation = { ...raw, substitutes, prior, scales };
  const prepared = async (rows: ArrayLike<number>) =>
    prepare(await readRaw(means, rows, preparation), rows, preparation);
  const read = (part: keyof Measurements) => async (rows: ArrayLike<number>) => (await prepared(rows))[part] as Matrix;
  const shape = { rows: means.rows, cols: means.cols, close: means.close };
  return {
    preparation: log1p || scales || prior ? { log1p, scales, prior } : undefined,
    means: { ...shape, read: read("means") },
    sigma: given === undefined ? undefined : { ...shape, close: sigma?.close ?? (async () => {}), read: read("sigma") },
  };
}

async function readRaw(
  means: RowReader,
  rows: ArrayLike<number>,
  { form, fixed, sigma }: Pick<Preparation, "form" | "fixed" | "sigma">,
): Promise<Measurements> {
  const values = await means.read(rows);
  const given = sigma ? await sigma.read(rows) : fixed;
  return { means: values, sigma: given === undefined ? undefined : toSigma(given, values.shape, form) };
}

function prepare(raw: Measurements, rows: ArrayLike<number>, preparation: Preparation): Measurements {
  const { missing, substitutes, prior, log1p, columns, scales } = preparation;
  const complete = substitutes ? substitute(raw, substitutes) : treatMissing(raw, missing, columns, (k) => rows[k]);
  const measured = prior ? toMeasurements(complete, prior) : complete;
  const logs = log1p ? logOfCounts(measured) : measured;
  return scales ? applyScales(logs, scales) : { means: logs.means, sigma: logs.sigma };
}

async function readSample(means: RowReader, preparation: Preparation): Promise<Measurements> {
  const count = Math.min(SAMPLE_ROWS, means.rows);
  const rows = Float64Array.from({ length: count }, (_, k) => Math.floor((k * means.rows) / count));
  return readRaw(means, rows, preparation);
}

function findSubstitutes({ means, sigma }: Measurements): Substitutes {
  const { rows, cols } = means;
  const [mean, squares, counts] = [new Float64Array(cols), new Float64Array(cols), new Float64Array(cols)];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = means.at(i, j);
      if (Number.isNaN(value) || Number.isNaN(sigma?.at(i, j))) continue;
      const difference = value - mean[j];
      mean[j] += difference / ++counts[j];
      squares[j] += difference * (value - mean[j]);
    }
  }
  return { mean, spread: squares.map((sum, j) => Math.sqrt(sum / Math.max(1, counts[j]))) };
}

function substitute({ means, sigma }: Measurements, { mean, spread }: Substitutes): Measurements {
  const { rows, cols } = means;
  const [data, errors] = [means.data.slice(), sigma?.data.slice()];
  for (let k = 0; k < data.length; k++) {
    if (!(Number.isNaN(data[k]) || Number.isNaN(errors?.[k]))) continue;
    data[k] = mean[k % cols];
    if (errors) errors[k] = spread[k % cols];
  }
  return { means: new Matrix(data, rows, cols), sigma: errors && new Matrix(errors, rows, cols) };
}
