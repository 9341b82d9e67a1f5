import { AsyncLocalStorage } from "node:async_hooks";
import { constants, existsSync, openSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import { addAbortSignal } from "node:stream";
import { isatty } from "node:tty";
import { throwIfAborted } from "../abort.js";
import { FileError } from "../errors.js";
import { checkPath } from "./atomic-write.js";
import { findCompression } from "./decompression.js";
import { asReadError } from "./file-errors.js";
import { type OpenFile, openRegularFile, readPieces } from "./open-file.js";
import { spool } from "./spool.js";
import { decodeUtf16, isUtf16 } from "./utf16.js";

/** The path that means standard input. */
export const STANDARD_INPUT = "-";

/** Returns a path as it appears in messages. */
export const inputName = (path: string): string => (path === STANDARD_INPUT ? "standard input" : path);

/** The content of the pipes that have been read, by path. It is kept because a pipe can be read only once. */
type PipesRead = Map<string, Promise<OpenFile>>;

const pipesRead = new AsyncLocalStorage<PipesRead>();

/**
 * Runs `work` so that standard input and pipes can be read more than once. The content of pipes is kept until `work` is
 * done.
 */
export async function withPipes<T>(work: () => Promise<T>): Promise<T> {
  const read: PipesRead = new Map();
  try {
    return await pipesRead.run(read, work);
  } finally {
    for (const opened of read.values()) await opened.then(({ handle }) => handle.close()).catch(() => {});
  }
}

/**
 * Opens the content of a file: a regular file, `-` for standard input, a pipe, or `file:name` for one array of a file
 * with several. Content compressed with gzip or Zstandard is decompressed, and UTF-16 text is converted to UTF-8. The
 * caller must close the returned handle.
 *
 * @throws {FileError} FILE_READ if the file cannot be read, FILE_FORMAT if it cannot be decompressed
 * @throws {AbortError} if `signal` is aborted
 */
export async function openFile(path: string, signal?: AbortSignal): Promise<OpenFile> {
  checkPath(path);
  const { file: name, part } = splitPart(path);
  return asReadError(path, async () => {
    const file = (await isPipe(name)) ? await openPipe(name, signal) : await openRegularFile(name);
    const opened = await unwrap(file, signal);
    return { ...withClosing(opened), part };
  });
}

/** A file that runs additional work when it is closed. */
function withClosing(file: OpenFile): OpenFile {
  const closing: (() => Promise<void>)[] = [];
  return {
    ...file,
    whenClosed: (work) => void closing.push(work),
    handle: {
      read: (...args) => file.handle.read(...args),
      async close() {
        for (const work of closing.splice(0)) await work();
        await file.handle.close();
      },
    },
  };
}

/**
 * Splits a path `file:name` into the file and the name of an array in it. If there is a file with the whole path as its
 * name, the path is not split.
 */
export function splitPart(path: string): { readonly file: string; readonly part: string | undefined } {
  const at = path.lastIndexOf(":");
  if (at <= 0 || at === path.length - 1 || existsSync(path)) return { file: path, part: undefined };
  const file = path.slice(0, at);
  return existsSync(file) || file === STANDARD_INPUT
    ? { file, part: path.slice(at + 1) }
    : { file: path, part: undefined };
}

/**
 * Decompresses a compressed file and converts UTF-16 text to UTF-8, so that the formats can read the content. Returns
 * other files unchanged.
 */
async function unwrap(file: OpenFile, signal: AbortSignal | undefined): Promise<OpenFile> {
  const { buffer: head, bytesRead } = await file.handle.read(Buffer.alloc(4), 0, 4, 0);
  const beginning = head.subarray(0, bytesRead);
  const compression = findCompression(beginning);
  if (!compression && !isUtf16(beginning)) return file;
  try {
    const pieces = readPieces(file, 0, file.size, signal);
    const unpacked = compression ? compression.decompress(file.path, pieces) : decodeUtf16(file.path, pieces);
    const content = await spool(file.path, unpacked, signal);
    return compression ? await unwrap(content, signal) : content;
  } finally {
    await file.handle.close();
  }
}

async function isPipe(path: string): Promise<boolean> {
  // A pipe of the shell may be closed after it was read, and its path then no longer exists.
  if (path === STANDARD_INPUT || pipesRead.getStore()?.has(path)) return true;
  const status = await stat(path).catch(() => undefined);
  return status !== undefined && (status.isFIFO() || status.isSocket() || path === "/dev/stdin");
}

/** Reads a pipe to its end, or returns the content that an earlier call has read. */
async function openPipe(path: string, signal: AbortSignal | undefined): Promise<OpenFile> {
  const read = async () => spool(inputName(path), piecesOf(path, signal), signal);
  const known = pipesRead.getStore();
  if (!known) return read();
  const before = known.get(path);
  const opened = before ?? read();
  if (!before) known.set(path, opened);
  const file = await opened;
  // The handle stays open for the next reader.
  return { ...file, handle: { read: (...args) => file.handle.read(...args), close: async () => {} } };
}

async function* piecesOf(path: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  throwIfAborted(signal);
  const stream = openStream(path);
  if (signal) addAbortSignal(signal, stream);
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    stream.destroy();
  }
}

/** Opens a pipe as a stream, so that waiting for its bytes can be interrupted, unlike reading from a file. */
function openStream(path: string): Socket | NodeJS.ReadStream {
  const descriptor =
    path === STANDARD_INPUT ? 0 : Number(/^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1] ?? Number.NaN);
  if (descriptor === 0 || path === "/dev/stdin") {
    if (!isatty(0)) return process.stdin;
    const reason =
      "is a terminal: expected data from a pipe or a file, as in cat x.csv | sigma-tsne embed - -o map.csv";
    throw new FileError("FILE_READ", "standard input", reason);
  }
  if (!Number.isNaN(descriptor)) return new Socket({ fd: descriptor, readable: true, writable: false });
  // Opening does not block. The socket then waits until another program writes.
  return new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false });
}
