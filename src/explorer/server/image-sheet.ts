import { ArgumentError } from "../../errors.js";
import { type ImageShape, toRgba } from "../../vae/without-tensorflow.js";

/** Largest number of pixels of a sheet, 8192 x 8192. Browsers can still show this size. */
const MAX_PIXELS = 2 ** 26;

/** @throws {ArgumentError} OUT_OF_RANGE if a sheet cannot contain this many images */
export function checkSheet({ height, width }: ImageShape, count: number): void {
  const most = Math.floor(MAX_PIXELS / (height * width));
  if (count <= most) return;
  const accepted = `at most ${most} images of ${width} x ${height} pixels at once`;
  throw new ArgumentError("OUT_OF_RANGE", { argument: "images", received: count, accepted });
}

/**
 * Encodes images in their original size as one PNG, edge to edge and row by row. The page cuts this sheet into single
 * images again.
 *
 * @param images n images, one after the other, n >= 1; 0 becomes black and 1 white, as in the display of the points'
 *   own images
 * @param columns images per row
 */
export async function encodeSheet(images: Float32Array, shape: ImageShape, columns: number): Promise<Uint8Array> {
  const { height, width, channels } = shape;
  const length = height * width * channels;
  const count = images.length / length;
  const isGray = channels !== 3;
  const bytes = isGray ? 1 : 3;
  const line = columns * width;
  const pixels = new Uint8Array(Math.ceil(count / columns) * height * line * bytes);
  for (let i = 0; i < count; i++) {
    const rgba = toRgba(images.subarray(i * length, (i + 1) * length), shape);
    const corner = Math.floor(i / columns) * height * line + (i % columns) * width;
    for (let p = 0; p < height * width; p++) {
      const at = (corner + Math.floor(p / width) * line + (p % width)) * bytes;
      for (let c = 0; c < bytes; c++) pixels[at + c] = rgba[4 * p + c];
    }
  }
  const { default: sharp } = await import("sharp");
  const raw = { width: line, height: pixels.length / (line * bytes), channels: isGray ? (1 as const) : (3 as const) };
  const sheet = sharp(pixels, { raw });
  // This compression level makes the file hardly larger than the default level, but is faster, and a moving slider
  // waits for the result.
  return (isGray ? sheet.toColorspace("b-w") : sheet).png({ compressionLevel: 3 }).toBuffer();
}
