import type { ImageShape } from "../models/images.js";
import type { Recipe } from "../models/model.js";
import type { Random } from "../random.js";

/** Largest shift along either axis, as a share of the image's height and width. */
const SHIFT = 0.1;
/** Largest rotation, in radians: 10 degrees. */
const ROTATION = Math.PI / 18;

/**
 * Draws every value as 0 or 1 with itself as the probability of 1 (Salakhutdinov & Murray 2008).
 *
 * @returns a copy
 */
export function binarize(values: Float32Array, random: Random): Float32Array {
  return values.map((value) => (random.uniform() < value ? 1 : 0));
}

/**
 * Adds |N(0, 1)| to a share of the values, drawn anew for every image, and clips them at 1.
 *
 * @returns a copy
 */
export function addNoise(values: Float32Array, share: number, random: Random): Float32Array {
  return values.map((value) => (random.uniform() < share ? Math.min(1, value + Math.abs(random.normal())) : value));
}

/** Replaces every image by a random view of it: see {@link Recipe.augmentation}. */
export function augment(
  values: Float32Array,
  shape: ImageShape,
  augmentation: Recipe["augmentation"],
  random: Random,
): Float32Array {
  if (augmentation === "none") return values;
  const size = shape.height * shape.width * shape.channels;
  const views = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += size) {
    const image = values.subarray(start, start + size);
    const view = views.subarray(start, start + size);
    if (augmentation === "flips") flip(image, view, shape, random.integer(8));
    else shift(image, view, shape, random);
  }
  return views;
}

/** One of the eight symmetries of a square; of other rectangles, one of the four that keep their shape. */
function flip(
  image: Float32Array,
  view: Float32Array,
  { height, width, channels }: ImageShape,
  symmetry: number,
): void {
  const isTransposed = height === width && (symmetry & 4) !== 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [row, column] = isTransposed ? [x, y] : [y, x];
      const fromRow = symmetry & 1 ? height - 1 - row : row;
      const fromColumn = symmetry & 2 ? width - 1 - column : column;
      for (let c = 0; c < channels; c++) {
        view[(y * width + x) * channels + c] = image[(fromRow * width + fromColumn) * channels + c] as number;
      }
    }
  }
}

/** Shifts and turns by random amounts, with bilinear interpolation; outside stands 0. */
function shift(image: Float32Array, view: Float32Array, { height, width, channels }: ImageShape, random: Random): void {
  const angle = random.between(-ROTATION, ROTATION);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  const fromY = middleY + random.between(-SHIFT, SHIFT) * height;
  const fromX = middleX + random.between(-SHIFT, SHIFT) * width;
  const at = (y: number, x: number, c: number) =>
    y < 0 || x < 0 || y >= height || x >= width ? 0 : (image[(y * width + x) * channels + c] as number);
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
