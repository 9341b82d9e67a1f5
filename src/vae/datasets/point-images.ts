import { ArgumentError } from "../../errors.js";
import { type OpenedImages, openImages } from "./open.js";

/**
 * Opens the images of `n` points.
 *
 * @param within longest side in pixels that the images of a folder are needed with
 * @throws {ArgumentError} SHAPE_MISMATCH for another number of images
 * @throws {FileError} for images that cannot be read
 */
export async function openPointImages(
  path: string,
  n: number,
  { strict, within, signal }: { strict: boolean | undefined; within: number; signal: AbortSignal },
): Promise<OpenedImages> {
  const opened = await openImages(path, { within, strict, signal });
  if (opened.images.count === n) return opened;
  await opened.close();
  const { count } = opened.images;
  const skipped = opened.skipped > 0 ? ` and ${opened.skipped} other files` : "";
  const message = `${path}: expected ${n} images, one a point, received ${count}${skipped}`;
  throw new ArgumentError("SHAPE_MISMATCH", { argument: path, received: count, accepted: `${n} images`, message });
}
