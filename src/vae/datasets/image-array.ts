import { basename } from "node:path";
import { DataError, FileError } from "../../errors.js";
import { type ArrayFile, openArrayFile, readLabels } from "../../io/index.js";
import type { FloatArray } from "../../matrix.js";
import type { DatasetLoader } from "./collection.js";
import type { Images } from "./dataset.js";
import { checkIndices } from "./images.js";
import { checkLabelCount, numberClasses } from "./labels.js";

/**
 * For each number type, the values that are scaled to 0 and to 1. Other integer types are missing, because there is no
 * usual range for their values.
 */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  b1: [0, 1],
  u1: [0, 255],
  u2: [0, 65535],
  f2: [0, 1],
  f4: [0, 1],
  f8: [0, 1],
};

/** A .npy or IDX file: n x height x width, n x height x width x channels, or n x channels x height x width. */
export const imageArray: DatasetLoader = {
  name: "a .npy or IDX file",
  description: "images of one size in one array",
  accepts: ["labels"],
  async open({ labels: labelsPath, signal }, path) {
    const names = labelsPath === undefined ? undefined : await readLabels(labelsPath, { signal });
    const { images, range, close } = await openImageArray(path, signal);
    try {
      if (!names) return { name: basename(path), images, range, close };
      checkLabelCount(names, images.count, labelsPath as string);
      const { labels, classes } = numberClasses(names);
      return { name: basename(path), images: { ...images, labels }, classes, range, close };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

/**
 * Opens the images of an array file, with the values as they are stored in the file.
 *
 * @throws {FileError} FILE_FORMAT if the array does not have three or four axes. Reading a value that is too large for
 *   float32 throws a DataError OUT_OF_RANGE.
 */
export async function openImageArray(
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ images: Images; range: readonly [number, number] | undefined; close: () => Promise<void> }> {
  const file = await openArrayFile(path, { signal });
  try {
    return { images: imagesOf(file), range: RANGES[file.dtype], close: file.close };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function imagesOf(file: ArrayFile): Images {
  const { count, height, width, channels, isChannelsFirst } = describeShape(file);
  return {
    count,
    height,
    width,
    channels,
    areValuesValid: !file.dtype.startsWith("f"),
    async read(indices) {
      checkIndices(indices, count);
      const data = await file.read(indices);
      const area = height * width;
      const narrow = data instanceof Float32Array ? data : toFloat32(data, file.path, indices, area * channels);
      return isChannelsFirst && channels > 1 ? toChannelsLast(narrow, area, channels) : narrow;
    },
  };
}

/** Usual numbers of channels: 1 for gray, 3 for colors, 4 for colors with transparency. */
const CHANNELS = [1, 3, 4];

/**
 * An array with four axes is n x height x width x channels, or n x channels x height x width as in PyTorch. The axis of
 * the channels is recognized by its length: 1, 3 or 4, or otherwise shorter than both other axes.
 */
function describeShape({ path, shape }: ArrayFile) {
  const fail = (reason: string) => new FileError("FILE_FORMAT", path, `has shape (${shape.join(", ")}); ${reason}`);
  const [count = 0, ...axes] = shape;
  if (axes.length === 2) {
    return { count, height: axes[0], width: axes[1], channels: 1, isChannelsFirst: false };
  }
  if (axes.length !== 3) {
    throw fail(
      "expected n x height x width, n x height x width x channels or n x channels x height x width. Reshape the array",
    );
  }
  const [first, middle, last] = axes;
  const isUsual = CHANNELS.includes(last) || CHANNELS.includes(first);
  const isLast = isUsual ? CHANNELS.includes(last) : last < Math.min(first, middle);
  if (isLast) return { count, height: first, width: middle, channels: last, isChannelsFirst: false };
  if (isUsual || first < Math.min(middle, last)) {
    return { count, height: middle, width: last, channels: first, isChannelsFirst: true };
  }
  throw fail(
    "expected the channels as the last or the second axis: this axis must have the length 1, 3 or 4, or be shorter than the other two axes. Move it with np.moveaxis(a, axis, -1)",
  );
}

function toChannelsLast(values: Float32Array, area: number, channels: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += area * channels) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < area; p++) result[start + p * channels + c] = values[start + c * area + p];
    }
  }
  return result;
}

/** @throws {DataError} OUT_OF_RANGE for finite values that are too large for float32 */
function toFloat32(data: FloatArray, path: string, indices: ArrayLike<number>, pixels: number): Float32Array {
  const narrow = Float32Array.from(data);
  const at = narrow.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(data[i]));
  if (at < 0) return narrow;
  throw new DataError("OUT_OF_RANGE", {
    argument: path,
    received: data[at],
    accepted: "values up to 3.4e38, the limit of float32",
    row: indices[Math.floor(at / pixels)],
    column: at % pixels,
  });
}
