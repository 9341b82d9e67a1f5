import { damagedFile, FileError, SigmaTsneError } from "../errors.js";
import { systemReason } from "./system-error.js";

/** Runs `work` and turns errors of the operating system into a FileError FILE_READ for `path`. */
export async function asReadError<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = systemReason(cause);
    throw reason === undefined ? cause : new FileError("FILE_READ", path, `cannot be read: ${reason}`, { cause });
  }
}

/**
 * Runs `work`, in which a library decodes a file, and turns its errors into a FileError FILE_FORMAT. Errors of the
 * operating system are not changed.
 */
export async function asFormatError<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw toFormatError(path, cause);
  }
}

/** Does the same as {@link asFormatError} for a sequence of pieces. */
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
  return damagedFile(path, `is malformed: ${reason}`, cause);
}
