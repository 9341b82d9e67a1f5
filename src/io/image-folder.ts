import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Sharp } from "sharp";
import { throwIfAborted } from "../abort.js";
import { reject, requireInteger } from "../arguments.js";
import { ArgumentError, FileError } from "../errors.js";
import { checkPath } from "./atomic-write.js";
import { asReadError } from "./file-errors.js";
import { BEGINNING_BYTES, type Depth, decodePixels, isImage, keptDepth, type Pixels, scaleOf } from "./image-pixels.js";
import { openFile } from "./open-file.js";

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
  /** Refuses a folder with files that are no images; by default they are skipped and counted. */
  readonly strict?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called while the folder is looked through, with the share that is done, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** The images of a folder, decoded when they are asked for. */
export interface ImageFolder {
  readonly path: string;
  /** Paths of the images, in natural order of their names: image 2 before image 10. */
  readonly files: readonly string[];
  /** Where the images are in subfolders: for each image the name of its subfolder. */
  readonly classes: readonly string[] | undefined;
  /** Files that are no images. */
  readonly skipped: readonly string[];
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Whether images hold floating-point values, given as they are; else they are scaled to 0 to 1 by their number type. */
  readonly isFloat: boolean;
  /**
   * @param images numbers of the images, from 0
   * @returns images x height x width x channels
   * @throws {ArgumentError} OUT_OF_RANGE for an image that is not there
   * @throws {FileError} FILE_READ or FILE_FORMAT, naming the file, for one that cannot be decoded
   */
  read(images: ArrayLike<number>): Promise<Float32Array>;
}

/** Decoded images are kept up to this many bytes, so that the epochs after the first find them decoded. */
const MEMORY_BYTES = 2 ** 30;
/** Files looked at or decoded at a time. */
const CONCURRENCY = 16;

interface Picture {
  readonly path: string;
  readonly className: string | undefined;
  readonly height: number;
  readonly width: number;
  readonly isGray: boolean;
  readonly depth: Depth;
}

/**
 * Opens a folder of PNG, JPEG, TIFF, WebP or GIF files (the first page or frame of each), told by their content, as images of one
 * size. If the folder itself holds no images, those of its subfolders are taken, and the names of the subfolders are their classes.
 * Files whose names begin with a dot are passed over. Transparent parts become black; TIFF and PNG keep their 16 bits, and TIFF
 * its floating-point values.
 *
 * @throws {FileError} FILE_READ where the folder cannot be read, FILE_FORMAT where it holds no images, images of several sizes
 *   without `size` or `within`, or, if `strict`, anything else
 * @throws {ArgumentError} OUT_OF_RANGE or INVALID_ARGUMENT for options
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function openImageFolder(path: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  checkPath(path);
  const frame = resolveFrame(options);
  const { default: sharp } = await import("sharp");
  const open = async (file: string): Promise<Sharp> => sharp(await readImageFile(file), { failOn: "truncated" });

  const { pictures, skipped } = await listPictures(path, open, options.signal, options.onProgress);
  if (options.strict && skipped.length > 0) {
    throw new FileError("FILE_FORMAT", skipped[0], "is no image, and strict is set");
  }
  checkPictures(path, pictures, skipped, frame);
  const sizes = pictures.map((picture) => frame.size ?? shrink(picture, frame.within));
  const height = sizes.reduce((most, size) => Math.max(most, size[0]), 0);
  const width = sizes.reduce((most, size) => Math.max(most, size[1]), 0);
  const channels = options.channels ?? (pictures.every(({ isGray }) => isGray) ? 1 : 3);
  const decode = withMemory((i: number) => decodePicture(open, pictures[i], sizes[i], channels, frame));

  return {
    path,
    files: pictures.map((picture) => picture.path),
    classes: pictures[0].className === undefined ? undefined : pictures.map(({ className }) => className as string),
    skipped,
    height,
    width,
    channels,
    isFloat: pictures.some(({ depth }) => depth === "float"),
    async read(images) {
      for (let k = 0; k < images.length; k++) requireInteger(images[k], `images[${k}]`, 0, pictures.length - 1);
      const length = height * width * channels;
      const data = new Float32Array(images.length * length);
      await forEachConcurrently(images.length, async (k) => {
        const pixels = await decode(images[k]);
        drawCentered(data.subarray(k * length, (k + 1) * length), pixels, sizes[images[k]], [height, width], channels);
      });
      return data;
    },
  };
}

/** The size that images are brought to; at most one of the two is given. */
interface Frame {
  readonly size: readonly [height: number, width: number] | undefined;
  readonly within: number | undefined;
}

function resolveFrame(options: ImageFolderOptions): Frame {
  const size = resolveSize(options.size);
  const within = options.within === undefined ? undefined : requireInteger(options.within, "within", 1, 16384);
  if (size && within !== undefined) reject("within", within, "nothing where size is given");
  const { channels } = options;
  if (channels !== undefined && channels !== 1 && channels !== 3) reject("channels", channels, "1 or 3");
  return { size, within };
}

async function readImageFile(file: string): Promise<Buffer> {
  return asReadError(file, () => readFile(file)).catch((cause) => {
    if (cause.code !== "ERR_FS_FILE_TOO_LARGE") throw cause;
    throw new FileError("FILE_FORMAT", file, "is larger than 2 GiB", { cause });
  });
}

/** @throws {FileError} FILE_FORMAT if there are no images, or images of several sizes that are not brought to one */
function checkPictures(
  path: string,
  pictures: readonly Picture[],
  skipped: readonly string[],
  { size, within }: Frame,
): void {
  const [first] = pictures;
  if (!first) {
    const found = skipped.length > 0 ? `, only ${skipped.length} other files` : "";
    throw new FileError("FILE_FORMAT", path, `holds no PNG, JPEG, TIFF, WebP or GIF images${found}`);
  }
  const other = pictures.find(({ height, width }) => height !== first.height || width !== first.width);
  if (other && !size && within === undefined) {
    const reason = `holds images of several sizes: ${first.path} has ${first.width} x ${first.height} pixels, ${other.path} has ${other.width} x ${other.height}; give a size to bring them to`;
    throw new FileError("FILE_FORMAT", path, reason);
  }
}

/** Keeps what `decode` gives for each number, as long as all of it together has at most {@link MEMORY_BYTES}. */
function withMemory(decode: (i: number) => Promise<Pixels>): (i: number) => Promise<Pixels> {
  const kept = new Map<number, Pixels>();
  let bytes = 0;
  return async (i) => {
    const known = kept.get(i);
    if (known) return known;
    const pixels = await decode(i);
    if (bytes + pixels.byteLength <= MEMORY_BYTES) {
      kept.set(i, pixels);
      bytes += pixels.byteLength;
    }
    return pixels;
  };
}

async function decodePicture(
  open: (file: string) => Promise<Sharp>,
  { path: file, depth }: Picture,
  [height, width]: readonly [height: number, width: number],
  channels: 1 | 3,
  { size, within }: Frame,
): Promise<Pixels> {
  const decoder = await open(file);
  if (size) decoder.resize({ width, height, fit: "cover" });
  else if (within !== undefined) decoder.resize({ width, height, fit: "fill", withoutEnlargement: true });
  const pixels = await decodePixels(decoder, channels, depth).catch((cause: Error) => {
    throw new FileError("FILE_FORMAT", file, `cannot be decoded: ${cause.message}`, { cause });
  });
  // The file may have been replaced since it was looked at.
  if (pixels.length !== height * width * channels) {
    throw new FileError("FILE_FORMAT", file, "changed its size while it was in use");
  }
  return pixels;
}

/** Writes an image, scaled to its number type, into the middle of a frame; NaN fills the frame around it. */
function drawCentered(
  frame: Float32Array,
  pixels: Pixels,
  [rows, columns]: readonly [number, number],
  [height, width]: readonly [number, number],
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

async function listPictures(
  path: string,
  open: (file: string) => Promise<Sharp>,
  signal: AbortSignal | undefined,
  onProgress: ((fraction: number) => void) | undefined,
): Promise<{ pictures: Picture[]; skipped: string[] }> {
  const top = await list(path);
  const files = top.files.map((file) => ({ path: file, className: undefined as string | undefined }));
  for (const folder of top.folders) {
    for (const file of (await list(join(path, folder))).files) files.push({ path: file, className: folder });
  }
  const looked: (Picture | undefined)[] = [];
  let done = 0;
  await forEachConcurrently(files.length, async (i) => {
    throwIfAborted(signal);
    const file = files[i];
    if (await beginsAsImage(file.path)) looked[i] = await look(await open(file.path), file);
    onProgress?.(++done / files.length);
  });
  const found = looked.filter((picture) => picture !== undefined);
  const own = found.filter(({ className }) => className === undefined);
  const pictures = own.length > 0 ? own : found;
  const counted = (className: string | undefined) => own.length === 0 || className === undefined;
  return { pictures, skipped: files.flatMap((file, i) => (looked[i] || !counted(file.className) ? [] : [file.path])) };
}

async function beginsAsImage(path: string): Promise<boolean> {
  const file = await openFile(path);
  try {
    const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
    return isImage(buffer.subarray(0, bytesRead));
  } finally {
    await file.handle.close();
  }
}

/** What an image is, by its header; undefined for anything else. */
async function look(image: Sharp, file: { path: string; className: string | undefined }): Promise<Picture | undefined> {
  const facts = await image.metadata().catch(() => undefined);
  if (!facts) return undefined;
  const { width, height, space, depth } = facts;
  const isGray = space === "b-w" || space === "grey16";
  return { ...file, width, height, isGray, depth: keptDepth(depth) };
}

async function list(folder: string): Promise<{ files: string[]; folders: string[] }> {
  const natural = new Intl.Collator("en", { numeric: true });
  return asReadError(folder, async () => {
    const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
    // Names that the collator holds for equal must have one order all the same.
    names.sort((a, b) => natural.compare(a, b) || (a < b ? -1 : 1));
    const files: string[] = [];
    const folders: string[] = [];
    for (const name of names) {
      const status = await stat(join(folder, name));
      if (status.isDirectory()) folders.push(name);
      else if (status.isFile()) files.push(join(folder, name));
    }
    return { files, folders };
  });
}

async function forEachConcurrently(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    try {
      while (next < count) await work(next++);
    } catch (error) {
      next = count;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, count) }, worker));
}

/** Height and width of a picture of which neither is longer than `within`. */
function shrink({ height, width }: Picture, within = Number.POSITIVE_INFINITY): readonly [number, number] {
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
