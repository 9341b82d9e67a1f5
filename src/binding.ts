import native from "#binding";
import { abortError } from "./abort.js";
import { AbortError, ArgumentError, DataError, type ErrorCode, SigmaTsneError } from "./errors.js";

if (native.failure) throw unavailable(native.failure);

/**
 * Creates the error for a platform on which neither backend can be loaded. Most programs fail with it when they start, so
 * its stack is its message, unless SIGMA_TSNE_DEBUG is 1.
 */
function unavailable(failure: Error): SigmaTsneError {
  const isDebugging = process.env.SIGMA_TSNE_DEBUG === "1";
  const error = new SigmaTsneError("ADDON_NOT_FOUND", failure.message, isDebugging ? { cause: failure } : {});
  if (!isDebugging) error.stack = `${error.name}: ${error.message}`;
  return error;
}

/**
 * Export the binding under a name of its own: if several bundles re-export the import directly, the bundler loses its
 * default.
 */
export const binding = native;
export type NativeOptions = native.NativeOptions;
export type NativeFarValue = native.NativeFarValue;
export type NativeProgress = native.NativeProgress;
export type NativeRun = InstanceType<typeof native.Run>;
export type NativeStateArray = native.NativeStateArray;
export type NativeStateShape = native.NativeStateShape;

interface NativeError extends Error {
  code: string;
  argument?: string;
  row?: number;
  column?: number;
  value?: number;
}

/** Converts an error of the native core to an error of the package. Other values are returned unchanged. */
export function translate(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const native = error as NativeError;
  switch (native.code) {
    case "ABORTED":
      return new AbortError();
    case "NOT_FINITE":
    case "NEGATIVE_SIGMA":
      return new DataError(native.code, {
        argument: native.argument ?? "data",
        received: native.value,
        accepted: /sigma$/i.test(native.argument ?? "") ? "finite standard deviations >= 0" : "finite numbers",
        ...(native.row === undefined ? {} : { row: native.row }),
        ...(native.column === undefined ? {} : { column: native.column }),
      });
    case "NEGATIVE_VARIANCE":
    case "NOT_SYMMETRIC":
    case "NEGATIVE_EIGENVALUE":
      return badCovariance(native.code, native);
    case "DIVERGED":
      return new SigmaTsneError("DIVERGED", `${native.message}. Use a smaller learningRate`, { cause: error });
    case "OUT_OF_MEMORY":
      return new SigmaTsneError("OUT_OF_MEMORY", withAdvice(native.message), { cause: error });
    case "BUSY":
      return new SigmaTsneError(native.code as ErrorCode, native.message, { cause: error });
    case "INVALID_ARGUMENT":
      return new ArgumentError(native.code, {
        argument: "options",
        received: undefined,
        accepted: "a value that the core accepts",
        message: native.message,
      });
    default:
      return error;
  }
}

/** Adds advice to the message about an allocation that failed. The message about threads contains its own advice. */
const withAdvice = (message: string) =>
  message === "not enough memory" ? "not enough memory. Use fewer points or fewer dimensions" : message;

/** Creates the error for an invalid covariance, with the row of its point. */
function badCovariance(reason: keyof typeof COVARIANCE_ERRORS, native: NativeError): DataError {
  const { argument = "covariance", row, value } = native;
  const { accepted, found } = COVARIANCE_ERRORS[reason];
  const shown = Number(value?.toPrecision(6));
  return new DataError("NOT_A_COVARIANCE", {
    argument,
    received: value,
    accepted,
    ...(row !== undefined && { row }),
    ...(native.column !== undefined && { column: native.column }),
    message: `${argument}: expected ${accepted}. The matrix of row ${row} ${found(shown)}.`,
  });
}

const COVARIANCE_ERRORS = {
  NEGATIVE_VARIANCE: {
    accepted: "variances >= 0 on the diagonal of each matrix",
    found: (value: number) => `has the variance ${value}`,
  },
  NOT_SYMMETRIC: {
    accepted: "symmetric matrices",
    found: (value: number) => `has the entry ${value}, which differs from the entry across the diagonal`,
  },
  NEGATIVE_EIGENVALUE: {
    accepted: "matrices without negative eigenvalues",
    found: () => "has a negative eigenvalue, so it cannot be a covariance",
  },
};

/** Runs `work` and converts errors of the native core to errors of the package. */
export function withTranslation<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(error);
  }
}

/**
 * Awaits native work. If `signal` is aborted, `cancel` stops the work, and the promise is rejected with an {@link
 * AbortError} whose cause is the signal's reason.
 */
export async function awaitNative<T>(
  work: Promise<T>,
  cancel: () => void,
  signal: AbortSignal | undefined,
): Promise<T> {
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await work;
  } catch (error) {
    if (signal?.aborted && (error as { code?: unknown }).code === "ABORTED") throw abortError(signal);
    throw translate(error);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
