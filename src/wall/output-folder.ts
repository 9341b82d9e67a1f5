import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { assertFolderWritable, type FolderOptions } from "../io/index.js";
import type { WallTilesOptions } from "./options.js";

/** The summary that {@link writeWall} returns and writes to `wall.json`. */
export interface WallSummary {
  readonly kind: "sigma-tsne wall";
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  /** Size in pixels of an image, and of the whole wall, at the closest zoom. */
  readonly cell: { readonly width: number; readonly height: number };
  readonly width: number;
  readonly height: number;
  readonly files: readonly string[];
}

export const KIND = "sigma-tsne wall";
export const SUMMARY = "wall.json";

/**
 * Checks before a long computation that {@link writeWall} can write to the folder.
 *
 * @throws {FileError} FILE_WRITE with the reason why it cannot be written
 */
export function assertWallWritable(folder: string, options: Pick<WallTilesOptions, "force"> = {}): Promise<void> {
  return assertFolderWritable(folder, folderOptions(options));
}

/** Rules for writing the files of a wall into an existing folder. */
export const folderOptions = ({ force, signal }: WallTilesOptions): FolderOptions => ({
  kind: "an earlier wall",
  isReplaceable: isWall,
  force,
  signal,
});

/** Whether a folder only contains files that its own wall.json lists. */
async function isWall(folder: string, names: readonly string[]): Promise<boolean> {
  try {
    const { kind, files } = JSON.parse(await readFile(join(folder, SUMMARY), "utf8")) as Partial<WallSummary>;
    return kind === KIND && Array.isArray(files) && names.every((name) => files.includes(name));
  } catch {
    return false;
  }
}
