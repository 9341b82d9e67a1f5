import { requireInteger } from "../arguments.js";
import { ArgumentError } from "../errors.js";

/** Images with random access, one per point: an `Images` of `sigma-tsne/vae`, or anything like it. */
export interface ImageSource {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1 for gray values, 3 for colors, 4 with an alpha that is not looked at. */
  readonly channels: number;
  /**
   * @param indices numbers of images, 0 to count - 1
   * @returns indices x height x width x channels; 0 black to 1 white. Where nothing is to be seen, NaN.
   */
  read(indices: ArrayLike<number>): Promise<ArrayLike<number>>;
}

/** @throws {ArgumentError} for images that are none, or have other channels */
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

/** @throws {ArgumentError} SHAPE_MISMATCH for images that are not `n` */
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

/** @throws {ArgumentError} OUT_OF_RANGE for a share that is none */
export function checkStretch(stretch: unknown, argument: string): number | undefined {
  if (stretch === undefined || (typeof stretch === "number" && stretch >= 0 && stretch < 0.5)) return stretch;
  const accepted = "a share from 0 to below 0.5, cut off at either end";
  throw new ArgumentError("OUT_OF_RANGE", { argument, received: stretch, accepted });
}

/** Width and height of images on a picture, the longer of which is `side`. */
export function fitSide({ height, width }: ImageSource, side: number): { width: number; height: number } {
  const scale = side / Math.max(height, width);
  return { width: Math.max(1, Math.round(scale * width)), height: Math.max(1, Math.round(scale * height)) };
}
