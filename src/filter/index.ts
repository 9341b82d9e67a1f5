import type { Tsne } from "../tsne/index.js";
import type { PlaceStreamOptions } from "./place-stream.js";

export type { Computation, FilterOptions, FilterProgress, ReportUnusable } from "./computation.js";
export type { PlaceStreamOptions } from "./place-stream.js";

/**
 * Places the rows of an Arrow IPC stream into the embedding of a run while they arrive. The output is the same stream
 * with the float32 columns x, y (and z) and divergence at the end of each batch. All other columns are passed on
 * unchanged, whatever their types, except those in `options.drop`. The output has the same batches as the input. The
 * results of a row are identical to the last bit, however the rows are divided into batches and whatever the number of
 * threads. Only a few batches are in memory at a time.
 *
 * With `options.uncertainty`, draws from the Gaussian of each row are placed as well. The columns displacement, var_x,
 * cov_xy, var_y (in two dimensions) and share describe how the draws scatter; `UncertaintyMeasures` defines them. The
 * draws depend on the seed and on the numbers of the row, not on its position in the stream.
 *
 * The means, and the standard deviations if the run has sigma, are lists of d numbers in float16, float32 or float64. A
 * row with a null or an unusable value has null in the new columns.
 *
 * @param input bytes of an Arrow IPC stream (or file), in pieces of any size
 * @throws {ArgumentError} if points cannot be placed into the run, or if a column is missing or has another type or
 *   width
 * @throws {FileError} FILE_FORMAT if the input is not such a stream or is cut off; the output then does not end like a
 *   complete stream
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function* placeStream(
  run: Tsne,
  input: AsyncIterable<Uint8Array>,
  options: PlaceStreamOptions = {},
): AsyncGenerator<Uint8Array> {
  const { placeBatches } = await import("./place-stream.js");
  yield* placeBatches(run, input, options);
}
