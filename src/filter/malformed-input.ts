import { damagedFile, SigmaTsneError } from "../errors.js";
import { WRITE_AGAIN } from "../io/ipc/index.js";

/**
 * Runs `work`, which decodes a message. Converts an error caused by a damaged message to a FileError for the input
 * `name`.
 */
export function withMalformedError<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SigmaTsneError) throw cause;
    throw damagedFile(name, "is malformed", cause, WRITE_AGAIN);
  }
}
