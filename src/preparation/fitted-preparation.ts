import { logOfCounts } from "./log1p.js";
import type { Measurements } from "./missing-values.js";
import { type Prior, toMeasurements } from "./posterior.js";
import { applyScales, type ColumnScales } from "./standardize.js";

/** The preparation that the data of a run had, with which new data come to the same units. */
export interface FittedPreparation {
  /** Whether log(1 + x) was taken. */
  readonly log1p: boolean;
  /** Centers and scales of the columns; `undefined` where they were not standardized. */
  readonly scales: ColumnScales | undefined;
  /** The prior of posteriors, which were turned into measurements; `undefined` for measurements. */
  readonly prior?: Prior | undefined;
}

/**
 * Prepares new data as the data of a run were prepared.
 *
 * @throws {DataError} OUT_OF_RANGE for a negative count
 */
export function applyPreparation(preparation: FittedPreparation, measurements: Measurements): Measurements {
  const measured = preparation.prior ? toMeasurements(measurements, preparation.prior) : measurements;
  const logs = preparation.log1p ? logOfCounts(measured) : measured;
  return preparation.scales ? applyScales(logs, preparation.scales) : logs;
}
