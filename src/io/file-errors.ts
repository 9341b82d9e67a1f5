import { FileError, SigmaTsneError } from "../errors.js";
import { systemReason } from "./system-error.js";

/** Runs `work`, with what the operating system refuses told as a FileError FILE_READ of `path`. */
export async function asReadError<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = systemReason(cause);
    throw reason === undefined ? cause : new FileError("FILE_READ", path, `cannot be read: ${reason}`, { cause });
  }
}

/**
 * Runs `work`, in which a library decodes a file, and turns its errors into a FileError FILE_FORMAT; errors of the operating system
 * are thrown unchanged.
 */
export async function asFormatError<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw toFormatError(path, cause);
  }
}

/** The same for what comes piece after piece. */
export async function* withFormatErrors<T>(path: string, pieces: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* pieces;
  } catch (cause) {
    throw toFormatError(path, cause);
  }
}

function toFormatError(path: string, cause: unknown): unknown {
  if (cause instanceof SigmaTsneError || systemReason(cause) !== undefined) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FileError("FILE_FORMAT", path, `is malformed: ${reason}`, { cause });
}
