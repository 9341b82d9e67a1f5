import { requireInteger } from "../arguments.js";
import { ArgumentError } from "../errors.js";

/** Images with random access, one per point: for example an `Images` object of `sigma-tsne/vae`. */
export interface ImageSource {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1 for gray values, 3 for colors, 4 for colors with an alpha channel that is ignored. */
  readonly channels: number;
  /**
   * @param indices indices of the images to read, 0 to count - 1
   * @returns (number of indices) x height x width x channels; 0 is black and 1 is white. NaN means transparent.
   */
  read(indices: ArrayLike<number>): Promise<ArrayLike<number>>;
}

/** @throws {ArgumentError} if `images` is not an image source, or has another number of channels */
export function checkImages(images: ImageSource, argument: string): void {
  if (typeof images !== "object" || images === null || typeof images.read !== "function") {
    const accepted = "images: {count, height, width, channels, read}";
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received: images, accepted });
  }
  requireInteger(images.height, `${argument}.height`, 1, 2 ** 20);
  requireInteger(images.width, `${argument}.width`, 1, 2 ** 20);
  if (![1, 3, 4].includes(images.channels)) {
    const facts = { argument: `${argument}.channels`, received: images.channels, accepted: "1, 3 or 4" };
    throw new ArgumentError("OUT_OF_RANGE", facts);
  }
}

/** @throws {ArgumentError} SHAPE_MISMATCH if the number of images is not `n` */
export function checkImageCount(images: ImageSource, argument: string, n: number): void {
  if (images.count !== n) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument,
      received: images.count,
      accepted: `${n} images, one per point`,
      message: `${argument}: expected ${n} images, one per point, received ${images.count}`,
    });
  }
}

/** @throws {ArgumentError} OUT_OF_RANGE if `stretch` is not a share from 0 to below 0.5 */
export function checkStretch(stretch: unknown, argument: string): number | undefined {
  if (stretch === undefined || (typeof stretch === "number" && stretch >= 0 && stretch < 0.5)) return stretch;
  const accepted = "a fraction from 0 to less than 0.5, the part of the values to cut off at each end";
  throw new ArgumentError("OUT_OF_RANGE", { argument, received: stretch, accepted });
}

/** Scaled width and height of images; the longer one is `side`. */
export function fitSide({ height, width }: ImageSource, side: number): { width: number; height: number } {
  const scale = side / Math.max(height, width);
  return { width: Math.max(1, Math.round(scale * width)), height: Math.max(1, Math.round(scale * height)) };
}
