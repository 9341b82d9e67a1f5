import { badRequest, RequestError } from "./failure.js";

/**
 * Largest request body in bytes: the indices of 100 million points. The limit is fixed, because the number of points is
 * unknown when the server starts.
 */
export const MAX_INDEX_BYTES = 4e8;

/**
 * @throws {RequestError} BAD_REQUEST for an empty body or indices of points that do not exist; TOO_LARGE for more than
 *   n indices
 */
export function readIndices(body: unknown, n: number): Uint32Array {
  if (!(Buffer.isBuffer(body) && body.length > 0 && body.length % 4 === 0)) {
    throw badRequest("expected the numbers of one or more points, four bytes each");
  }
  if (body.length > 4 * n) throw new RequestError(413, "TOO_LARGE", `expected at most ${n} numbers, one per point`);
  const indices = new Uint32Array(new Uint8Array(body).buffer);
  if (indices.some((index) => !(index < n))) throw badRequest(`expected numbers of points from 0 to ${n - 1}`);
  return indices;
}
