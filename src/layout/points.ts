import { abortError } from "../abort.js";
import { shapeMismatch, tooFewPoints } from "../arguments.js";
import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";

/** Checks an embedding for a new layout: n x 2, with n at least `least`. */
export function readEmbedding(points: MatrixLike, least: number): Matrix {
  const embedding = toMatrix(points, "points");
  if (embedding.cols !== 2) throw shapeMismatch("points", embedding, "an embedding of 2 columns");
  if (embedding.rows < least) {
    throw tooFewPoints("points", embedding, `at least ${least} ${least === 1 ? "point" : "points"}`);
  }
  return embedding;
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
