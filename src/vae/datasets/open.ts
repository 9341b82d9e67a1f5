import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { closest, distance } from "fastest-levenshtein";
import { rejectUnknown, requireInteger, requireOptions, requireSignal } from "../../arguments.js";
import { ArgumentError, FileError } from "../../errors.js";
import { openImageFolder } from "../../io/index.js";
import type { Collection, DatasetLoader, LoaderOption } from "./collection.js";
import type { Dataset, DatasetOptions, DatasetOrigin, Images } from "./dataset.js";
import { folder } from "./folder.js";
import { frey } from "./frey.js";
import { imageArray, openImageArray } from "./image-array.js";
import { joinImages, mapImages, scaleImages, selectClass, selectImages, stretchContrast } from "./images.js";
import { micrographs } from "./micrograph-scenes.js";
import { fashionMnist, mnist } from "./mnist.js";
import { partSize, splitAtRandom } from "./split.js";

/** Data sets with a name. To add one, add a file to this folder and an entry to this list. */
const LOADERS: readonly DatasetLoader[] = [micrographs, mnist, fashionMnist, frey];

/** Names and descriptions of the named data sets. */
export const DATASETS: readonly { readonly name: string; readonly description: string }[] = LOADERS;

const LOADER_OPTIONS: readonly LoaderOption[] = ["labels", "count", "size", "channels", "strict"];
const OPTIONS: readonly string[] = [
  ...["dataDir", "cacheDir", "download", "class", "split", "seed", "limit", "stretch", "signal", "onProgress"],
  ...LOADER_OPTIONS,
];

/**
 * Opens a data set for training: one of {@link DATASETS} by its name, otherwise a folder, a .npy file or an IDX file
 * with images, by its path. For a folder that has the name of a data set, write a path such as `./mnist`. Images in
 * files are read when they are needed.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT for an unknown name, with a suggestion; also for options that are unknown,
 *   out of range, or not supported by this data set
 * @throws {FileError} DOWNLOAD if files are missing and cannot be downloaded, with instructions; FILE_READ, FILE_FORMAT
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function openDataset(nameOrPath = "micrographs", options: DatasetOptions = {}): Promise<Dataset> {
  requireOptions(options);
  rejectUnknown(options, OPTIONS);
  requireSignal(options.signal);
  const seed = requireInteger(options.seed ?? 42, "seed", 0, Number.MAX_SAFE_INTEGER);
  const limit = requireInteger(options.limit ?? Number.MAX_SAFE_INTEGER, "limit", 1, Number.MAX_SAFE_INTEGER);
  const split = options.split ?? {};
  requireOptions(split);
  rejectUnknown(split, ["validation", "test"], "split.");
  const loader = await findLoader(nameOrPath);
  for (const option of LOADER_OPTIONS) {
    if (options[option] === undefined || loader.accepts.includes(option)) continue;
    const accepted = `to be left out: ${loader.name} does not support this option`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument: option, received: options[option], accepted });
  }
  const collection = await loader.open({ ...options, seed }, nameOrPath);
  try {
    const { name, classes, likelihood, skipped, close } = collection;
    const select = chooseImages(collection, options, nameOrPath);
    const images = select(collection.images);
    if (images.count === 0) throw new FileError("FILE_FORMAT", nameOrPath, "holds no images");
    const { height, width, channels } = images;
    const test = collection.test && select(collection.test);
    const parts = test
      ? cutOff(images, test, split, collection.validation ?? 0.1, limit)
      : dealOut(images, split, seed, limit);
    const whole = test ? joinImages(images, test) : images;
    const all = whole.count > limit ? selectImages(whole, range(0, whole.count, limit)) : whole;
    const origin = describeOrigin(loader, nameOrPath, options);
    return { name, height, width, channels, classes, ...parts, all, likelihood, skipped, origin, close };
  } catch (error) {
    await collection.close();
    throw error;
  }
}

/** Options of {@link openImages}. All are optional. */
export interface OpenImagesOptions {
  /**
   * Only for a folder: larger images are scaled down so that the longest side has this many pixels, 1 to 16384. The
   * images are not cropped. Default 512.
   */
  readonly within?: number | undefined;
  /**
   * Only for a folder: reports an error for every file that would otherwise be skipped, such as broken links and files
   * that are not images.
   */
  readonly strict?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called while the files of a folder are examined, with the completed fraction, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** Images for display. */
export interface OpenedImages {
  readonly images: Images;
  /** For a folder: path of the file of each image. */
  readonly files?: readonly string[] | undefined;
  /** For a folder with subfolders: name of the subfolder of each image. */
  readonly classes?: readonly string[] | undefined;
  /** Number of files of a folder that were skipped. */
  readonly skipped: number;
  /** Closes the file of the images. The images cannot be read afterwards. */
  close(): Promise<void>;
}

/**
 * Opens all images of a folder, or of a .npy or IDX file, in their order, for display. Integers are scaled from the
 * range of their number type to 0 to 1; other values are not changed. Images of a folder may have different sizes. Each
 * image is centered in a frame of the size of the largest image, and the rest of the frame is NaN.
 *
 * @throws {FileError} FILE_READ, FILE_FORMAT
 * @throws {ArgumentError} OUT_OF_RANGE or INVALID_ARGUMENT for an option
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function openImages(path: string, options: OpenImagesOptions = {}): Promise<OpenedImages> {
  requireOptions(options);
  rejectUnknown(options, ["within", "strict", "signal", "onProgress"]);
  const { within = 512, strict, signal, onProgress } = options;
  requireSignal(signal);
  if ((await stat(path).catch(() => undefined))?.isDirectory()) {
    const opened = await openImageFolder(path, { within, strict, signal, onProgress });
    const { files, classes, skipped, height, width, channels, read } = opened;
    const images = { count: files.length, height, width, channels, read };
    return { images, files, classes, skipped: skipped.length, close: async () => {} };
  }
  const { images, range, close } = await openImageArray(path, signal);
  const most = range?.[1] ?? 1;
  if (most === 1) return { images, skipped: 0, close };
  const scaled = mapImages(images, (pixels) => {
    for (let j = 0; j < pixels.length; j++) pixels[j] = pixels[j] / most;
  });
  return { images: scaled, skipped: 0, close };
}

function describeOrigin(loader: DatasetLoader, nameOrPath: string, options: DatasetOptions): DatasetOrigin {
  const { signal: _, onProgress: __, dataDir, cacheDir, labels, ...others } = options;
  const paths = Object.entries({ dataDir, cacheDir, labels }).flatMap(([key, path]) =>
    path === undefined ? [] : [[key, resolve(path)]],
  );
  return {
    nameOrPath: LOADERS.includes(loader) ? loader.name : resolve(nameOrPath),
    options: { ...others, ...Object.fromEntries(paths) },
  };
}

async function findLoader(nameOrPath: unknown): Promise<DatasetLoader> {
  const names = LOADERS.map(({ name }) => name);
  const accepted = `${names.join(", ")}, or the path of a folder of images, a .npy or an IDX file`;
  const argument = "dataset";
  if (typeof nameOrPath !== "string" || nameOrPath === "" || nameOrPath.includes("\0")) {
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received: nameOrPath, accepted });
  }
  const named = LOADERS.find(({ name }) => name === nameOrPath);
  if (named) return named;
  const status = await stat(nameOrPath).catch(() => undefined);
  if (status) return status.isDirectory() ? folder : imageArray;
  const near = closest(nameOrPath.toLowerCase(), names);
  const isNear = distance(nameOrPath.toLowerCase(), near) <= Math.max(2, near.length / 3);
  const message = `unknown data set "${nameOrPath}", and there is no such file or folder; ${
    isNear ? `did you mean "${near}"?` : `accepted are ${accepted}`
  }`;
  throw new ArgumentError("INVALID_ARGUMENT", { argument, received: nameOrPath, accepted, message });
}

/** Returns a function that selects one class, if requested, and scales the values to 0 to 1. */
function chooseImages(
  { classes, range, images: all }: Collection,
  options: DatasetOptions,
  path: string,
): (images: Images) => Images {
  const { stretch } = options;
  const label = options.class === undefined ? undefined : findClass(options.class, all.labels && classes);
  if (stretch === undefined && !range) {
    throw new FileError(
      "FILE_FORMAT",
      path,
      "holds integers of a type without a common scale; set stretch to scale each image",
    );
  }
  return (images) => {
    const chosen = label === undefined ? images : selectClass(images, label);
    if (stretch !== undefined) return stretchContrast(chosen, stretch);
    const [low, high] = range as readonly [number, number];
    return scaleImages(chosen, low, high, path);
  };
}

function findClass(wanted: unknown, classes: readonly string[] | undefined): number {
  const argument = "class";
  if (!classes) {
    const accepted = "no value, because the images have no labels";
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received: wanted, accepted });
  }
  const name = String(wanted).toLowerCase();
  const byName = classes.findIndex((known) => known.toLowerCase() === name);
  if (byName >= 0) return byName;
  const number = name.trim() === "" ? Number.NaN : Number(name);
  if (Number.isInteger(number) && number >= 0 && number < classes.length) return number;
  const list = classes.length > 20 ? `${classes.slice(0, 20).join(", ")}, ...` : classes.join(", ");
  throw new ArgumentError("INVALID_ARGUMENT", { argument, received: wanted, accepted: `one of ${list}` });
}

type Parts = Pick<Dataset, "train" | "validation" | "test">;

/** Divides a data set that has its own test part. The last images outside the test part become the validation part. */
function cutOff(images: Images, test: Images, split: SplitOption, validation: number, limit: number): Parts {
  if (split.test !== undefined) {
    const accepted = "no value, because this data set has its own test part";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "split.test", received: split.test, accepted });
  }
  // The default number was chosen for all classes together. A single class may have fewer images.
  const size = split.validation ?? Math.min(validation, Math.floor(images.count / 12));
  const train = images.count - partSize(images.count, size, "validation");
  if (train === 0) {
    const accepted = `fewer than ${images.count} images, to leave some for training`;
    throw new ArgumentError("OUT_OF_RANGE", { argument: "split.validation", received: size, accepted });
  }
  return {
    train: selectImages(images, range(0, train, limit)),
    validation: selectImages(images, range(train, images.count, limit)),
    test: selectImages(test, range(0, test.count, limit)),
  };
}

const range = (start: number, end: number, limit: number): Int32Array =>
  Int32Array.from({ length: Math.min(limit, end - start) }, (_, i) => start + i);

type SplitOption = NonNullable<DatasetOptions["split"]>;

function dealOut(images: Images, split: SplitOption, seed: number, limit: number): Parts {
  const sizes = { validation: split.validation ?? 0.1, test: split.test ?? 0.1 };
  const { train, validation, test } = splitAtRandom(images.count, sizes, seed, limit);
  return {
    train: selectImages(images, train),
    validation: selectImages(images, validation),
    test: selectImages(images, test),
  };
}
