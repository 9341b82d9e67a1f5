import { open, stat } from "node:fs/promises";
import { FileError, SigmaTsneError } from "../errors.js";
import { throwIfAborted } from "./abort.js";
import { checkPath } from "./atomic-write.js";
import type { Source } from "./format.js";
import { systemReason } from "./system-error.js";

/**
 * Opens a regular file for reading; the caller closes its handle.
 *
 * @throws {FileError} FILE_READ
 */
export async function openSource(path: string): Promise<Source> {
  checkPath(path);
  return asReadError(path, async () => {
    // Looked at before it is opened: opening a named pipe would wait for somebody to write into it.
    const status = await stat(path);
    if (!status.isFile()) {
      throw new FileError("FILE_READ", path, status.isDirectory() ? "is a directory" : "is not a regular file");
    }
    return { path, handle: await open(path, "r"), size: status.size };
  });
}

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
 * Runs `work`, the decoding of a file by a library, with what that throws told as a FileError FILE_FORMAT; what the operating system
 * refuses is thrown on.
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

/**
 * Fills `target` with the bytes of a file from `position` on.
 *
 * @throws {FileError} FILE_FORMAT where the file ends before
 * @throws {AbortError} if `signal` is aborted
 */
export async function readFully(
  source: Source,
  target: Uint8Array,
  position: number,
  signal?: AbortSignal,
): Promise<void> {
  for (let done = 0; done < target.length; ) {
    throwIfAborted(signal);
    const { bytesRead } = await source.handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) {
      const reason = `became shorter while it was read: it ends at byte ${position + done}`;
      throw new FileError("FILE_FORMAT", source.path, reason);
    }
    done += bytesRead;
  }
}

/** Read at once, where less is asked for. */
const WINDOW_BYTES = 2 ** 16;

/**
 * A function that gives bytes of a file from a position on, in memory of their own. Small pieces near each other are one read.
 *
 * @throws {RangeError} beyond the end of the file
 */
export function createByteReader(
  source: Source,
  signal: AbortSignal | undefined,
): (position: number, length: number) => Promise<Uint8Array<ArrayBuffer>> {
  let window = new Uint8Array();
  let start = 0;
  return async (position, length) => {
    if (!(position >= 0 && length >= 0 && position + length <= source.size)) {
      throw new RangeError(`it refers to bytes ${position} to ${position + length} of ${source.size}`);
    }
    if (length > WINDOW_BYTES) {
      const bytes = new Uint8Array(length);
      await readFully(source, bytes, position, signal);
      return bytes;
    }
    if (position < start || position + length > start + window.length) {
      start = position;
      window = new Uint8Array(Math.min(WINDOW_BYTES, source.size - position));
      await readFully(source, window, start, signal);
    }
    return window.slice(position - start, position - start + length);
  };
}
