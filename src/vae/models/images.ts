import { ArgumentError } from "../../errors.js";
import type { Images } from "../datasets/dataset.js";
import { imagesInMemory } from "../datasets/images.js";

/** A set of images, or the values of images from 0 to 1, one image after the other, each height x width x channels. */
export type ImagesLike = Images | Float32Array;

/** Size of the images in pixels, and number of color channels: 1 for gray values, 3 for red, green and blue. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * @throws {ArgumentError} SHAPE_MISMATCH for images of another shape, INVALID_ARGUMENT for a value that does not
 *   represent images
 */
export function toImages(images: ImagesLike, shape: ImageShape, argument = "images"): Images {
  if (images instanceof Float32Array) return imagesInMemory(images, [shape.height, shape.width, shape.channels]);
  if (typeof images?.read !== "function") {
    const accepted = "Images (a set of a dataset, or imagesInMemory(data, shape)) or a Float32Array";
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received: images, accepted });
  }
  if (images.height !== shape.height || images.width !== shape.width || images.channels !== shape.channels) {
    const accepted = `images of ${describeShape(shape)}, for which the model was made`;
    const message = `${argument}: expected ${accepted}, received ${describeShape(images)}`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument, received: images, accepted, message });
  }
  return images;
}

const describeShape = ({ height, width, channels }: ImageShape): string => `${height} x ${width} x ${channels}`;

/** The integers from `start` to `end` - 1. */
export function range(start: number, end: number): Int32Array {
  return Int32Array.from({ length: end - start }, (_, i) => start + i);
}
