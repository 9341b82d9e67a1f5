import { open, stat } from "node:fs/promises";
import { throwIfAborted } from "../abort.js";
import { FileError } from "../errors.js";
import { checkPath } from "./atomic-write.js";
import { asReadError } from "./file-errors.js";

/** Bytes that are read from any position. */
export interface Bytes {
  /** Reads up to `length` bytes into `target` from `offset` on; 0 bytes are read at the end only. */
  read<T extends Uint8Array>(
    target: T,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number; readonly buffer: T }>;
  close(): Promise<void>;
}

/** A file, open for reading. */
export interface OpenFile {
  /** Its name in messages, whose extension may decide the format. */
  readonly path: string;
  readonly handle: Bytes;
  /** Bytes in the file. */
  readonly size: number;
  /** The array or column that `file:name` names. */
  readonly part?: string | undefined;
  /** The path of the file that holds these bytes, where there is one. */
  readonly location?: string | undefined;
  /** Adds what is to be done when the file is closed. */
  whenClosed?(work: () => Promise<void>): void;
}

/**
 * Opens a regular file as it is; the caller closes its handle.
 *
 * @throws {FileError} FILE_READ
 */
export async function openRegularFile(path: string): Promise<OpenFile> {
  checkPath(path);
  return asReadError(path, async () => {
    // The file is checked before it is opened: opening a named pipe would wait until somebody writes into it.
    const status = await stat(path);
    if (!status.isFile()) {
      throw new FileError("FILE_READ", path, status.isDirectory() ? "is a directory" : "is not a regular file");
    }
    return { path, handle: await open(path, "r"), size: status.size, location: path };
  });
}

/**
 * Fills `target` with the bytes of a file from `position` on.
 *
 * @throws {FileError} FILE_FORMAT where the file ends before
 * @throws {AbortError} if `signal` is aborted
 */
export async function readFully(
  file: OpenFile,
  target: Uint8Array,
  position: number,
  signal?: AbortSignal,
): Promise<void> {
  for (let done = 0; done < target.length; ) {
    throwIfAborted(signal);
    const { bytesRead } = await file.handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) {
      const reason = `was shortened while it was read: it ends at byte ${position + done}`;
      throw new FileError("FILE_FORMAT", file.path, reason);
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
  file: OpenFile,
  signal: AbortSignal | undefined,
): (position: number, length: number) => Promise<Uint8Array<ArrayBuffer>> {
  let window = new Uint8Array();
  let start = 0;
  return async (position, length) => {
    if (!(position >= 0 && length >= 0 && position + length <= file.size)) {
      throw new RangeError(`it refers to bytes ${position} to ${position + length} of ${file.size}`);
    }
    if (length > WINDOW_BYTES) {
      const bytes = new Uint8Array(length);
      await readFully(file, bytes, position, signal);
      return bytes;
    }
    if (position < start || position + length > start + window.length) {
      start = position;
      window = new Uint8Array(Math.min(WINDOW_BYTES, file.size - position));
      await readFully(file, window, start, signal);
    }
    return window.slice(position - start, position - start + length);
  };
}

/** The bytes of a file from `start` to `end`, piece after piece. */
export async function* readPieces(
  file: OpenFile,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for (let position = start; position < end; ) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - position));
    await readFully(file, piece, position, signal);
    position += piece.length;
    yield piece;
  }
}

const PIECE_BYTES = 2 ** 18;

/** A part of a file as a file; closing it leaves the whole open. */
export function sliceFile({ handle }: OpenFile, path: string, start: number, size: number): OpenFile {
  return {
    path,
    size,
    handle: {
      read: (target, offset, length, position) =>
        handle.read(target, offset, Math.max(0, Math.min(length, size - position)), start + position),
      close: async () => {},
    },
  };
}
