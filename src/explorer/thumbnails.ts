import { setImmediate } from "node:timers/promises";
import sharp from "sharp";
import { throwIfAborted } from "../abort.js";
import { eachImage, type Fit, fitSide, type ImageSource } from "../images/index.js";
import type { ThumbnailDescription } from "./protocol.js";

/** Longest side of a thumbnail in pixels. Smaller images keep their size. */
export const LONGEST_THUMBNAIL = 64;
/** Number of thumbnails per row of a sheet, and number of rows. */
const COLUMNS = 32;
/** Number of image values that are drawn before the thread handles other tasks. */
const PIXELS_TOGETHER = 2 ** 19;

/** Describes the thumbnail sheets of `images`. */
export function describeThumbnails(images: ImageSource, shown: ImageSource = images): ThumbnailDescription {
  const { width: tileWidth, height: tileHeight } = tileOf(images);
  const perSheet = COLUMNS * COLUMNS;
  const { width, height, channels } = shown;
  const sheets = Math.ceil(images.count / perSheet);
  return { width, height, channels, tileWidth, tileHeight, columns: COLUMNS, perSheet, sheets };
}

const tileOf = (images: ImageSource) =>
  fitSide(images, Math.min(LONGEST_THUMBNAIL, Math.max(images.height, images.width)));

/**
 * Draws the thumbnails of some points on one sheet.
 *
 * @returns a WebP file
 */
export async function drawThumbnails(
  images: ImageSource,
  indices: ArrayLike<number>,
  { stretch, signal }: { stretch: number | undefined; signal: AbortSignal },
): Promise<Buffer> {
  const { tileWidth, tileHeight } = describeThumbnails(images);
  const count = indices.length;
  const width = Math.min(COLUMNS, count) * tileWidth;
  const height = Math.ceil(count / COLUMNS) * tileHeight;
  const pixels = new Uint8ClampedArray(width * height * 4);
  const fit: Fit = { width: tileWidth, height: tileHeight, stretch };
  const together = Math.max(1, Math.floor(PIXELS_TOGETHER / (images.height * images.width * images.channels)));
  for (let start = 0; start < count; start += together) {
    throwIfAborted(signal);
    const part = Array.from({ length: Math.min(together, count - start) }, (_, i) => indices[start + i]);
    await eachImage(images, part, fit, (rgba, place) => {
      const tile = start + place;
      const left = (tile % COLUMNS) * tileWidth;
      const top = Math.floor(tile / COLUMNS) * tileHeight;
      for (let y = 0; y < tileHeight; y++) {
        const row = rgba.subarray(y * tileWidth * 4, (y + 1) * tileWidth * 4);
        pixels.set(row, ((top + y) * width + left) * 4);
      }
    });
    await setImmediate();
  }
  return sharp(pixels, { raw: { width, height, channels: 4 } })
    .webp({ quality: 85 })
    .toBuffer();
}

/** The points on a sheet of the thumbnails of all points. */
export function indicesOfSheet(images: ImageSource, sheet: number): Uint32Array {
  const { perSheet } = describeThumbnails(images);
  const first = sheet * perSheet;
  return Uint32Array.from({ length: Math.min(perSheet, images.count - first) }, (_, i) => first + i);
}

/**
 * Draws one image in its original size.
 *
 * @returns a PNG file
 */
export async function drawImage(images: ImageSource, index: number, stretch: number | undefined): Promise<Buffer> {
  let file: Promise<Buffer> | undefined;
  const { width, height } = images;
  await eachImage(images, [index], { width, height, stretch }, (rgba) => {
    file = sharp(rgba, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer();
  });
  return file as Promise<Buffer>;
}
