import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { FileError } from "../errors.js";
import { systemReason } from "./system-error.js";

/**
 * Creates a folder and its parent folders if they do not exist.
 *
 * @throws {FileError} FILE_WRITE with the reason why it cannot be created
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await make(folder);
  } catch (cause) {
    throw new FileError("FILE_WRITE", folder, `cannot be created: ${systemReason(cause) ?? String(cause)}`, { cause });
  }
}

/**
 * Creates a folder and its parent folders. The recursive mkdir of Node.js is not used, because it reports a folder
 * without write permission as missing.
 */
async function make(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && dirname(folder) !== folder) {
      await make(dirname(folder));
      await mkdir(folder).catch((again) => {
        if (again.code !== "EEXIST") throw again;
      });
      return;
    }
    // An existing folder is not an error, even on a disk on which no folders can be created.
    const isThere = await mkdir(folder, { recursive: true }).then(
      () => true,
      () => false,
    );
    if (!isThere) throw error;
  }
}
