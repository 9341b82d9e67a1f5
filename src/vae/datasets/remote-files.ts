import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { throwIfAborted } from "../../abort.js";
import { FileError } from "../../errors.js";
import { makeFolder, writeFileAtomic } from "../../io/index.js";
import type { DatasetProgress } from "./dataset.js";

/** A file that can be downloaded. */
export interface RemoteFile {
  readonly name: string;
  /** Addresses of the same file, in the order in which they are tried. */
  readonly urls: readonly string[];
  readonly bytes: number;
  /** Algorithm and hexadecimal digest: "sha256:8d42...". */
  readonly checksum: string;
}

/** Folders that are searched for files, and options of downloads. */
export interface FileSearch {
  /** Folder that is searched first. Checksums of its files are not checked. */
  readonly dataDir?: string | undefined;
  readonly cacheDir?: string | undefined;
  readonly download?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DatasetProgress) => void) | undefined;
}

const ATTEMPTS = 3;
const RETRY_MILLISECONDS = 250;
/** A connection is closed if it delivers no data for this time. */
const IDLE_MILLISECONDS = 30_000;

/**
 * Finds the files of a data set. Each file, with or without the ending .gz, is searched first in `dataDir` and the
 * subfolders `folders`, and then in the cache. Files that are not found are downloaded to the cache.
 *
 * @param folders folders within `dataDir` in which other programs store the files of this data set
 * @returns a path for each file
 * @throws {FileError} DOWNLOAD if a file is not found. The message names the missing files, their addresses and the
 *   folder into which they belong.
 * @throws {AbortError}
 */
export async function locateFiles(
  dataset: string,
  files: readonly RemoteFile[],
  folders: readonly string[],
  search: FileSearch,
): Promise<string[]> {
  const { dataDir, download = true, signal, onProgress } = search;
  const cache = join(resolve(search.cacheDir ?? defaultCacheFolder()), dataset);
  const searched = dataDir === undefined ? [] : [...folders, ""].map((name) => join(resolve(dataDir), name));
  const find = async ({ name }: RemoteFile) => {
    const plain = name.replace(/\.gz$/, "");
    // Some programs unpack the files and replace the first hyphen before "idx" by a dot.
    const names = new Set([name, plain, plain.replace("-idx", ".idx")]);
    const candidates = searched.flatMap((folder) => [...names].map((candidate) => join(folder, candidate)));
    for (const path of [...candidates, join(cache, name)]) {
      if ((await stat(path).catch(() => undefined))?.isFile()) return path;
    }
    return undefined;
  };
  const found = await Promise.all(files.map(find));
  const missing = files.filter((_, i) => found[i] === undefined);
  if (missing.length === 0) return found as string[];
  const [first] = missing as [RemoteFile];
  const explain = (why: string, cause?: unknown) => {
    const list = missing.map(({ name, urls }) => `  ${name}\n${urls.map((url) => `    ${url}`).join("\n")}`).join("\n");
    const put = `Put ${missing.length > 1 ? "these files" : "this file"} into ${cache}, or into the data folder`;
    const looked =
      dataDir === undefined ? "" : ` (${missing.length > 1 ? "they are" : "it is"} not in ${resolve(dataDir)})`;
    const reason = `the files of the data set ${dataset} are missing, and ${why}. ${put}${looked}:\n${list}`;
    return new FileError("DOWNLOAD", join(cache, first.name), reason, { cause });
  };
  if (!download) throw explain("downloads are switched off");
  await makeFolder(cache);
  for (const file of missing) {
    try {
      await downloadFile(file, join(cache, file.name), {
        signal,
        onProgress: (fraction) => onProgress?.({ stage: "download", fraction, file: file.name }),
      });
    } catch (cause) {
      if (cause instanceof FileError && cause.code === "DOWNLOAD") {
        throw explain(`the download failed: ${cause.message.slice(cause.path.length + 2)}`, cause);
      }
      throw cause;
    }
  }
  return files.map(({ name }, i) => found[i] ?? join(cache, name));
}

/**
 * Downloads a file to `path` and checks its checksum. An interrupted transfer is continued. If this fails too, the
 * other addresses of the file are tried. No partial file remains, and several processes may download the same file at
 * the same time.
 *
 * @throws {FileError} DOWNLOAD with the error of every address; FILE_WRITE
 * @throws {AbortError}
 */
export async function downloadFile(
  file: RemoteFile,
  path: string,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((fraction: number) => void) | undefined;
  } = {},
): Promise<void> {
  const failures: string[] = [];
  for (const url of file.urls) {
    try {
      await writeFileAtomic(path, receive(file, url, options), { signal: options.signal });
      return;
    } catch (cause) {
      throwIfAborted(options.signal);
      if (!(cause instanceof TransferError)) throw cause;
      failures.push(`${url}: ${cause.message}`);
    }
  }
  throw new FileError("DOWNLOAD", path, failures.join("; "));
}

/** The file could not be downloaded from an address. */
class TransferError extends Error {
  constructor(
    message: string,
    /** Whether the same request may succeed if it is repeated. */
    readonly isPassing: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

async function* receive(
  { bytes, checksum }: RemoteFile,
  url: string,
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: ((fraction: number) => void) | undefined },
): AsyncGenerator<Uint8Array> {
  const [algorithm = "", digest] = checksum.split(":");
  const hash = createHash(algorithm);
  let received = 0;
  for (let attempt = 1; received < bytes; attempt++) {
    try {
      for await (const chunk of request(url, received, bytes, signal)) {
        received += chunk.length;
        if (received > bytes)
          throw new TransferError(`the server sent more than the ${bytes} bytes of the file`, false);
        hash.update(chunk);
        yield chunk;
        onProgress?.(received / bytes);
      }
      if (received < bytes) throw new TransferError(`the transfer ended after ${received} of ${bytes} bytes`, true);
    } catch (cause) {
      throwIfAborted(signal);
      if (!(cause instanceof TransferError && cause.isPassing) || attempt === ATTEMPTS) throw cause;
      await wait(RETRY_MILLISECONDS * attempt, undefined, { signal }).catch(() => throwIfAborted(signal));
    }
  }
  if (hash.digest("hex") !== digest) throw new TransferError("the server sent a file with the wrong checksum", false);
}

/** Requests a file and yields its bytes from position `start` on, even if the server always sends the whole file. */
async function* request(
  url: string,
  start: number,
  total: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(), IDLE_MILLISECONDS);
  try {
    // Without "identity", a server may declare the file as compressed for the transfer, and fetch would unpack it.
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (start > 0) headers.range = `bytes=${start}-`;
    const response = await fetch(url, {
      headers,
      signal: signal ? AbortSignal.any([signal, idle.signal]) : idle.signal,
    });
    const { status } = response;
    if (!(status === 200 || (status === 206 && start > 0))) {
      await response.body?.cancel();
      const isPassing = status >= 500 || status === 408 || status === 429;
      throw new TransferError(`the server answered ${status} ${response.statusText}`.trim(), isPassing);
    }
    const range = response.headers.get("content-range");
    if (status === 206 && !range?.startsWith(`bytes ${start}-`)) {
      await response.body?.cancel();
      throw new TransferError(
        `the server sent a different part of the file (${range}): expected the bytes from ${start} on`,
        false,
      );
    }
    const length = response.headers.get("content-length");
    const expected = status === 206 ? total - start : total;
    if (length !== null && Number(length) !== expected) {
      await response.body?.cancel();
      throw new TransferError(`the server offers ${length} bytes instead of ${expected}`, false);
    }
    let skipped = status === 206 ? start : 0;
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      const rest = chunk.subarray(Math.min(chunk.length, start - skipped));
      skipped += chunk.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  } catch (cause) {
    if (cause instanceof TransferError) throw cause;
    if (idle.signal.aborted) throw new TransferError("the server does not answer", true, { cause });
    throw new TransferError(reasonOf(cause), true, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Returns the reason why a transfer failed. The error of fetch itself contains no reason, but its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error)
    return error.cause.message || ("code" in error.cause ? String(error.cause.code) : error.message);
  return error.message;
}

function defaultCacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  // The XDG Base Directory Specification requires that relative paths are ignored.
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "sigma-tsne", "datasets");
  if (process.platform === "win32") {
    return join(LOCALAPPDATA || join(homedir(), "AppData", "Local"), "sigma-tsne", "Cache", "datasets");
  }
  const caches = process.platform === "darwin" ? join(homedir(), "Library", "Caches") : join(homedir(), ".cache");
  return join(caches, "sigma-tsne", "datasets");
}
