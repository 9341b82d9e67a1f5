import { ArgumentError } from "../../errors.js";
import { type ImageShape, toRgba } from "../../vae/without-tensorflow.js";

/** Pixels of a sheet at most, which browsers still show: 8192 x 8192. */
const MAX_PIXELS = 2 ** 26;

/** @throws {ArgumentError} OUT_OF_RANGE for more images than a sheet holds */
export function checkSheet({ height, width }: ImageShape, count: number): void {
  const most = Math.floor(MAX_PIXELS / (height * width));
  if (count <= most) return;
  const accepted = `at most ${most} images of ${width} x ${height} pixels at once`;
  throw new ArgumentError("OUT_OF_RANGE", { argument: "images", received: count, accepted });
}

/**
 * Images edge to edge, row after row, in their own pixels, as a PNG: what pages cut into images again.
 *
 * @param images n images, one after the other, n >= 1; 0 becomes black and 1 white, as where the points' own images are shown
 * @param columns images in a row
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
  // A lower level than the default gives hardly larger files, and a moving slider waits for them.
  return (isGray ? sheet.toColorspace("b-w") : sheet).png({ compressionLevel: 3 }).toBuffer();
}
