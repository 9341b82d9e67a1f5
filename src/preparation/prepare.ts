import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { boolean, checkOptions, choice, type OptionValues } from "../options/index.js";
import type { FittedPreparation } from "./fitted-preparation.js";
import { logOfCounts } from "./log1p.js";
import { type Measurements, MISSING, treatMissing } from "./missing-values.js";
import { findPrior, toMeasurements } from "./posterior.js";
import { SIGMA_FORMS, type SigmaForm, type SigmaLike, toSigma } from "./sigma-forms.js";
import { applyScales, columnScales, extremeSpreads, STANDARDIZATIONS } from "./standardize.js";

/** What the numbers given as sigma can be: a form of standard deviations of measurements, or those of posteriors. */
export const SIGMA_MEANINGS = [...SIGMA_FORMS, "posterior"] as const;
export type SigmaMeaning = (typeof SIGMA_MEANINGS)[number];

/** The options of {@link prepareData} that are also options of the command line. */
export const PREPARATION = {
  /**
   * What the numbers of `sigma` are. Default `"sd"`, standard deviations of measurements. `"posterior"` means standard deviations of
   * posteriors, as an encoder of a variational autoencoder gives them: data and sigma are turned into the measurements that would lead to these
   * posteriors. Use it with the distance `"likelihood-ratio"`, whose formula contains the prior: codes contain it already.
   */
  sigmaIs: choice(SIGMA_MEANINGS, {
    default: "sd",
    help: "meaning of sigma: sd, variance, log-variance, inverse-variance, or posterior: sd of the codes of an autoencoder",
    guide:
      "what the numbers of `sigma` are; they are turned into standard deviations. `posterior` turns codes of an autoencoder into measurements, see below",
  }),
  /**
   * What happens to missing values (NaN, or a value whose standard deviation is NaN). `"error"` reports the first one, `"drop"` leaves out its
   * row, `"mean"` replaces it by the mean of the column and, with sigma, gives it the spread of the column as its standard deviation.
   */
  missing: choice(MISSING, {
    default: "error",
    help: "what to do with missing values: error; drop, which leaves out the rows; or mean, which uses the mean of the column",
    guide:
      "treatment of missing values: an error, their rows are left out, or the mean of the column takes their place",
  }),
  /** Takes log(1 + x) of counts before anything else. Default `false`. */
  log1p: boolean({
    default: false,
    help: "replace counts x by log(1 + x), before --standardize",
    defaultText: "",
    guide: "take log(1 + x) of counts; standard deviations become s / (1 + x)",
  }),
  /**
   * Brings all columns to one scale: `"zscore"` by mean and standard deviation, `"robust"` by median and interquartile range / 1.349.
   * Standard deviations are divided by the same scale. Default: columns stay as they are.
   */
  standardize: choice(STANDARDIZATIONS, {
    help: "one scale for all columns: zscore, by mean and standard deviation, or robust, by median and quartiles",
    guide: "bring all columns to one scale; standard deviations are divided by the same scale",
  }),
};

/** Options of {@link prepareData}. All are optional. */
export interface PreparationOptions extends OptionValues<typeof PREPARATION> {
  /** Standard deviations in any of their forms. */
  sigma?: SigmaLike | undefined;
  /** Names of the columns, for errors and warnings. */
  columns?: readonly string[] | undefined;
}

/** Data that is ready to be embedded. */
export interface PreparedData extends Measurements {
  readonly means: Matrix;
  /** n x d, `undefined` without sigma. */
  readonly sigma: Matrix | undefined;
  /** The row in the input of each row, where rows were dropped; `withGaps` puts results back in these rows. */
  readonly kept: Int32Array | undefined;
  /** What brings new data to the same units, for `Tsne.save`; `undefined` where the data are in their own units. */
  readonly preparation: FittedPreparation | undefined;
  /** What a reader of the result should know, in sentences: rows that were dropped, values that were replaced, columns of unequal spread. */
  readonly notes: readonly string[];
}

/** The form of the numbers themselves. */
export const formOf = (meaning: SigmaMeaning): SigmaForm => (meaning === "posterior" ? "sd" : meaning);

/** Spreads that differ more than this call for a warning: the columns of small spread have no say in distances. */
const MOST_UNEQUAL = 100;

/**
 * Prepares data for a run: standard deviations in any form, missing values, posteriors, log(1 + x) of counts and a common scale of the columns, in
 * this order. The input is not changed.
 *
 * @throws {ArgumentError} for options that do not exist, or another shape of sigma
 * @throws {DataError} with the row and column, for a missing value, a negative variance or a negative count
 *
 * @example
 * const { means, sigma, kept } = prepareData(data, { sigma: ivar, sigmaIs: "inverse-variance", missing: "drop", standardize: "zscore" });
 */
export function prepareData(means: MatrixLike, options: PreparationOptions = {}): PreparedData {
  const { sigma: given, columns, ...others } = options;
  const { sigmaIs, missing, log1p, standardize } = checkOptions(PREPARATION, others);
  const matrix = toMatrix(means, "data");
  const sigma = given === undefined ? undefined : toSigma(given, matrix.shape, formOf(sigmaIs));
  const { kept, replaced, ...complete } = treatMissing({ means: matrix, sigma }, missing, columns);
  const notes: string[] = [];
  const dropped = kept ? matrix.rows - kept.length : 0;
  if (dropped > 0) notes.push(describeDropped(dropped, matrix.rows));
  if (replaced > 0) notes.push(`${count(replaced, "missing value")} replaced by the mean of the column.`);
  const prior = sigmaIs === "posterior" ? findPrior(complete) : undefined;
  const measured = prior ? toMeasurements(complete, prior) : complete;
  const logs = log1p ? logOfCounts(measured) : measured;
  if (standardize !== undefined) {
    const scales = columnScales(logs.means, standardize);
    return { ...applyScales(logs, scales), kept, notes, preparation: { log1p, scales, prior } };
  }
  const preparation = log1p || prior ? { log1p, scales: undefined, prior } : undefined;
  const warning = describeSpreads(logs.means, columns);
  return { ...logs, kept, preparation, notes: warning === undefined ? notes : [...notes, warning] };
}

function describeSpreads(means: Matrix, columns: readonly string[] | undefined): string | undefined {
  const extremes = extremeSpreads(means);
  if (!extremes) return undefined;
  const { least, greatest } = extremes;
  if (!(greatest.spread > MOST_UNEQUAL * least.spread)) return undefined;
  const show = ({ column, spread }: { column: number; spread: number }) =>
    `${spread.toPrecision(3)} (${columns?.[column] ?? `column ${column}`})`;
  return `The spreads of the columns range from ${show(least)} to ${show(greatest)}, so that distances hardly depend on some columns. Where units differ, standardize the columns.`;
}

/** A sentence about rows that were dropped. */
export const describeDropped = (dropped: number, rows: number): string =>
  `${count(dropped, "row")} of ${rows} left out, because a value is missing.`;

/** Whether a note of {@link prepareData} is about columns of unequal spread. */
export const isSpreadNote = (note: string): boolean => note.startsWith("The spreads of the columns");

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
