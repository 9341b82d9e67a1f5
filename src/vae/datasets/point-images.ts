import { ArgumentError } from "../../errors.js";
import { type OpenedImages, openImages } from "./open.js";

/**
 * Opens images that belong to `n` data points, one image per point. If `kept` is given, only the images of these points
 * are returned.
 *
 * @param kept indices of the points whose images are needed, if some points were left out
 * @param within longest side, in pixels, to which the images of a folder are scaled down
 * @throws {ArgumentError} SHAPE_MISMATCH unless there are `n` images
 * @throws {FileError} for images that cannot be read
 */
export async function openPointImages(
  path: string,
  n: number,
  options: {
    readonly strict: boolean | undefined;
    readonly within: number;
    readonly kept?: ArrayLike<number> | undefined;
    readonly signal: AbortSignal;
  },
): Promise<OpenedImages> {
  const { strict, within, kept, signal } = options;
  const opened = await openImages(path, { within, strict, signal });
  if (opened.images.count === n) return kept ? take(opened, kept) : opened;
  await opened.close();
  const { count } = opened.images;
  const skipped = opened.skipped > 0 ? ` and ${opened.skipped} other files` : "";
  const message = `${path}: expected ${n} images, one per point, received ${count}${skipped}`;
  throw new ArgumentError("SHAPE_MISMATCH", { argument: path, received: count, accepted: `${n} images`, message });
}

function take(opened: OpenedImages, kept: ArrayLike<number>): OpenedImages {
  const { images, files, classes } = opened;
  return {
    ...opened,
    images: {
      ...images,
      count: kept.length,
      labels: images.labels && Int32Array.from(kept, (i) => (images.labels as Int32Array)[i]),
      read: (indices) => images.read(Uint32Array.from(indices, (k) => kept[k])),
    },
    files: files && Array.from(kept, (i) => files[i]),
    classes: classes && Array.from(kept, (i) => classes[i]),
  };
}
