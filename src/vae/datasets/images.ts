import { throwIfAborted } from "../../abort.js";
import { requireInteger } from "../../arguments.js";
import { ArgumentError, DataError } from "../../errors.js";
import type { Images } from "./dataset.js";

/** @throws {ArgumentError} OUT_OF_RANGE for the index of an image that does not exist */
export function checkIndices(indices: ArrayLike<number>, count: number): void {
  for (let k = 0; k < indices.length; k++) {
    const index = indices[k];
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      requireInteger(index, `indices[${k}]`, 0, count - 1);
    }
  }
}

/**
 * Makes a set of images from an array.
 *
 * @param data count x height x width x channels, values 0 to 1
 */
export function imagesInMemory(
  data: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  labels?: Int32Array,
): Images {
  const length = height * width * channels;
  const count = data.length / length;
  if (!Number.isInteger(count) || (labels && labels.length !== count)) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument: labels && Number.isInteger(count) ? "labels" : "data",
      received: labels && Number.isInteger(count) ? labels : data,
      accepted: `images of ${height} x ${width} x ${channels}, with a label for each image or without labels`,
    });
  }
  return {
    count,
    height,
    width,
    channels,
    labels,
    async read(indices) {
      checkIndices(indices, count);
      const out = new Float32Array(indices.length * length);
      for (let k = 0; k < indices.length; k++) {
        const from = indices[k] * length;
        out.set(data.subarray(from, from + length), k * length);
      }
      return out;
    },
  };
}

/** Number of images whose values are checked at a time. */
const CHECKED_AT_ONCE = 256;

/**
 * Checks the values of all images before a long computation, unless they are known to be valid.
 *
 * @param argument name of the images in the error
 * @throws {DataError} NOT_FINITE for NaN and infinities, OUT_OF_RANGE for values outside 0 to 1; the error names the
 *   image and the pixel
 * @throws {AbortError} if `signal` is aborted
 */
export async function checkValues(images: Images, argument: string, signal: AbortSignal | undefined): Promise<void> {
  if (images.areValuesValid) return;
  const pixels = images.height * images.width * images.channels;
  for (let start = 0; start < images.count; start += CHECKED_AT_ONCE) {
    throwIfAborted(signal);
    const length = Math.min(CHECKED_AT_ONCE, images.count - start);
    const values = await images.read(Int32Array.from({ length }, (_, i) => start + i));
    const at = values.findIndex((value) => !(value >= 0 && value <= 1));
    if (at < 0) continue;
    throw new DataError(Number.isFinite(values[at]) ? "OUT_OF_RANGE" : "NOT_FINITE", {
      argument,
      received: values[at],
      accepted: "images with values from 0 to 1",
      row: start + Math.floor(at / pixels),
      column: at % pixels,
    });
  }
}

/** Returns the images with the indices `chosen`, in the order of `chosen`. */
export function selectImages(images: Images, chosen: Int32Array): Images {
  checkIndices(chosen, images.count);
  const { labels } = images;
  return {
    ...images,
    count: chosen.length,
    labels: labels && chosen.map((index) => labels[index]),
    async read(indices) {
      checkIndices(indices, chosen.length);
      return images.read(Int32Array.from(indices, (index) => chosen[index]));
    },
  };
}

/**
 * Returns the images of `first`, followed by those of `second`. Both sets have images of the same shape, and the same
 * classes.
 */
export function joinImages(first: Images, second: Images): Images {
  const count = first.count + second.count;
  const { labels } = first;
  return {
    ...first,
    count,
    areValuesValid: first.areValuesValid && second.areValuesValid,
    labels: labels && second.labels && Int32Array.from([...labels, ...second.labels]),
    async read(indices) {
      checkIndices(indices, count);
      const positions = Array.from(indices, (_, k) => k);
      const length = first.height * first.width * first.channels;
      const out = new Float32Array(indices.length * length);
      for (const [images, offset] of [[first, 0] as const, [second, first.count] as const]) {
        const own = positions.filter((k) => indices[k] < first.count === (offset === 0));
        if (own.length === 0) continue;
        const data = await images.read(own.map((k) => indices[k] - offset));
        own.forEach((k, i) => {
          out.set(data.subarray(i * length, (i + 1) * length), k * length);
        });
      }
      return out;
    },
  };
}

/** Returns the images of one class. */
export function selectClass(images: Images, label: number): Images {
  const { labels } = images;
  if (!labels) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "class",
      received: label,
      accepted: "no value, because the images have no labels",
    });
  }
  const chosen = Array.from(labels.keys()).filter((index) => labels[index] === label);
  return selectImages(images, Int32Array.from(chosen));
}

/**
 * Returns images to which `change` is applied whenever they are read.
 *
 * @param change changes the values of one image in place; its second argument is the index of the image
 */
export function mapImages(images: Images, change: (pixels: Float32Array, index: number) => void): Images {
  const length = images.height * images.width * images.channels;
  return {
    ...images,
    async read(indices) {
      const data = await images.read(indices);
      for (let k = 0; k < indices.length; k++) {
        change(data.subarray(k * length, (k + 1) * length), indices[k]);
      }
      return data;
    },
  };
}

/**
 * Returns images whose values are scaled: `low` becomes 0 and `high` becomes 1.
 *
 * @throws {DataError} on reading: NOT_FINITE for NaN and infinities, OUT_OF_RANGE for values outside `low` to `high`
 */
export function scaleImages(images: Images, low: number, high: number, path: string): Images {
  return mapImages(images, (pixels, index) => {
    for (let j = 0; j < pixels.length; j++) {
      const value = pixels[j];
      if (!(value >= low && value <= high)) {
        throw new DataError(Number.isFinite(value) ? "OUT_OF_RANGE" : "NOT_FINITE", {
          argument: path,
          received: value,
          accepted: `images with values from ${low} to ${high} (set stretch to use any finite values)`,
          row: index,
          column: j,
        });
      }
      pixels[j] = (value - low) / (high - low);
    }
  });
}

/**
 * Returns images with stretched contrast: the values of each image are scaled, independently of other images, to the
 * range 0 to 1. If all values of an image are equal, they become 0.
 *
 * @param saturation fraction of the values that are cut off at each end of the range, 0 to below 0.5
 * @throws {ArgumentError} OUT_OF_RANGE for an invalid fraction
 * @throws {DataError} NOT_FINITE on reading
 */
export function stretchContrast(images: Images, saturation = 0): Images {
  if (!(typeof saturation === "number" && saturation >= 0 && saturation < 0.5)) {
    throw new ArgumentError("OUT_OF_RANGE", {
      argument: "stretch",
      received: saturation,
      accepted: "a share from 0 to below 0.5",
    });
  }
  return mapImages(images, (pixels, index) => {
    const column = pixels.findIndex((value) => !Number.isFinite(value));
    if (column >= 0) {
      const received = pixels[column];
      throw new DataError("NOT_FINITE", {
        argument: "images",
        received,
        accepted: "finite values",
        row: index,
        column,
      });
    }
    const sorted = pixels.slice().sort();
    const cut = Math.floor(saturation * sorted.length);
    const low = sorted[cut];
    const high = sorted[sorted.length - 1 - cut];
    for (let j = 0; j < pixels.length; j++) {
      const share = high > low ? (pixels[j] - low) / (high - low) : 0;
      pixels[j] = Math.min(1, Math.max(0, share));
    }
  });
}
