import { logOfCounts } from "./log1p.js";
import type { Measurements } from "./missing-values.js";
import { type Prior, toMeasurements } from "./posterior.js";
import { applyScales, type ColumnScales } from "./standardize.js";

/**
 * The preparation that was applied to the data of a run. The same preparation converts new data to the units of the
 * run.
 */
export interface FittedPreparation {
  /** Whether values x were replaced by log(1 + x). */
  readonly log1p: boolean;
  /** Centers and scales of the columns; `undefined` if they were not standardized. */
  readonly scales: ColumnScales | undefined;
  /** The prior with which posteriors were converted to measurements; `undefined` if the data were measurements. */
  readonly prior?: Prior | undefined;
}

/**
 * Applies the preparation of a run to new data.
 *
 * @throws {DataError} OUT_OF_RANGE for a negative count
 */
export function applyPreparation(preparation: FittedPreparation, measurements: Measurements): Measurements {
  const measured = preparation.prior ? toMeasurements(measurements, preparation.prior) : measurements;
  const logs = preparation.log1p ? logOfCounts(measured) : measured;
  return preparation.scales ? applyScales(logs, preparation.scales) : logs;
}
