import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { FileError, SigmaTsneError } from "../../errors.js";
import { systemReason } from "../../io/index.js";

const lockPath = (folder: string): string => join(folder, "training.lock");

const readOwner = async (path: string): Promise<number> =>
  Number((await readFile(path, "utf8").catch(() => "")).trim());

/** Whether a training is using a run's folder. */
export const isLocked = async (folder: string): Promise<boolean> => isAlive(await readOwner(lockPath(folder)));

/**
 * Reserves a run's folder for one training, with a lock file that contains the process ID. The lock file of a process
 * that no longer exists is replaced.
 *
 * @returns a function that releases the folder
 * @throws {SigmaTsneError} BUSY if another training is using the folder
 * @throws {FileError} FILE_WRITE
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = lockPath(folder);
  for (let isRetry = false; ; isRetry = true) {
    try {
      const file = await open(path, "wx");
      try {
        await file.writeFile(`${process.pid}\n`).finally(() => file.close());
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      return () => rm(path, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") {
        const reason = `cannot be written: ${systemReason(cause) ?? String(cause)}`;
        throw new FileError("FILE_WRITE", path, reason, { cause });
      }
    }
    const owner = await readOwner(path);
    if (isRetry || isAlive(owner)) {
      throw new SigmaTsneError(
        "BUSY",
        `${folder}: another training (process ${owner}) is using this folder. Wait until it ends, or remove ${path} if it has ended already`,
      );
    }
    await rm(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
