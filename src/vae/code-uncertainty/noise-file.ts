import { ArgumentError } from "../../errors.js";
import { openArrayFile } from "../../io/index.js";
import type { FloatArray } from "../../matrix.js";
import type { Images } from "../datasets/dataset.js";
import { range } from "../models/images.js";

/**
 * Reads standard deviations of pixel noise from a .npy or IDX file. The array has one number per image (n), one number
 * per pixel (height x width, or height x width x channels), or one number per pixel of each image (n x height x width,
 * or n x height x width x channels). Axes of length 1 are ignored.
 *
 * @throws {FileError} if the file cannot be read
 * @throws {ArgumentError} SHAPE_MISMATCH for an array of another shape
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function readPixelNoise(
  path: string,
  { count, height, width, channels }: Pick<Images, "count" | "height" | "width" | "channels">,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<FloatArray> {
  const file = await openArrayFile(path, options);
  try {
    const image = [height, width, channels];
    const accepted = [
      [count],
      image,
      [height * width * channels],
      [count, ...image],
      [count, height * width * channels],
    ];
    if (!accepted.some((shape) => sizes(shape) === sizes(file.shape))) {
      throw new ArgumentError("SHAPE_MISMATCH", {
        argument: path,
        received: file.shape,
        accepted: `an array of ${count} (one number per image), of ${image.join(" x ")} (one per pixel), or of ${[count, ...image].join(" x ")} numbers`,
      });
    }
    const values = await file.read(range(0, file.shape[0]));
    // If there are as many images as pixels, one number per pixel cannot be distinguished from one number per image.
    // The numbers of the pixels are therefore repeated for each image.
    const isAmbiguous =
      values.length === count && sizes(file.shape) === sizes(image) && sizes(image) !== sizes([count]);
    return isAmbiguous ? Float32Array.from({ length: count ** 2 }, (_, at) => values[at % count]) : values;
  } finally {
    await file.close();
  }
}

const sizes = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join(" x ");
