import { ArgumentError } from "../../errors.js";

/** Images in memory: count x height x width x channels, values 0 to 1. */
export interface ImageBatch {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
  /** Number of channels: 1 or 3. */
  readonly channels: number;
}

/** One picture that shows many images in a square grid, row after row. */
export interface Sprite {
  /** A PNG file. */
  readonly png: Uint8Array;
  /** Size of one image within the picture, in pixels. */
  readonly height: number;
  readonly width: number;
}

/** Pixels per side of the largest picture that TensorBoard's projector accepts. */
const MAX_SIDE = 8192;

/**
 * Joins images into one square picture. The images are made smaller if they would not fit into 8192 x 8192 pixels.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH if there are no images or the number of values does not fit the size of the
 *   images
 */
export async function drawSprite({ data, height, width, channels }: ImageBatch): Promise<Sprite> {
  const count = data.length / (height * width * channels);
  if (!(Number.isInteger(count) && count > 0 && (channels === 1 || channels === 3))) {
    const accepted = `images of ${height} x ${width} x ${channels}, with 1 or 3 channels, at least one`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument: "images", received: data, accepted });
  }
  const columns = Math.ceil(Math.sqrt(count));
  const scale = Math.min(1, MAX_SIDE / (columns * Math.max(height, width)));
  const [tileHeight, tileWidth] = [height, width].map((side) => Math.max(1, Math.floor(side * scale))) as [
    number,
    number,
  ];
  const side = { width: columns * tileWidth, height: columns * tileHeight };
  const pixels = new Uint8Array(side.width * side.height * channels);
  for (let i = 0; i < count; i++) {
    const top = Math.floor(i / columns) * tileHeight;
    const left = (i % columns) * tileWidth;
    for (let y = 0; y < tileHeight; y++) {
      for (let x = 0; x < tileWidth; x++) {
        const row = Math.floor(((y + 0.5) * height) / tileHeight);
        const column = Math.floor(((x + 0.5) * width) / tileWidth);
        const from = ((i * height + row) * width + column) * channels;
        const to = ((top + y) * side.width + left + x) * channels;
        for (let c = 0; c < channels; c++) {
          pixels[to + c] = Math.round(255 * Math.min(1, Math.max(0, data[from + c])));
        }
      }
    }
  }
  const { default: sharp } = await import("sharp");
  const image = sharp(pixels, { raw: { ...side, channels: channels } });
  const gray = channels === 1 ? image.toColorspace("b-w") : image;
  return { png: await gray.png().toBuffer(), height: tileHeight, width: tileWidth };
}
