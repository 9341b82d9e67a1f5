import native from "#binding";
import { AbortError, ArgumentError, DataError, type ErrorCode, SigmaTsneError } from "./errors.js";

/** A name of its own: where other bundles than one share it, the bundler hands on the bare import without its default. */
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

/** The package's error for one that the native core threw; anything else passes unchanged. */
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
    case "DIVERGED":
      return new SigmaTsneError("DIVERGED", `${native.message}; take a smaller learningRate`, { cause: error });
    case "OUT_OF_MEMORY":
    case "BUSY":
    case "ADDON_NOT_FOUND":
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

/** Runs `work` and rethrows what the native core throws as the package's errors. */
export function withTranslation<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(error);
  }
}

/**
 * Awaits native work that `cancel` stops: an aborted `signal` makes it reject with an {@link AbortError} whose cause is the
 * signal's reason.
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

/** The error of work that `signal` has stopped. */
export function abortError(signal: AbortSignal): AbortError {
  return new AbortError(undefined, { cause: signal.reason });
}
