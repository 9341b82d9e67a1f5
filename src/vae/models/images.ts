import { ArgumentError } from "../../errors.js";
import type { Images } from "../datasets/dataset.js";

/** Images, or their values 0 to 1, one image after the other, each height x width x channels. */
export type ImageSource = Images | Float32Array;

export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Values in memory as {@link Images}.
 *
 * @param values count x height x width x channels, 0 to 1
 * @param labels the class of every image
 * @throws {ArgumentError} SHAPE_MISMATCH where the values are no whole number of images, or there is not a label for each
 */
export function imagesFrom(values: Float32Array, shape: ImageShape, labels?: Int32Array): Images {
  const { height, width, channels } = shape;
  const size = height * width * channels;
  const count = values.length / size;
  if (!(values instanceof Float32Array && Number.isInteger(count))) {
    const accepted = `a Float32Array of images of ${describeShape(shape)} = ${size} numbers`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument: "images", received: values, accepted });
  }
  if (labels && labels.length !== count) {
    throw new ArgumentError("SHAPE_MISMATCH", { argument: "labels", received: labels, accepted: `${count} labels` });
  }
  const read = async (indices: ArrayLike<number>) => {
    const chosen = new Float32Array(indices.length * size);
    for (let i = 0; i < indices.length; i++) {
      const start = (indices[i] as number) * size;
      chosen.set(values.subarray(start, start + size), i * size);
    }
    return chosen;
  };
  return { count, height, width, channels, labels, read };
}

/** @throws {ArgumentError} SHAPE_MISMATCH for images of another shape, INVALID_ARGUMENT for what are no images */
export function toImages(source: ImageSource, shape: ImageShape, argument = "images"): Images {
  if (source instanceof Float32Array) return imagesFrom(source, shape);
  if (typeof source?.read !== "function") {
    const accepted = "Images (a set of a dataset, or imagesFrom(values, shape)) or a Float32Array";
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received: source, accepted });
  }
  if (source.height !== shape.height || source.width !== shape.width || source.channels !== shape.channels) {
    const accepted = `images of ${describeShape(shape)}, for which the model was made`;
    const message = `${argument}: expected ${accepted}, received ${describeShape(source)}`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument, received: source, accepted, message });
  }
  return source;
}

const describeShape = ({ height, width, channels }: ImageShape): string => `${height} x ${width} x ${channels}`;

/** The numbers from `start` to `end` - 1. */
export function range(start: number, end: number): Int32Array {
  return Int32Array.from({ length: end - start }, (_, i) => start + i);
}
