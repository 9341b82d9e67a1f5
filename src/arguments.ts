import { closest, distance } from "fastest-levenshtein";
import { ArgumentError, DataError, type ErrorCode } from "./errors.js";
import type { Matrix } from "./matrix.js";

/**
 * Throws an error for the first key of `options` that is not in `known`, and suggests the nearest known one.
 *
 * @param prefix text before the key in the caller's code: `"panels[0]."`
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

/** Throws an error. @throws {ArgumentError} with `code`, by default INVALID_ARGUMENT */
export function reject(argument: string, received: unknown, accepted: string, code?: ErrorCode): never {
  throw new ArgumentError(code ?? "INVALID_ARGUMENT", { argument, received, accepted });
}

/** @throws {ArgumentError} INVALID_ARGUMENT if the options are not an object */
export function requireOptions(options: unknown): asserts options is object {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  reject("options", options, "an object");
}

/** @throws {ArgumentError} INVALID_ARGUMENT if the value is neither undefined nor a signal */
export function requireSignal(signal: unknown): void {
  if (signal === undefined || typeof (signal as AbortSignal | null)?.addEventListener === "function") return;
  reject("signal", signal, "an AbortSignal");
}

/**
 * Returns `value` if it is an integer from `least` to `most`.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT if it is not a number, OUT_OF_RANGE for other numbers
 */
export function requireInteger(value: unknown, argument: string, least: number, most: number): number {
  const accepted = `an integer from ${least} to ${most}`;
  if (typeof value !== "number") reject(argument, value, accepted);
  if (!(Number.isSafeInteger(value) && value >= least && value <= most)) {
    reject(argument, value, accepted, "OUT_OF_RANGE");
  }
  return value;
}

/** A value with the shape of a matrix. */
type Sized = Pick<Matrix, "shape" | "rows" | "cols">;

/** Creates the error for a matrix with a wrong shape. */
export function shapeMismatch(argument: string, matrix: Sized, accepted: string): ArgumentError {
  return new ArgumentError("SHAPE_MISMATCH", factsOfShape(argument, matrix, accepted));
}

/** Creates the error for a matrix with too few rows or columns. */
export function tooFewPoints(argument: string, matrix: Sized, accepted: string): DataError {
  return new DataError("TOO_FEW_POINTS", factsOfShape(argument, matrix, accepted));
}

const factsOfShape = (argument: string, { shape, rows, cols }: Sized, accepted: string) => ({
  argument,
  received: shape,
  accepted,
  message: `${argument}: expected ${accepted}, received ${rows} x ${cols}`,
});
