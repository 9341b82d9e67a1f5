import type { Tsne } from "../tsne/index.js";
import type { PlaceStreamOptions } from "./place.js";

export type { FilterOptions, FilterProgress } from "./filter.js";
export type { PlaceStreamOptions } from "./place.js";

/**
 * Places the rows of an Arrow IPC stream into a map as they come: the stream again, with columns x, y (, z) and divergence, float32, at
 * the end of each batch. All other columns pass as they are, whatever their types, but for those of `options.drop`; a batch goes out for each that comes in. A row
 * gets the same bits however the rows are cut into batches and whatever the threads. Memory holds a few batches.
 *
 * With `options.uncertainty` samples of each row's Gaussian are placed as well, and the columns displacement, var_x, cov_xy, var_y (in two
 * dimensions) and share say how they scatter, as `UncertaintyMeasures` has it. A row's samples are drawn from the seed and the row's
 * own numbers, so that they do not depend on where in which stream it stands.
 *
 * The means, and the standard deviations of a run with sigma, are lists of d numbers, float32 or float64. A row with a null or a value
 * that cannot be used has null in the new columns.
 *
 * @param input bytes of an Arrow IPC stream (or file), in pieces of any size
 * @throws {ArgumentError} for a run that points cannot be placed into, a column that is not there, or of another type or width
 * @throws {FileError} FILE_FORMAT for what is no such stream, or is cut off; what was given out before is then no whole stream
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function* placeStream(
  run: Tsne,
  input: AsyncIterable<Uint8Array>,
  options: PlaceStreamOptions = {},
): AsyncGenerator<Uint8Array> {
  const { placeBatches } = await import("./place.js");
  yield* placeBatches(run, input, options);
}
