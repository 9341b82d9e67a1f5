import { shapeMismatch, tooFewPoints } from "../arguments.js";
import { abortError } from "../binding.js";
import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";

/** A map that can be laid out anew: n x 2 with n of at least `least`. */
export function readMap(points: MatrixLike, least: number): Matrix {
  const map = toMatrix(points, "points");
  if (map.cols !== 2) throw shapeMismatch("points", map, "a map of 2 columns");
  if (map.rows < least) {
    throw tooFewPoints("points", map, `at least ${least} ${least === 1 ? "point" : "points"}`);
  }
  return map;
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
