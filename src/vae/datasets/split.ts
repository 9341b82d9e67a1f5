import { ArgumentError } from "../../errors.js";
import { Random } from "../random.js";

const SPLIT_STREAM = 2 ** 32 - 1;

/** Indices of the images of each part, in ascending order. */
export interface Parts {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/**
 * Assigns `count` images to parts at random.
 *
 * @param sizes sizes of the validation part and the test part: a size below 1 is a fraction of all images, any other
 *   size is a number of images
 * @param limit largest number of images in each part
 * @throws {ArgumentError} OUT_OF_RANGE if no image would remain for training
 */
export function splitAtRandom(
  count: number,
  sizes: { readonly validation: number; readonly test: number },
  seed: number,
  limit: number,
): Parts {
  const [validation, test] = [partSize(count, sizes.validation, "validation"), partSize(count, sizes.test, "test")];
  if (validation + test >= count) {
    throw new ArgumentError("OUT_OF_RANGE", {
      argument: "split",
      received: sizes,
      accepted: `parts that leave training images`,
      message: `split: ${validation} validation and ${test} test images leave no images for training, out of ${count}`,
    });
  }
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const random = new Random(seed, 0, SPLIT_STREAM);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const part = (start: number, end: number) => order.slice(start, Math.min(end, start + limit)).sort();
  return {
    test: part(0, test),
    validation: part(test, test + validation),
    train: part(test + validation, count),
  };
}

/**
 * @throws {ArgumentError} INVALID_ARGUMENT or OUT_OF_RANGE unless `size` is a fraction from 0 to below 1 or an integer
 *   up to `count`
 */
export function partSize(count: number, size: unknown, part: string): number {
  const argument = `split.${part}`;
  const accepted = `a share from 0 to below 1, or a number of images up to ${count}`;
  if (typeof size !== "number") throw new ArgumentError("INVALID_ARGUMENT", { argument, received: size, accepted });
  if (size >= 0 && size < 1) return Math.round(size * count);
  if (Number.isSafeInteger(size) && size >= 1 && size <= count) return size;
  throw new ArgumentError("OUT_OF_RANGE", { argument, received: size, accepted });
}
