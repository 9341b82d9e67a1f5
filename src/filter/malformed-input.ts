import { FileError, SigmaTsneError } from "../errors.js";

/**
 * Runs `work`, which decodes a message. Converts an error caused by a damaged message to a FileError for the input
 * `name`.
 */
export function withMalformedError<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SigmaTsneError) throw cause;
    throw new FileError("FILE_FORMAT", name, "is malformed", { cause });
  }
}
