import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, type FileHandle, open, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { throwIfAborted } from "../abort.js";
import { requireOptions } from "../arguments.js";
import { ArgumentError, FileError } from "../errors.js";
import { systemReason } from "./system-error.js";

/** Content of a file: bytes, text (written as UTF-8), or a sequence of pieces of either. */
export type FileContent = Uint8Array | string | Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/** Options of {@link writeFileAtomic}. */
export interface WriteOptions {
  /** Stops the writing and leaves no file. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws {ArgumentError} INVALID_ARGUMENT for a value that is not a path */
export function checkPath(path: unknown): asserts path is string {
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "path", received: path, accepted: "the path of a file" });
  }
}

/**
 * Checks before a long computation that its result can be written to `path`: the folder must exist and accept a new
 * file, and an existing file must be replaceable.
 *
 * @throws {FileError} FILE_WRITE with the reason why it cannot be written
 */
export async function assertWritable(path: string): Promise<void> {
  checkPath(path);
  await asFileError(path, async () => {
    const target = await findTarget(path);
    if (target.kind !== "file") return;
    // Permission bits do not reflect access lists, read-only mounts or quotas. Creating a file tests all of them.
    const { handle, temporary } = await createTemporary(target.path);
    await handle.close();
    await rm(temporary);
  });
}

/**
 * Writes a file so that `path` always holds either all of its old content or all of `content`. The content goes to a
 * temporary file in the same folder, which replaces `path` when it is complete and on the disk. After a failure `path`
 * is unchanged and the temporary file is removed.
 *
 * A symbolic link is followed. A new file gets the permissions of the file that it replaces. Devices, named pipes,
 * /dev/stdout and /dev/stderr are written to directly.
 *
 * @throws {FileError} FILE_WRITE if the file cannot be written
 * @throws {AbortError} if `options.signal` is aborted
 * @throws whatever the iteration over `content` throws
 */
export async function writeFileAtomic(path: string, content: FileContent, options: WriteOptions = {}): Promise<void> {
  checkPath(path);
  requireOptions(options);
  const { signal } = options;
  await asFileError(path, async () => {
    const pieces = piecesOf(content, signal);
    const target = await findTarget(path);
    if (target.kind === "stream") {
      await pipeline(Readable.from(pieces), target.stream, { end: false });
    } else if (target.kind === "device") {
      const handle = await open(path, "w");
      try {
        for await (const piece of pieces) await handle.writeFile(piece);
      } finally {
        await handle.close();
      }
    } else {
      await replace(target, pieces);
    }
  });
}

type Target =
  | { kind: "stream"; stream: Writable }
  /** Anything that exists and is neither a regular file nor a folder. */
  | { kind: "device" }
  /** A regular file, with the permissions of the existing file if there is one. */
  | { kind: "file"; path: string; mode: number | undefined };

async function findTarget(path: string): Promise<Target> {
  // Opening these paths would fail if they are sockets, and would truncate them if they are files.
  if (path === "/dev/stdout") return { kind: "stream", stream: process.stdout };
  if (path === "/dev/stderr") return { kind: "stream", stream: process.stderr };
  const status = await stat(path).catch(ignoreMissing);
  if (!status) return { kind: "file", path: await followLinks(path), mode: undefined };
  if (status.isDirectory()) throw new FileError("FILE_WRITE", path, "is a folder: expected the path of a file");
  await access(path, constants.W_OK);
  if (!status.isFile()) return { kind: "device" };
  return { kind: "file", path: await realpath(path), mode: status.mode & 0o777 };
}

/** Returns the target of a link whose target does not exist yet; realpath refuses such links. */
async function followLinks(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch((cause) => {
    throw folderError(path, cause);
  });
  const file = join(folder, basename(path));
  const link = await readlink(file).catch(ignoreMissing);
  if (link === undefined) return file;
  return followLinks(isAbsolute(link) ? link : `${folder}/${link}`);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

async function createTemporary(path: string): Promise<{ handle: FileHandle; temporary: string }> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    return { handle: await open(temporary, "wx"), temporary };
  } catch (cause) {
    throw folderError(path, cause);
  }
}

function folderError(path: string, cause: unknown): FileError {
  const reason = systemReason(cause) ?? String(cause);
  return new FileError("FILE_WRITE", path, `cannot be written into folder ${dirname(path)}: ${reason}`, { cause });
}

async function replace(
  target: { path: string; mode: number | undefined },
  pieces: AsyncIterable<Uint8Array | string>,
): Promise<void> {
  const { handle, temporary } = await createTemporary(target.path);
  try {
    try {
      if (target.mode !== undefined) await handle.chmod(target.mode);
      for await (const piece of pieces) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target.path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Large content is written in pieces, so that an abort takes effect within 16 MiB. */
const PIECE_BYTES = 2 ** 24;

async function* piecesOf(content: FileContent, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array | string> {
  for await (const piece of typeof content === "string" || content instanceof Uint8Array ? [content] : content) {
    if (typeof piece === "string") {
      throwIfAborted(signal);
      yield piece;
      continue;
    }
    for (let start = 0; start < piece.length; start += PIECE_BYTES) {
      throwIfAborted(signal);
      yield piece.subarray(start, start + PIECE_BYTES);
    }
  }
  throwIfAborted(signal);
}

async function asFileError(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const reason = systemReason(cause);
    throw reason === undefined ? cause : new FileError("FILE_WRITE", path, `cannot be written: ${reason}`, { cause });
  }
}
