import { throwIfAborted } from "../abort.js";
import { requireInteger } from "../arguments.js";
import { ArgumentError, FileError } from "../errors.js";
import { checkPath } from "./atomic-write.js";
import { decodePage, type Pixels, scaleOf } from "./image-file.js";
import { forEachConcurrently, type ListedImage, listImages, readImageFile, type SkippedFile } from "./image-listing.js";

/** Options of {@link openImageFolder}. */
export interface ImageFolderOptions {
  /**
   * Height and width of all images, as `[height, width]` or one number for squares, 1 to 16384 pixels. Each image is
   * scaled to cover that shape and cropped equally on both sides. Default: the images are not scaled and must all have
   * the same size.
   */
  readonly size?: number | readonly [number, number] | undefined;
  /**
   * Longest side in pixels, 1 to 16384. Larger images are scaled down without cropping. The images may have different
   * sizes: each image is centered in a frame of the size of the largest image, with NaN around it. Cannot be combined
   * with `size`.
   */
  readonly within?: number | undefined;
  /** 1 for gray values, 3 for colors. Default: 1 if every image is gray, else 3. */
  readonly channels?: 1 | 3 | undefined;
  /** Whether to reject a folder with files that would be skipped. By default such files are skipped and counted. */
  readonly strict?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called while the folder is searched, with the completed fraction, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** The images of a folder, decoded on request. */
export interface ImageFolder {
  readonly path: string;
  /**
   * The path of the file of each image, in natural order of names: image 2 before image 10. Each page of a file with
   * several pages is an image: `stack.tif#1`, `stack.tif#2` and so on.
   */
  readonly files: readonly string[];
  /**
   * The name of the subfolder of each image, or of nested subfolders as `a/b`. `undefined` if the images are not in
   * subfolders.
   */
  readonly classes: readonly string[] | undefined;
  /** Files in the folder that are not used as images. */
  readonly skipped: readonly SkippedFile[];
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /**
   * `scaled`: all images hold unsigned integers of 8 or 16 bits, scaled to 0 to 1 by the largest value of their type.
   * `floats`: some images hold floating-point numbers, which are not scaled. `integers`: all images hold other
   * integers, which are not scaled.
   */
  readonly values: "scaled" | "integers" | "floats";
  /**
   * @param images numbers of the images, from 0
   * @returns images x height x width x channels
   * @throws {ArgumentError} OUT_OF_RANGE for an image that does not exist
   * @throws {FileError} FILE_READ or FILE_FORMAT, naming the file, for one that cannot be decoded
   * @throws {DataError} OUT_OF_RANGE for values beyond float32
   */
  read(images: ArrayLike<number>): Promise<Float32Array>;
}

/** Number of bytes up to which decoded images are kept in memory, so that later epochs do not decode them again. */
const MEMORY_BYTES = 2 ** 30;

/**
 * Opens a folder of PNG, JPEG, TIFF, WebP or GIF files as images of one size. The files are recognized by their
 * content. If the folder itself holds no images, all images in its subfolders, at any depth, are used, and the names of
 * the subfolders become their classes.
 *
 * Each page of a TIFF file and each frame of an animation is an image. Unsigned integers of 8 and 16 bits are scaled to
 * 0 to 1 by the largest value of their type. Signed integers, integers of 32 bits, float16, float32 and float64 in TIFF
 * files keep their values. The orientation stored by a camera is applied. Transparent parts become black. Files whose
 * names begin with a dot are ignored.
 *
 * @throws {FileError} FILE_READ if the folder cannot be read. FILE_FORMAT if it holds no images, images of several
 *   sizes without `size` or `within`, images with several channels that are not colors, or both integers that are
 *   scaled and integers that are not. If `strict`, FILE_FORMAT also for the first file that would be skipped
 * @throws {ArgumentError} OUT_OF_RANGE or INVALID_ARGUMENT for invalid options
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
    const facts = { argument: "within", received: within, accepted: "to be left out if size is given" };
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
    const reason = `holds images of several sizes: ${first.name} has ${first.width} x ${first.height} pixels, ${other.name} has ${other.width} x ${other.height}. Set a size to which all images are scaled`;
    throw new FileError("FILE_FORMAT", path, reason);
  }
}

/**
 * @throws {FileError} if some images hold integers that are scaled to 0 to 1 and other images hold integers that are
 *   not scaled
 */
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

/**
 * Returns a function that decodes the image with a given number. It keeps the first decoded images in memory, up to
 * MEMORY_BYTES.
 */
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

/** Copies an image into the center of a frame, with NaN around it. */
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

/** Returns the height and width of an image after scaling its longer side down to `within`. */
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
