import { randomUUID } from "node:crypto";
import { type FileHandle, open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { throwIfAborted } from "../abort.js";
import { FileError } from "../errors.js";
import type { Bytes, OpenFile } from "./open-file.js";

/** Number of bytes up to which content is kept in memory. Longer content is written to a temporary file. */
const MEMORY_BYTES = 2 ** 25;
/** Number of bytes that must stay free on the disk of the temporary files. */
const SPARED_BYTES = 2 ** 28;
/** The free space is checked each time this many bytes have been written. */
const CHECK_BYTES = 2 ** 27;

/**
 * Stores a sequence of bytes from a pipe or a compressed file, so that they can be read from any position and more than
 * once. Up to 32 MiB stay in memory. Longer content goes to a temporary file without a name, which disappears when it
 * is closed or the process ends.
 *
 * @param path name of the input in error messages
 * @throws {FileError} FILE_READ if the disk of the temporary files is full
 * @throws whatever the iteration over `pieces` throws
 */
export async function spool(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<OpenFile> {
  let held: Uint8Array[] = [];
  let size = 0;
  let file: FileHandle | undefined;
  try {
    for await (const piece of pieces) {
      throwIfAborted(signal);
      if (file === undefined && size + piece.length > MEMORY_BYTES) {
        file = await openTemporary();
        await writeFully(file, Buffer.concat(held), 0);
        held = [];
      }
      if (file === undefined) held.push(Uint8Array.from(piece));
      else {
        if (Math.floor(size / CHECK_BYTES) !== Math.floor((size + piece.length) / CHECK_BYTES)) await requireRoom(path);
        await writeFully(file, piece, size);
      }
      size += piece.length;
    }
  } catch (error) {
    await file?.close();
    throw isFull(error) ? noRoom(path, error) : error;
  }
  return { path, size, handle: file ?? inMemory(Buffer.concat(held)) };
}

/** Presents bytes in memory as a file. */
export function inMemory(bytes: Buffer): Bytes {
  return {
    read: async (target, offset, length, position) => {
      const part = bytes.subarray(position, position + length);
      target.set(part, offset);
      return { bytesRead: part.length, buffer: target };
    },
    close: async () => {},
  };
}

async function openTemporary(): Promise<FileHandle> {
  const path = join(tmpdir(), `sigma-tsne-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600);
  // After its name is removed, the file stays readable through its handle, and no other process can find it.
  await rm(path);
  return file;
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

async function requireRoom(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize < SPARED_BYTES) throw noRoom(path);
}

const isFull = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.code === "ENOSPC";

const noRoom = (path: string, cause?: unknown): FileError =>
  new FileError(
    "FILE_READ",
    path,
    `does not fit into ${tmpdir()}: expected space for its content in the folder of temporary files. Delete files there, or choose another folder with TMPDIR`,
    { cause },
  );
