import { closest, distance } from "fastest-levenshtein";
import { ArgumentError, DataError, type ErrorCode } from "./errors.js";
import type { Matrix } from "./matrix.js";

/**
 * Throws for the first key of `options` that is not among `known`, naming the nearest one that is.
 *
 * @param prefix what stands before the key in the caller's code: `"panels[0]."`
 */
export function rejectUnknown(options: object, known: readonly string[], prefix = ""): void {
  for (const [key, received] of Object.entries(options)) {
    if (known.includes(key)) continue;
    const near = closest(key, known);
    const isNear = distance(key.toLowerCase(), near.toLowerCase()) <= Math.max(2, key.length / 3);
    const list = known.join(", ");
    throw new ArgumentError("UNKNOWN_OPTION", {
      argument: prefix + key,
      received,
      accepted: `one of ${list}`,
      message: `unknown option "${prefix}${key}"; ${isNear ? `did you mean "${near}"?` : `the options are ${list}`}`,
    });
  }
}

/** @throws {ArgumentError} in any case, with `code`: INVALID_ARGUMENT by default */
export function reject(argument: string, received: unknown, accepted: string, code?: ErrorCode): never {
  throw new ArgumentError(code ?? "INVALID_ARGUMENT", { argument, received, accepted });
}

/** @throws {ArgumentError} INVALID_ARGUMENT for options that are no plain object */
export function requireOptions(options: unknown): asserts options is object {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  reject("options", options, "an object");
}

/** @throws {ArgumentError} INVALID_ARGUMENT for a signal that is given and none */
export function requireSignal(signal: unknown): void {
  if (signal === undefined || typeof (signal as AbortSignal | null)?.addEventListener === "function") return;
  reject("signal", signal, "an AbortSignal");
}

/**
 * `value`, if it is an integer from `least` to `most`.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT for other values than numbers, OUT_OF_RANGE for other numbers
 */
export function requireInteger(value: unknown, argument: string, least: number, most: number): number {
  const accepted = `an integer from ${least} to ${most}`;
  if (typeof value !== "number") reject(argument, value, accepted);
  if (!(Number.isSafeInteger(value) && value >= least && value <= most)) {
    reject(argument, value, accepted, "OUT_OF_RANGE");
  }
  return value;
}

/** What has the shape of a matrix. */
type Sized = Pick<Matrix, "shape" | "rows" | "cols">;

/** The error of a matrix whose shape does not fit. */
export function shapeMismatch(argument: string, matrix: Sized, accepted: string): ArgumentError {
  return new ArgumentError("SHAPE_MISMATCH", factsOfShape(argument, matrix, accepted));
}

/** The error of a matrix with too few rows or columns to compute with. */
export function tooFewPoints(argument: string, matrix: Sized, accepted: string): DataError {
  return new DataError("TOO_FEW_POINTS", factsOfShape(argument, matrix, accepted));
}

const factsOfShape = (argument: string, { shape, rows, cols }: Sized, accepted: string) => ({
  argument,
  received: shape,
  accepted,
  message: `${argument}: expected ${accepted}, received ${rows} x ${cols}`,
});
