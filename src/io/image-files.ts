import { realpath, stat } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { throwIfAborted } from "../abort.js";
import { decodePage, describeImages, type ImagePage } from "./image-file.js";
import { copyToMiddle, shrink } from "./image-folder.js";
import { forEachConcurrently, readImageFile } from "./image-listing.js";

/** Number of images that are examined to choose a common size. */
const LOOKED_AT = 64;

/** Images in separate files, decoded on request. */
export interface ImageFiles {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: 3;
  /**
   * @param images numbers of the images, from 0
   * @returns images x height x width x channels. Images smaller than this shape are surrounded by NaN. For a file that
   *   is missing or not an image, all values are NaN.
   */
  read(images: ArrayLike<number>): Promise<Float32Array>;
}

/**
 * Opens images whose paths are in a table. All images get the same shape, that of the largest of the first images.
 *
 * @param folder folder to which the paths are relative; no file outside this folder is read, neither through `..` nor
 *   through a link
 * @param paths one per image; an empty path means no image
 * @param within longest side in pixels at which the images are needed
 * @returns `undefined` if none of the first images can be read
 * @throws {AbortError} if `signal` is aborted
 */
export async function openImageFiles(
  folder: string,
  paths: readonly string[],
  within: number,
  signal: AbortSignal,
): Promise<ImageFiles | undefined> {
  const root = await realpath(folder);
  const load = (path: string) => loadImage(root, path);
  const first: ImagePage[] = [];
  for (const path of paths.filter((one) => one !== "").slice(0, LOOKED_AT)) {
    throwIfAborted(signal);
    const image = await load(path);
    if (image) first.push(image.page);
  }
  if (first.length === 0) return undefined;
  const sizes = first.map((page) => shrink(page, within));
  const [height, width] = [0, 1].map((side) => Math.max(...sizes.map((size) => size[side] as number))) as [
    number,
    number,
  ];
  const length = height * width * 3;
  return {
    ...{ count: paths.length, height, width, channels: 3 },
    async read(images) {
      const data = new Float32Array(images.length * length).fill(Number.NaN);
      await forEachConcurrently(images.length, async (k) => {
        const image = await load(paths[images[k]] ?? "");
        if (!image) return;
        const [rows, columns] = fitInto(image.page, height, width);
        const shape = { height: rows, width: columns, channels: 3 } as const;
        const pixels = await decodePage(image.bytes, image.page, shape, "fill", paths[images[k]]).catch(
          () => undefined,
        );
        const frame = data.subarray(k * length, (k + 1) * length);
        if (pixels) copyToMiddle(pixels, [rows, columns], frame, height, width, 3);
      });
      return data;
    },
  };
}

/**
 * Returns the height and width of an image after it is fitted into a frame. An image larger than the frame is scaled
 * down; a smaller image keeps its size.
 */
function fitInto(page: ImagePage, height: number, width: number): readonly [number, number] {
  const scale = Math.min(1, height / page.height, width / page.width);
  return [Math.max(1, Math.floor(scale * page.height)), Math.max(1, Math.floor(scale * page.width))];
}

/** Counts the paths that lead to files inside a folder. */
export async function countFiles(folder: string, paths: readonly string[], signal: AbortSignal): Promise<number> {
  const root = await realpath(folder);
  let count = 0;
  await forEachConcurrently(paths.length, async (k) => {
    throwIfAborted(signal);
    if (await isFileInside(root, paths[k])) count++;
  });
  return count;
}

/** Whether a path, after all links are followed, is the path of a file inside the folder. */
async function isFileInside(root: string, path: string): Promise<boolean> {
  if (path === "" || path.includes("\0")) return false;
  const found = await realpath(resolve(root, path)).catch(() => undefined);
  return found?.startsWith(root.endsWith(sep) ? root : root + sep) ? (await stat(found)).isFile() : false;
}

async function loadImage(root: string, path: string): Promise<{ bytes: Uint8Array; page: ImagePage } | undefined> {
  try {
    if (!(await isFileInside(root, path))) return undefined;
    const bytes = await readImageFile(resolve(root, path));
    const [page] = await describeImages(bytes, path);
    return page && { bytes, page };
  } catch {
    return undefined;
  }
}
