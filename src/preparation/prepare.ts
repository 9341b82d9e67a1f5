import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { boolean, checkOptions, choice, type OptionValues } from "../options/index.js";
import type { FittedPreparation } from "./fitted-preparation.js";
import { logOfCounts } from "./log1p.js";
import { type Measurements, MISSING, treatMissing } from "./missing-values.js";
import { findPrior, toMeasurements } from "./posterior.js";
import { SIGMA_FORMS, type SigmaForm, type SigmaLike, toSigma } from "./sigma-forms.js";
import { applyScales, columnScales, extremeSpreads, STANDARDIZATIONS } from "./standardize.js";

/**
 * Meanings of the numbers given as sigma: a form of the standard deviations of measurements, or standard deviations of
 * posteriors.
 */
export const SIGMA_MEANINGS = [...SIGMA_FORMS, "posterior"] as const;
export type SigmaMeaning = (typeof SIGMA_MEANINGS)[number];

/** The options of {@link prepareData} that are also options of the command line. */
export const PREPARATION = {
  /**
   * Meaning of the numbers of `sigma`. Default `"sd"`, standard deviations of measurements. `"posterior"` means
   * standard deviations of posteriors, which the encoder of a variational autoencoder returns: data and sigma are
   * converted to the measurements that would lead to these posteriors. Use it with the distance `"likelihood-ratio"`:
   * its formula contains the prior, which codes already contain.
   */
  sigmaIs: choice(SIGMA_MEANINGS, {
    default: "sd",
    help: "what the numbers of sigma mean: sd, variance, log-variance, inverse-variance, or posterior (standard deviations of an autoencoder's codes)",
    guide:
      "what the numbers of `sigma` mean; they are converted to standard deviations. `posterior` converts codes of an autoencoder to measurements, see below",
  }),
  /**
   * Treatment of missing values (NaN, or a value whose standard deviation is NaN). `"error"` reports the first one, and
   * `"drop"` leaves out its row. `"mean"` replaces it by the mean of the column; with sigma, its standard deviation
   * becomes the spread of the column.
   */
  missing: choice(MISSING, {
    default: "error",
    help: "what to do with missing values: error; drop, which leaves out the rows; or mean, which uses the mean of the column",
    guide: "what to do with missing values: report an error, leave out their rows, or use the mean of the column",
  }),
  /** Replaces counts x by log(1 + x) before columns are scaled. Default `false`. */
  log1p: boolean({
    default: false,
    help: "replace counts x by log(1 + x), before --standardize",
    defaultText: "",
    guide: "replace counts x by log(1 + x); standard deviations s become s / (1 + x)",
  }),
  /**
   * Scales all columns to a common scale: `"zscore"` uses mean and standard deviation, `"robust"` uses median and
   * interquartile range / 1.349. Standard deviations are divided by the same scale. Default: columns are not scaled.
   */
  standardize: choice(STANDARDIZATIONS, {
    help: "bring all columns to the same scale: zscore, by mean and standard deviation, or robust, by median and quartiles",
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
  /** The row in the input of each row, if rows were dropped; `withGaps` restores the original rows in results. */
  readonly kept: Int32Array | undefined;
  /** The preparation to apply to new data, for `Tsne.save`; `undefined` if the units of the data were not changed. */
  readonly preparation: FittedPreparation | undefined;
  /**
   * Notes for the reader of a result, in sentences: dropped rows, replaced values, columns of very different spread.
   */
  readonly notes: readonly string[];
}

/** Returns the form of the numbers, without the meaning as posteriors. */
export const formOf = (meaning: SigmaMeaning): SigmaForm => (meaning === "posterior" ? "sd" : meaning);

/**
 * Ratio of spreads above which a warning is given, because columns of small spread then have no effect on distances.
 */
const MOST_UNEQUAL = 100;

/**
 * Prepares data for a run. The steps are, in this order: conversion of standard deviations from any form, treatment of
 * missing values, conversion of posteriors, log(1 + x) of counts, and a common scale of the columns. The input is not
 * changed.
 *
 * @throws {ArgumentError} for options that do not exist, or a wrong shape of sigma
 * @throws {DataError} with the row and column, for a missing value, a negative variance or a negative count
 *
 * @example
 * const { means, sigma, kept } = prepareData(data, { sigma: ivar, sigmaIs: "inverse-variance", missing: "drop" });
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

/** Returns a sentence about dropped rows. */
export const describeDropped = (dropped: number, rows: number): string =>
  `${count(dropped, "row")} of ${rows} left out, because a value is missing.`;

/** Whether a note of {@link prepareData} is about columns of unequal spread. */
export const isSpreadNote = (note: string): boolean => note.startsWith("The spreads of the columns");

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
