import { throwIfAborted } from "../abort.js";
import { requireInteger } from "../arguments.js";
import { ArgumentError, FileError } from "../errors.js";
import { checkPath } from "./atomic-write.js";
import { decodePage, type Pixels, scaleOf } from "./image-file.js";
import { forEachConcurrently, type ListedImage, listImages, readImageFile, type SkippedFile } from "./image-listing.js";

/** Options of {@link openImageFolder}. */
export interface ImageFolderOptions {
  /**
   * Height and width that all images are brought to, as `[height, width]` or one number for squares, 1 to 16384 pixels: what
   * exceeds that shape is cut off on both sides, the rest is scaled. Default: all images must have one size, which is kept.
   */
  readonly size?: number | readonly [number, number] | undefined;
  /**
   * Longest side in pixels, 1 to 16384, that images are scaled down to, each as a whole. They may have several sizes: each stands
   * in the middle of a frame as large as the largest, with NaN around it. Not together with `size`.
   */
  readonly within?: number | undefined;
  /** 1 for gray values, 3 for colors. Default: 1 if every image is gray, else 3. */
  readonly channels?: 1 | 3 | undefined;
  /** Refuses a folder with files that would be skipped; by default they are skipped and counted. */
  readonly strict?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called while the folder is looked through, with the share that is done, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** The images of a folder, decoded when they are asked for. */
export interface ImageFolder {
  readonly path: string;
  /**
   * For each image the path of its file, in natural order of their names: image 2 before image 10. The pages of a file with several pages
   * are images of their own, `stack.tif#1`, `stack.tif#2` and so on.
   */
  readonly files: readonly string[];
  /** For images in subfolders: for each image the name of its subfolder, or of nested subfolders as `a/b`. */
  readonly classes: readonly string[] | undefined;
  /** Files that are passed over. */
  readonly skipped: readonly SkippedFile[];
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /**
   * `scaled`: all images hold unsigned integers of 8 or 16 bits, which are brought to 0 to 1 by their type. `floats`: some hold
   * floating-point numbers, which stay as they are. `integers`: all hold other integers, which stay as they are.
   */
  readonly values: "scaled" | "integers" | "floats";
  /**
   * @param images numbers of the images, from 0
   * @returns images x height x width x channels
   * @throws {ArgumentError} OUT_OF_RANGE for an image that is not there
   * @throws {FileError} FILE_READ or FILE_FORMAT, naming the file, for one that cannot be decoded
   * @throws {DataError} OUT_OF_RANGE for values beyond float32
   */
  read(images: ArrayLike<number>): Promise<Float32Array>;
}

/** Decoded images are kept up to this many bytes, so that the epochs after the first find them decoded. */
const MEMORY_BYTES = 2 ** 30;

/**
 * Opens a folder of PNG, JPEG, TIFF, WebP or GIF files, recognized by their content, as images of one size. If the folder itself holds no
 * images, those in its subfolders are taken, however deep they are, and the names of the subfolders become their classes.
 *
 * Each page of a TIFF file and each frame of an animation is an image. Unsigned integers of 8 and 16 bits are brought to 0 to 1 by their
 * type. Signed integers, integers of 32 bits, float16, float32 and float64 of TIFF files keep their values. The orientation that a camera
 * noted is applied. Transparent parts become black. Files whose names begin with a dot are passed over.
 *
 * @throws {FileError} FILE_READ where the folder cannot be read. FILE_FORMAT where it holds no images, images of several sizes without
 *   `size` or `within`, images of several channels that are not colors, or integers that stay as they are beside others that are scaled;
 *   and, if `strict`, for the first file that would be skipped
 * @throws {ArgumentError} OUT_OF_RANGE or INVALID_ARGUMENT for options
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function openImageFolder(path: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  checkPath(path);
  const { wanted, within } = resolveSizes(options);
  const { images, skipped } = await listImages(path, options.signal, options.onProgress);
  throwIfAborted(options.signal);
  checkListing(path, images, skipped, options.strict ?? false, wanted !== undefined || within !== undefined);
  const values = commonValues(path, images);
  const sizes = images.map((image) => wanted ?? shrink(image, within));
  const height = sizes.reduce((most, size) => Math.max(most, size[0]), 0);
  const width = sizes.reduce((most, size) => Math.max(most, size[1]), 0);
  const channels = options.channels ?? (images.every(({ isGray }) => isGray) ? 1 : 3);
  const decode = createDecoder(images, sizes, channels, wanted ? "cover" : "fill");
  const length = height * width * channels;
  return {
    path,
    files: images.map(({ name }) => name),
    classes: images[0].className === undefined ? undefined : images.map(({ className }) => className as string),
    ...{ skipped, height, width, channels, values },
    async read(indices) {
      for (let k = 0; k < indices.length; k++) requireInteger(indices[k], `images[${k}]`, 0, images.length - 1);
      const data = new Float32Array(indices.length * length);
      await forEachConcurrently(indices.length, async (k) => {
        const pixels = await decode(indices[k]);
        const frame = data.subarray(k * length, (k + 1) * length);
        copyToMiddle(pixels, sizes[indices[k]], frame, height, width, channels);
      });
      return data;
    },
  };
}

function resolveSizes({ size, within, channels }: ImageFolderOptions) {
  const wanted = resolveSize(size);
  if (within !== undefined) requireInteger(within, "within", 1, 16384);
  if (wanted && within !== undefined) {
    const facts = { argument: "within", received: within, accepted: "nothing where size is given" };
    throw new ArgumentError("INVALID_ARGUMENT", facts);
  }
  if (channels !== undefined && channels !== 1 && channels !== 3) {
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "channels", received: channels, accepted: "1 or 3" });
  }
  return { wanted, within };
}

function checkListing(
  path: string,
  images: readonly ListedImage[],
  skipped: readonly SkippedFile[],
  strict: boolean,
  hasSize: boolean,
): void {
  const [stranger] = skipped;
  if (strict && stranger !== undefined) {
    const reason = `would be skipped (${stranger.reason}), and strict is set: remove it, or leave out strict`;
    throw new FileError("FILE_FORMAT", stranger.path, reason);
  }
  const [first] = images;
  if (!first) {
    const found = skipped.length > 0 ? `, only ${skipped.length} other files` : "";
    throw new FileError("FILE_FORMAT", path, `holds no PNG, JPEG, TIFF, WebP or GIF images${found}`);
  }
  const other = images.find(({ height, width }) => height !== first.height || width !== first.width);
  if (other && !hasSize) {
    const reason = `holds images of several sizes: ${first.name} has ${first.width} x ${first.height} pixels, ${other.name} has ${other.width} x ${other.height}; give a size to bring them to`;
    throw new FileError("FILE_FORMAT", path, reason);
  }
}

/** @throws {FileError} where integers that stay as they are would stand beside integers that are brought to 0 to 1 */
function commonValues(path: string, images: readonly ListedImage[]): ImageFolder["values"] {
  const integers = images.find(({ values }) => values === "integers");
  const scaled = images.find(({ values }) => values === "scaled");
  if (integers && scaled) {
    const reason = `mixes number types: ${integers.name} holds ${integers.tiff?.numbers}${integers.tiff?.bits} values, which stay as they are, ${scaled.name} holds uint${scaled.bits}, which is scaled to 0 to 1. Save all images with one type`;
    throw new FileError("FILE_FORMAT", path, reason);
  }
  if (images.some(({ values }) => values === "floats")) return "floats";
  return integers ? "integers" : "scaled";
}

/** Decodes images by their numbers and keeps the first ones in memory. */
function createDecoder(
  images: readonly ListedImage[],
  sizes: readonly (readonly [number, number])[],
  channels: 1 | 3,
  fit: "cover" | "fill",
): (i: number) => Promise<Pixels> {
  const cache = new Map<number, Pixels>();
  let cached = 0;
  return async (i) => {
    const known = cache.get(i);
    if (known) return known;
    const image = images[i];
    const bytes = await readImageFile(image.path);
    const [height, width] = sizes[i];
    const pixels = await decodePage(bytes, image, { height, width, channels }, fit, image.name);
    if (cached + pixels.byteLength <= MEMORY_BYTES) {
      cache.set(i, pixels);
      cached += pixels.byteLength;
    }
    return pixels;
  };
}

/** Copies an image into the middle of a frame, with NaN around it. */
export function copyToMiddle(
  pixels: Pixels,
  [rows, columns]: readonly [number, number],
  frame: Float32Array,
  height: number,
  width: number,
  channels: number,
): void {
  const most = scaleOf(pixels);
  if (rows < height || columns < width) frame.fill(Number.NaN);
  const corner = (((height - rows) >> 1) * width + ((width - columns) >> 1)) * channels;
  const line = columns * channels;
  for (let y = 0; y < rows; y++) {
    const start = corner + y * width * channels;
    for (let j = 0; j < line; j++) frame[start + j] = pixels[y * line + j] / most;
  }
}

/** Height and width of an image of which neither is longer than `within`. */
export function shrink(
  { height, width }: Pick<ListedImage, "height" | "width">,
  within = Number.POSITIVE_INFINITY,
): readonly [number, number] {
  const scale = Math.min(1, within / height, within / width);
  return [Math.max(1, Math.round(scale * height)), Math.max(1, Math.round(scale * width))];
}

function resolveSize(size: unknown): [number, number] | undefined {
  if (size === undefined) return undefined;
  const [height, width, ...rest]: unknown[] = Array.isArray(size) ? size : [size, size];
  if (rest.length > 0) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "size",
      received: size,
      accepted: "a number or [height, width]",
    });
  }
  return [requireInteger(height, "size", 1, 16384), requireInteger(width, "size", 1, 16384)];
}
