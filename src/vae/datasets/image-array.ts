import { basename } from "node:path";
import { DataError, FileError } from "../../errors.js";
import { type ArrayFile, openArrayFile, readLabels } from "../../io/index.js";
import type { FloatArray } from "../../matrix.js";
import type { DatasetLoader } from "./collection.js";
import type { Images } from "./dataset.js";
import { checkIndices } from "./images.js";
import { checkLabelCount, numberClasses } from "./labels.js";

/** What becomes 0 and 1, by number type; integers of other types have no common scale. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  b1: [0, 1],
  u1: [0, 255],
  u2: [0, 65535],
  f2: [0, 1],
  f4: [0, 1],
  f8: [0, 1],
};

/** A .npy or IDX file, n x height x width or n x height x width x channels. */
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
 * Images in an array file, with the values that stand there.
 *
 * @throws {FileError} FILE_FORMAT where the array does not have three or four axes, DataError OUT_OF_RANGE on reading a
 *   value beyond float32
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
  const [count = 0, height, width, channels = 1, ...rest] = file.shape;
  if (height === undefined || width === undefined || rest.length > 0) {
    const reason = `has shape (${file.shape.join(", ")}); images have n x height x width or n x height x width x channels`;
    throw new FileError("FILE_FORMAT", file.path, reason);
  }
  return {
    count,
    height,
    width,
    channels,
    async read(indices) {
      checkIndices(indices, count);
      const data = await file.read(indices);
      return data instanceof Float32Array ? data : toFloat32(data, file.path, indices, height * width * channels);
    },
  };
}

/** @throws {DataError} OUT_OF_RANGE for finite values that would become infinite */
function toFloat32(data: FloatArray, path: string, indices: ArrayLike<number>, pixels: number): Float32Array {
  const narrow = Float32Array.from(data);
  const at = narrow.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(data[i]));
  if (at < 0) return narrow;
  throw new DataError("OUT_OF_RANGE", {
    argument: path,
    received: data[at],
    accepted: "values that float32 holds, up to 3.4e38",
    row: indices[Math.floor(at / pixels)],
    column: at % pixels,
  });
}
