import { randomUUID } from "node:crypto";
import { mkdir, readdir, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { throwIfAborted } from "../abort.js";
import { FileError } from "../errors.js";
import { checkPath } from "./atomic-write.js";
import { systemReason } from "./system-error.js";

/** Conditions for replacing an existing folder. */
export interface FolderOptions {
  /** Whether the folder contains an earlier result of the same kind. Such a folder is replaced as a whole. */
  isReplaceable(folder: string, names: readonly string[]): Promise<boolean>;
  /** Name of the kind of result, such as "an earlier comparison", for error messages. */
  kind: string;
  /**
   * Whether to write the files into a folder that does not contain an earlier result of the same kind. Files of the
   * same names are then replaced one after the other, and all other files stay as they are. Default false.
   */
  force?: boolean | undefined;
  /** Stops the work and leaves the folder unchanged. */
  signal?: AbortSignal | undefined;
}

/**
 * Checks before a long computation that {@link writeFolderAtomic} can write to `folder`.
 *
 * @throws {FileError} FILE_WRITE with the reason why it cannot be written
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
 * Writes a folder so that it appears complete or not at all. `fill` writes the files into a temporary folder in the
 * same place, which is renamed when all files are complete. After a failure `folder` is unchanged and the temporary
 * folder is removed.
 *
 * @throws {FileError} FILE_WRITE if the folder cannot be written, or if it holds something that may not be replaced
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
  throw new FileError(
    "FILE_WRITE",
    folder,
    `contains something other than ${options.kind}, so it was not changed. Choose another folder`,
  );
}

/**
 * Replaces an existing folder by the temporary one. Because a rename cannot replace a folder, the old folder is renamed
 * first. If the temporary folder then cannot be renamed, the old folder gets its name back.
 */
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
