import { FileError, SigmaTsneError } from "../errors.js";

/** Runs `work`, which decodes a message. An error that a damaged message causes becomes a FileError of the input called `name`. */
export function withMalformedError<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SigmaTsneError) throw cause;
    throw new FileError("FILE_FORMAT", name, "is malformed", { cause });
  }
}
