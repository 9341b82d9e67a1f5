import { open, stat } from "node:fs/promises";
import { throwIfAborted } from "../abort.js";
import { damagedFile, FileError } from "../errors.js";
import { checkPath } from "./atomic-write.js";
import { asReadError } from "./file-errors.js";

/** A source of bytes that can be read from any position. */
export interface Bytes {
  /** Reads up to `length` bytes into `target`, starting at `offset`. Returns 0 bytes only at the end. */
  read<T extends Uint8Array>(
    target: T,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number; readonly buffer: T }>;
  close(): Promise<void>;
}

/** A file that is open for reading. */
export interface OpenFile {
  /** Name of the file in messages. Its extension may decide the format. */
  readonly path: string;
  readonly handle: Bytes;
  /** Size of the file in bytes. */
  readonly size: number;
  /** The array or column that `file:name` names. */
  readonly part?: string | undefined;
  /** The path of the file that holds these bytes, if there is one. */
  readonly location?: string | undefined;
  /** Registers work to do when the file is closed. */
  whenClosed?(work: () => Promise<void>): void;
}

/**
 * Opens a regular file without decompressing it. The caller closes its handle.
 *
 * @throws {FileError} FILE_READ
 */
export async function openRegularFile(path: string): Promise<OpenFile> {
  checkPath(path);
  return asReadError(path, async () => {
    // Check the file before opening it, because opening a named pipe would wait until another program writes to it.
    const status = await stat(path);
    if (!status.isFile()) {
      throw new FileError(
        "FILE_READ",
        path,
        status.isDirectory() ? "is a folder: expected a file" : "is not a regular file: expected a file",
      );
    }
    return { path, handle: await open(path, "r"), size: status.size, location: path };
  });
}

/**
 * Fills `target` with the bytes of a file, starting at `position`.
 *
 * @throws {FileError} FILE_FORMAT if the file ends before `target` is full
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
      throw damagedFile(file.path, reason, undefined, "Wait until the file is complete, and read it again");
    }
    done += bytesRead;
  }
}

/** Minimum size of one read. */
const WINDOW_BYTES = 2 ** 16;

/**
 * Creates a function that returns bytes of a file from a given position, copied into new memory. Small pieces close to
 * each other are fetched by one read.
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

/** Reads the bytes of a file from `start` to `end` in pieces. */
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

/** Presents a part of a file as a file. Closing the part leaves the whole file open. */
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
