import { addNoise } from "../datasets/augmentation.js";
import { imagesInMemory } from "../datasets/images.js";
import { type ImageShape, range } from "../models/images.js";
import type { Random } from "../random.js";

/** Largest shift along either axis, as a fraction of the image's height or width. */
const SHIFT = 0.1;
/** Largest rotation, in radians: 10 degrees. */
const ROTATION = Math.PI / 18;

/**
 * Replaces every pixel value by a random 0 or 1 (Salakhutdinov & Murray 2008). The original value is the probability of
 * 1.
 *
 * @returns a copy
 */
export function binarize(values: Float32Array, random: Random): Float32Array {
  return values.map((value) => (random.uniform() < value ? 1 : 0));
}

/**
 * Adds |N(0, 1)| to a random fraction of the values of a batch, as {@link addNoise} does for images.
 *
 * @param number index of the batch, an integer from 0 to 2^30 - 2. Different batches get different noise.
 * @returns a copy
 */
export function addNoiseToBatch(
  values: Float32Array,
  { height, width, channels }: ImageShape,
  share: number,
  seed: number,
  number: number,
): Promise<Float32Array> {
  const images = imagesInMemory(values, [height, width, channels]);
  return addNoise(images, { share, seed, epoch: number }).read(range(0, images.count));
}

/**
 * Shifts and rotates every image by random amounts, up to a tenth of its size and 10 degrees.
 *
 * @returns a copy
 */
export function shiftImages(values: Float32Array, shape: ImageShape, random: Random): Float32Array {
  const size = shape.height * shape.width * shape.channels;
  const views = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += size) {
    shift(values.subarray(start, start + size), views.subarray(start, start + size), shape, random);
  }
  return views;
}

/** Shifts and rotates one image with bilinear interpolation. Pixels outside the image count as 0. */
function shift(image: Float32Array, view: Float32Array, { height, width, channels }: ImageShape, random: Random): void {
  const angle = random.between(-ROTATION, ROTATION);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  const fromY = middleY + random.between(-SHIFT, SHIFT) * height;
  const fromX = middleX + random.between(-SHIFT, SHIFT) * width;
  const at = (y: number, x: number, c: number) =>
    y < 0 || x < 0 || y >= height || x >= width ? 0 : image[(y * width + x) * channels + c];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sourceY = fromY + cos * (y - middleY) - sin * (x - middleX);
      const sourceX = fromX + sin * (y - middleY) + cos * (x - middleX);
      const top = Math.floor(sourceY);
      const left = Math.floor(sourceX);
      const [down, right] = [sourceY - top, sourceX - left];
      for (let c = 0; c < channels; c++) {
        view[(y * width + x) * channels + c] =
          (1 - down) * ((1 - right) * at(top, left, c) + right * at(top, left + 1, c)) +
          down * ((1 - right) * at(top + 1, left, c) + right * at(top + 1, left + 1, c));
      }
    }
  }
}
