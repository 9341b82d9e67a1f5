import { reject } from "../arguments.js";
import type { RowReader } from "../io/index.js";
import { Matrix } from "../matrix.js";
import { checkOptions, type OptionValues } from "../options/index.js";
import { logOfCounts } from "./log1p.js";
import { type Measurements, treatMissing } from "./missing-values.js";
import { findPrior, type Prior, toMeasurements } from "./posterior.js";
import { formOf, PREPARATION } from "./prepare.js";
import { type SigmaForm, type SigmaLike, toSigma } from "./sigma-forms.js";
import { applyScales, type ColumnScales, columnScales } from "./standardize.js";

/** Rows by which centers and scales of columns are found. */
const SAMPLE_ROWS = 100_000;

/** Options of {@link prepareRows}. All are optional. */
export interface RowPreparationOptions extends OptionValues<typeof PREPARATION> {
  /** Standard deviations: rows of the shape of the data, n x 1 or 1 x d, or any form that holds for all rows. */
  sigma?: RowReader | number | readonly number[] | undefined;
  /** Names of the columns, for errors. */
  columns?: readonly string[] | undefined;
}

/** Data whose rows are prepared when they are read. */
export interface PreparedRows {
  readonly means: RowReader;
  readonly sigma: RowReader | undefined;
}

/** What is known of all rows before they are read one after the other. */
interface Preparation {
  readonly form: SigmaForm;
  readonly missing: "error" | "drop" | "mean";
  readonly log1p: boolean;
  readonly columns: readonly string[] | undefined;
  /** The same standard deviations for all rows. */
  readonly fixed: SigmaLike | undefined;
  readonly sigma: RowReader | undefined;
  readonly substitutes: Substitutes | undefined;
  /** Of posteriors, which are turned into measurements. */
  readonly prior: Prior | undefined;
  readonly scales: ColumnScales | undefined;
}

/** What takes the place of missing values: one row of values and one of standard deviations. */
interface Substitutes {
  readonly mean: Float64Array;
  readonly spread: Float64Array;
}

/**
 * Prepares data that may be larger than memory as {@link prepareData} does. Centers, scales, means and priors of columns are those of up to 100,000
 * rows, evenly spaced. Rows cannot be dropped.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT for `missing: "drop"`
 */
export async function prepareRows(means: RowReader, options: RowPreparationOptions = {}): Promise<PreparedRows> {
  const { sigma: given, columns, ...others } = options;
  const { sigmaIs, missing, log1p, standardize } = checkOptions(PREPARATION, others);
  if (missing === "drop")
    reject("missing", missing, '"error" or "mean", since rows that are read one after the other cannot be dropped');
  const isReader = typeof given === "object" && "read" in given;
  const isFixed = given !== undefined && (!isReader || (given.rows === 1 && means.rows !== 1));
  const fixed = isFixed ? (isReader ? await given.read([0]) : (given as SigmaLike)) : undefined;
  const sigma = isReader && !isFixed ? given : undefined;
  if (sigma && sigma.rows !== means.rows) {
    reject("sigma", [sigma.rows, sigma.cols], `${means.rows} rows, or one row`, "SHAPE_MISMATCH");
  }
  const isUntouched = missing === "error" && !log1p && standardize === undefined && sigmaIs === "sd";
  if (isUntouched && fixed === undefined && (!sigma || sigma.cols === means.cols)) return { means, sigma };
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
  const substitutes = missing === "mean" && sample ? findSubstitutes(sample.means) : undefined;
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
    means: { ...shape, read: read("means") },
    sigma: given === undefined ? undefined : { ...shape, close: sigma?.close ?? (async () => {}), read: read("sigma") },
  };
}

async function readRaw(
  means: RowReader,
  rows: ArrayLike<number>,
  { form, fixed, sigma }: Preparation,
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

function findSubstitutes(means: Matrix): Substitutes {
  const { rows, cols } = means;
  const [mean, squares, counts] = [new Float64Array(cols), new Float64Array(cols), new Float64Array(cols)];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = means.at(i, j);
      if (Number.isNaN(value)) continue;
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
