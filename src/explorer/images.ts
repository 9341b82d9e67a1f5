import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { countFiles, openImageFiles } from "../io/index.js";
import { openPointImages } from "../vae/without-tensorflow.js";
import type { Exploration } from "./exploration.js";
import type { TextColumn } from "./protocol.js";
import type { TextValues } from "./text-values.js";
import { LONGEST_THUMBNAIL } from "./thumbnails.js";

/** Options for opening the images of the points. */
export interface ImageOptions {
  /** Share of the values cut off at either end of each image, 0 to below 0.5. Default: values are shown as they are. */
  readonly stretch?: number | undefined;
  /** For a folder: reports an error for files that would otherwise be skipped, such as other files and broken links. */
  readonly strict?: boolean | undefined;
}

/** Longest side of a displayed image in pixels. */
const LONGEST_SHOWN = 1024;

/**
 * Opens the images of the points from a folder, a .npy file or an IDX file. The subfolders of a folder become labels if
 * no labels are given.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH if the number of images differs from the number of points
 * @throws {FileError} for images that cannot be read
 */
export async function addImages(exploration: Exploration, path: string, options: ImageOptions): Promise<void> {
  const { signal, n } = exploration;
  const { strict, stretch } = options;
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  const { rows = n, kept } = exploration.gaps ?? {};
  const whole = await openPointImages(path, rows, { strict, within: LONGEST_SHOWN, kept, signal });
  exploration.onClose(whole.close);
  exploration.skipped = whole.skipped;
  let small = whole;
  if (isFolder) {
    small = await openPointImages(path, rows, { strict, within: LONGEST_THUMBNAIL, kept, signal });
    exploration.onClose(small.close);
  }
  exploration.setImages({ small: small.images, whole: whole.images, stretch });
  if (whole.classes && !exploration.column("label")) exploration.addLabels(whole.classes);
}

/**
 * Opens the images whose paths are in a column of the table. They are searched for in the folder of the table and its
 * subfolders. A notice reports missing images.
 */
export async function addListedImages(
  exploration: Exploration,
  table: string,
  column: TextColumn,
  texts: TextValues,
): Promise<void> {
  const { signal } = exploration;
  const folder = (await stat(table)).isDirectory() ? table : dirname(table);
  const paths = Array.from({ length: texts.length }, (_, row) => texts.at(row));
  const open = (within: number) => openImageFiles(folder, paths, within, signal);
  const [small, whole] = [await open(LONGEST_THUMBNAIL), await open(LONGEST_SHOWN)];
  const title = `Column “${column.title}”`;
  if (!small || !whole) {
    exploration.addNotice(
      `${title} contains paths of images, but the first files do not exist in the folder of the table or are not images.`,
    );
    return;
  }
  exploration.setImages({ small, whole, stretch: undefined });
  exploration.startWork(async () => {
    const missing = paths.length - (await countFiles(folder, paths, signal));
    if (missing > 0)
      exploration.addNotice(
        `${title} contains paths of images; ${missing.toLocaleString("en")} of these files are missing.`,
      );
  });
}
