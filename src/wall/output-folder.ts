import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { assertFolderWritable, type FolderOptions } from "../io/index.js";
import type { WallTilesOptions } from "./options.js";

/** What {@link writeWall} reports about a wall and writes to its `wall.json`. */
export interface WallSummary {
  readonly kind: "sigma-tsne wall";
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  /** Pixels of an image, and of the whole wall, where it is seen closest. */
  readonly cell: { readonly width: number; readonly height: number };
  readonly width: number;
  readonly height: number;
  readonly files: readonly string[];
}

export const KIND = "sigma-tsne wall";
export const SUMMARY = "wall.json";

/**
 * Makes sure, before long work, that {@link writeWall} can write there.
 *
 * @throws {FileError} FILE_WRITE saying what is in the way
 */
export function assertWallWritable(folder: string, options: Pick<WallTilesOptions, "force"> = {}): Promise<void> {
  return assertFolderWritable(folder, folderOptions(options));
}

/** When the files of a wall may be written into a folder that exists. */
export const folderOptions = ({ force, signal }: WallTilesOptions): FolderOptions => ({
  kind: "an earlier wall",
  isReplaceable: isWall,
  force,
  signal,
});

/** Whether a folder holds nothing but what its own wall.json lists. */
async function isWall(folder: string, names: readonly string[]): Promise<boolean> {
  try {
    const { kind, files } = JSON.parse(await readFile(join(folder, SUMMARY), "utf8")) as Partial<WallSummary>;
    return kind === KIND && Array.isArray(files) && names.every((name) => files.includes(name));
  } catch {
    return false;
  }
}
