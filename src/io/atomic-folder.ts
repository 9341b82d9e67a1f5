import { randomUUID } from "node:crypto";
import { mkdir, readdir, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { throwIfAborted } from "../abort.js";
import { FileError } from "../errors.js";
import { checkPath } from "./atomic-write.js";
import { systemReason } from "./system-error.js";

/** Whether, and how, a folder that is there may be replaced. */
export interface FolderOptions {
  /** Whether the folder's content is an earlier result of the same kind, which is to be replaced as a whole. */
  isReplaceable(folder: string, names: readonly string[]): Promise<boolean>;
  /** What such a result is called in errors. */
  kind: string;
  /**
   * Whether a folder that holds something else takes the files as well: those of the same names are replaced, one after the other, and
   * nothing else is touched. Default false.
   */
  force?: boolean | undefined;
  /** Stops the work and leaves the folder as it was. */
  signal?: AbortSignal | undefined;
}

/**
 * Makes sure, before long work, that {@link writeFolderAtomic} can write there.
 *
 * @throws {FileError} FILE_WRITE saying what is in the way
 */
export async function assertFolderWritable(folder: string, options: FolderOptions): Promise<void> {
  checkPath(folder);
  await asFileError(folder, async () => {
    const { path } = await findFolder(folder, options);
    const temporary = temporaryBeside(path);
    await mkdir(temporary);
    await rm(temporary, { recursive: true });
  });
}

/**
 * Writes a folder so that it appears complete or not at all: `fill` writes the files into a folder of another name in the same place, which is
 * renamed when they are complete. After a failure the folder is as it was and the other one is gone.
 *
 * @throws {FileError} FILE_WRITE where it cannot be written, or holds something else than what may be replaced
 * @throws {AbortError} if `options.signal` is aborted
 * @throws whatever `fill` throws
 */
export async function writeFolderAtomic(
  folder: string,
  fill: (temporary: string) => Promise<void>,
  options: FolderOptions,
): Promise<void> {
  checkPath(folder);
  await asFileError(folder, async () => {
    const { path, state } = await findFolder(folder, options);
    const temporary = temporaryBeside(path);
    await mkdir(temporary);
    try {
      await fill(temporary);
      throwIfAborted(options.signal);
      if (state === "absent") await rename(temporary, path);
      else if (state === "replaceable") await exchange(temporary, path);
      else for (const name of await readdir(temporary)) await rename(join(temporary, name), join(path, name));
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
}

type State = "absent" | "replaceable" | "foreign";

async function findFolder(folder: string, options: FolderOptions): Promise<{ path: string; state: State }> {
  let path: string;
  try {
    path = await realpath(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { path: join(await realpath(dirname(folder)), basename(folder)), state: "absent" };
  }
  const names = await readdir(path);
  if (names.length === 0 || (await options.isReplaceable(path, names))) return { path, state: "replaceable" };
  if (options.force) return { path, state: "foreign" };
  throw new FileError("FILE_WRITE", folder, `contains something other than ${options.kind}, and was not changed`);
}

/** A folder that is there cannot be renamed over: it steps aside first, and comes back should the other not take its place. */
async function exchange(temporary: string, path: string): Promise<void> {
  const aside = temporaryBeside(path);
  await rename(path, aside);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rename(aside, path);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

const temporaryBeside = (path: string): string => join(dirname(path), `.${randomUUID()}.tmp`);

async function asFileError(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const reason = systemReason(cause);
    throw reason === undefined ? cause : new FileError("FILE_WRITE", folder, `cannot be written: ${reason}`, { cause });
  }
}
