import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { throwIfAborted } from "../abort.js";
import { FileError } from "../errors.js";
import { asReadError } from "./file-errors.js";
import { describeImages, type ImagePage } from "./image-file.js";
import { BEGINNING_BYTES, isImage } from "./image-signature.js";
import { openRegularFile } from "./open-file.js";

/** Number of files that are examined or decoded at the same time. */
const CONCURRENCY = 16;

/** An image of a folder. */
export interface ListedImage extends ImagePage {
  /** The path of its file. */
  readonly path: string;
  /** The path, with the number of the page if the file has several pages: `stack.tif#2`. */
  readonly name: string;
  /** The name of the subfolder, or of nested subfolders as `a/b`. */
  readonly className: string | undefined;
}

/** A file that is not used. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: "not an image" | "broken link" | "in a subfolder next to images";
}

/** Names of top-level folders that divide a data set into parts. They are not classes. */
const PARTS = /^(train|training|test|testing|val|valid|validation)$/i;

/**
 * Finds the images of a folder. If the folder itself holds no images, all images in its subfolders are listed, at any
 * depth, and the names of the subfolders become classes. In `train/cat` and `test/cat` the class is `cat`. If there are
 * no folders below `train` and `test`, these are the classes.
 *
 * @throws {FileError} FILE_READ if the folder cannot be read, FILE_FORMAT for images whose channels cannot be
 *   identified
 */
export async function listImages(
  path: string,
  signal: AbortSignal | undefined,
  onProgress: ((fraction: number) => void) | undefined,
): Promise<{ images: ListedImage[]; skipped: SkippedFile[] }> {
  const skipped: SkippedFile[] = [];
  const files = await listFiles(path, [], skipped);
  const described: ImagePage[][] = [];
  let done = 0;
  await forEachConcurrently(files.length, async (i) => {
    throwIfAborted(signal);
    const file = files[i].path;
    described[i] = (await beginsAsImage(file)) ? await describeImages(await readImageFile(file), file) : [];
    onProgress?.(++done / files.length);
  });
  const hasOwn = files.some(({ folders }, i) => folders.length === 0 && described[i].length > 0);
  const images: ListedImage[] = [];
  for (const [i, { path: file, folders }] of files.entries()) {
    const pages = described[i];
    if (pages.length === 0) skipped.push({ path: file, reason: "not an image" });
    else if (hasOwn && folders.length > 0) skipped.push({ path: file, reason: "in a subfolder next to images" });
    else {
      const className = hasOwn ? undefined : classOf(folders);
      for (const [k, page] of pages.entries()) {
        images.push({ ...page, path: file, name: pages.length > 1 ? `${file}#${k + 1}` : file, className });
      }
    }
  }
  return { images, skipped };
}

const classOf = (folders: readonly string[]): string =>
  (folders.length > 1 && PARTS.test(folders[0]) ? folders.slice(1) : folders).join("/");

interface FoundFile {
  readonly path: string;
  /** Names of the subfolders on the way to the file. */
  readonly folders: readonly string[];
}

/**
 * Lists files in natural order of their names. The files of a folder come before those of its subfolders. Hidden files
 * are left out.
 */
async function listFiles(path: string, folders: readonly string[], skipped: SkippedFile[]): Promise<FoundFile[]> {
  const natural = new Intl.Collator("en", { numeric: true });
  const names = (await asReadError(path, () => readdir(path))).filter((name) => !name.startsWith("."));
  // The collator treats some different names as equal; comparing their characters gives them a fixed order.
  names.sort((a, b) => natural.compare(a, b) || (a < b ? -1 : 1));
  const files: FoundFile[] = [];
  const subfolders: string[] = [];
  for (const name of names) {
    const file = join(path, name);
    const status = await asReadError(file, () => stat(file)).catch((error: FileError) => {
      if ((error.cause as NodeJS.ErrnoException | undefined)?.code !== "ENOENT") throw error;
      return undefined;
    });
    if (status === undefined) skipped.push({ path: file, reason: "broken link" });
    else if (status.isDirectory()) subfolders.push(name);
    else if (status.isFile()) files.push({ path: file, folders });
  }
  // Following a link to a parent folder would never end.
  if (folders.length >= MOST_NESTED)
    throw new FileError("FILE_FORMAT", path, `is more than ${MOST_NESTED} folders deep`);
  for (const name of subfolders) files.push(...(await listFiles(join(path, name), [...folders, name], skipped)));
  return files;
}

const MOST_NESTED = 32;

async function beginsAsImage(path: string): Promise<boolean> {
  const file = await openRegularFile(path);
  try {
    const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
    return isImage(buffer.subarray(0, bytesRead));
  } finally {
    await file.handle.close();
  }
}

export async function readImageFile(path: string): Promise<Uint8Array> {
  return asReadError(path, () => readFile(path)).catch((cause) => {
    if (cause.code !== "ERR_FS_FILE_TOO_LARGE") throw cause;
    throw new FileError("FILE_FORMAT", path, "is larger than 2 GiB: expected a smaller image file", { cause });
  });
}

/** Processes several items at the same time and stops at the first error. */
export async function forEachConcurrently(count: number, work: (i: number) => Promise<void>): Promise<void> {
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
