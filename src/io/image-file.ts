import type { Sharp } from "sharp";
import { loadPackage } from "../dependency.js";
import { DataError, damagedFile, FileError, SigmaTsneError } from "../errors.js";
import { isImage } from "./image-signature.js";
import { cropMiddle, resample } from "./resample.js";
import { describeTiff, isTiff, readTiffPage, type TiffPage } from "./tiff.js";

/** One image of a file: the only one, a page of a TIFF file, or a frame of an animation. */
export interface ImagePage {
  /** From 0. */
  readonly page: number;
  /** Height as the image is displayed, after applying the orientation stored by a camera. */
  readonly height: number;
  readonly width: number;
  readonly isGray: boolean;
  /**
   * `scaled`: unsigned integers of 8 or 16 bits, scaled to 0 to 1 by the largest value of their type. `integers`: all
   * other integers, not scaled. `floats`: floating-point numbers, not scaled.
   */
  readonly values: "scaled" | "integers" | "floats";
  /** Storage of the numbers in a TIFF file, for pages whose numbers are not scaled. */
  readonly tiff?: TiffPage | undefined;
  /** Bits per sample, 8 or 16, of scaled values. */
  readonly bits: number;
}

/** Height, width and channels to which an image is fitted. */
export interface FittedShape {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** The largest image to decode, in pixels. It is the limit of sharp. */
const MOST_PIXELS = 16383 ** 2;

/**
 * Describes the images in a PNG, JPEG, TIFF, WebP or GIF file from its header.
 *
 * @returns one entry per page or frame; an empty array for a file that is not an image
 * @throws {FileError} FILE_FORMAT for images whose channels cannot be identified
 */
export async function describeImages(bytes: Uint8Array, path: string): Promise<ImagePage[]> {
  if (isTiff(bytes)) return describeTiffPages(bytes, path);
  const facts = await (await openSharp(bytes)).metadata().catch(() => undefined);
  if (!facts) return [];
  const { width, height } = facts.autoOrient;
  const isGray = facts.space === "b-w" || facts.space === "grey16";
  const bits = facts.depth === "ushort" ? 16 : 8;
  return Array.from({ length: facts.pages ?? 1 }, (_, page) => ({
    ...{ page, width, height, isGray, bits },
    values: "scaled",
  }));
}

async function describeTiffPages(bytes: Uint8Array, path: string): Promise<ImagePage[]> {
  const pages = await describeTiff(bytes).catch((cause: Error) => {
    if (cause instanceof SigmaTsneError) throw cause;
    if (!cause.message.startsWith("holds")) return [];
    throw new FileError("FILE_FORMAT", path, cause.message, { cause });
  });
  return pages.map((tiff) => {
    const { page, width, height, colors, numbers, bits } = tiff;
    const isScaled = numbers === "uint" && bits <= 16;
    const values = isScaled ? "scaled" : numbers === "float" ? "floats" : "integers";
    if (!isScaled && colors === "other") {
      throw new FileError(
        "FILE_FORMAT",
        path,
        `contains ${numbers}${bits} numbers in a color space that cannot be read`,
      );
    }
    return {
      ...{ page, width, height, values, bits: bits > 8 ? 16 : 8 },
      isGray: colors === "gray",
      tiff: isScaled ? undefined : tiff,
    };
  });
}

/** The numbers of an image. Scaled numbers are divided by the largest number of their type on use. */
export type Pixels = Uint8Array | Uint16Array | Float32Array;

/** Returns the pixel value that corresponds to 1. */
export function scaleOf(pixels: Pixels): number {
  return pixels instanceof Uint8Array ? 255 : pixels instanceof Uint16Array ? 65535 : 1;
}

/**
 * Decodes one image of a file. Transparent parts become black.
 *
 * @param fit `cover`: the image keeps its proportions, is scaled to cover the shape, and is cropped equally on both
 *   sides. `fill`: height and width are scaled independently.
 * @returns height x width x channels
 * @throws {FileError} FILE_FORMAT for an image that cannot be decoded
 * @throws {DataError} OUT_OF_RANGE for values beyond float32
 */
export async function decodePage(
  bytes: Uint8Array,
  page: ImagePage,
  shape: FittedShape,
  fit: "cover" | "fill",
  path: string,
): Promise<Pixels> {
  try {
    return page.tiff
      ? await decodeNumbers(bytes, page.tiff, shape, fit, path)
      : await decodeScaled(bytes, page, shape, fit);
  } catch (cause) {
    if (cause instanceof SigmaTsneError) throw cause;
    throw damagedFile(path, `cannot be decoded: ${(cause as Error).message}`, cause);
  }
}

async function decodeScaled(
  bytes: Uint8Array,
  page: ImagePage,
  { height, width, channels }: FittedShape,
  fit: "cover" | "fill",
): Promise<Pixels> {
  const is16Bit = page.bits === 16;
  const image = (await openSharp(bytes, page.page)).autoOrient();
  if (page.height !== height || page.width !== width) image.resize({ width, height, fit });
  const space = is16Bit ? ({ 1: "grey16", 3: "rgb16" } as const) : ({ 1: "b-w", 3: "srgb" } as const);
  const { data, info } = await image
    .flatten({ background: "#000000" })
    .toColorspace(space[channels])
    .raw({ depth: is16Bit ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.height !== height || info.width !== width) throw new Error(CHANGED);
  const type = is16Bit ? Uint16Array : Uint8Array;
  const all = new type(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer);
  if (info.channels === channels) return all;
  const pixels = new type(height * width * channels);
  return pixels.map(
    (_, j) => all[Math.floor(j / channels) * info.channels + Math.min(j % channels, info.channels - 1)],
  );
}

/** The file may have been replaced after its images were described. */
const CHANGED = "the file changed its size while it was in use";

/** Decodes an image whose numbers are not scaled. sharp would clip them to 0 to 255. */
async function decodeNumbers(
  bytes: Uint8Array,
  tiff: TiffPage,
  { height, width, channels }: FittedShape,
  fit: "cover" | "fill",
  path: string,
): Promise<Float32Array> {
  if (tiff.height * tiff.width > MOST_PIXELS) throw new Error(`it claims ${tiff.width} x ${tiff.height} pixels`);
  const own = { height: tiff.height, width: tiff.width, channels };
  const stored = await readTiffPage(bytes, tiff);
  if (stored.length !== tiff.height * tiff.width * tiff.samples) throw new Error(CHANGED);
  const values = toChannels(stored, tiff, channels);
  if (own.height === height && own.width === width) return toFloat32(values, own.width * channels, path);
  const scale = Math.max(height / own.height, width / own.width);
  const covering =
    fit === "fill"
      ? { height, width, channels }
      : {
          height: Math.max(height, Math.round(scale * own.height)),
          width: Math.max(width, Math.round(scale * own.width)),
          channels,
        };
  const scaled = resample(values, own, covering.height, covering.width);
  return toFloat32(cropMiddle(scaled, covering, height, width), width * channels, path);
}

/** Luminance of linear red, green and blue (ITU-R BT.709). */
const LUMINANCE = [0.2126, 0.7152, 0.0722];

/** Converts gray values to colors or colors to gray values, and drops the transparency samples. */
function toChannels(values: Float64Array, { samples, colors }: TiffPage, channels: 1 | 3): Float64Array {
  const own = colors === "gray" ? 1 : 3;
  if (own === channels && samples === channels) return values;
  const pixels = values.length / samples;
  if (own === 3 && channels === 1) {
    return Float64Array.from({ length: pixels }, (_, p) =>
      LUMINANCE.reduce((sum, weight, c) => sum + weight * values[p * samples + c], 0),
    );
  }
  return Float64Array.from({ length: pixels * channels }, (_, j) => {
    const channel = own === 1 ? 0 : j % channels;
    return values[Math.floor(j / channels) * samples + channel];
  });
}

/** @throws {DataError} OUT_OF_RANGE for finite values that would become infinite */
function toFloat32(values: Float64Array, line: number, path: string): Float32Array {
  const narrow = Float32Array.from(values);
  const at = narrow.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(values[i]));
  if (at < 0) return narrow;
  throw new DataError("OUT_OF_RANGE", {
    argument: path,
    received: values[at],
    accepted: "values that float32 holds, up to 3.4e38",
    row: Math.floor(at / line),
    column: at % line,
  });
}

async function openSharp(bytes: Uint8Array, page = 0): Promise<Sharp> {
  const { default: sharp } = await loadPackage("sharp", () => import("sharp"));
  return sharp(bytes, { failOn: "truncated", ...(page > 0 && { page }) });
}

/** The largest image accepted from outside, before fitting: 8192 x 8192 pixels. */
const MOST_RECEIVED_PIXELS = 2 ** 26;

/**
 * Decodes a PNG, JPEG, TIFF, WebP or GIF file with one image and fits it to a shape as {@link openImageFolder} does
 * with a size: the image is scaled to cover the shape and cropped equally on both sides.
 *
 * @param bytes the file, of up to 8192 x 8192 pixels
 * @param name name of the image in error messages
 * @returns height x width x channels; unsigned integers of 8 and 16 bits are scaled to 0 to 1, other values are not
 *   scaled
 * @throws {FileError} FILE_FORMAT if the file is not an image, cannot be decoded, is too large, or holds several images
 */
export async function decodeImage(bytes: Uint8Array, shape: FittedShape, name: string): Promise<Float32Array> {
  if (!isImage(bytes)) throw new FileError("FILE_FORMAT", name, "is not a PNG, JPEG, TIFF, WebP or GIF image");
  const pages = await describeImages(bytes, name);
  const [first] = pages;
  if (!first) throw damagedFile(name, "cannot be decoded: its header is damaged");
  if (pages.length > 1) {
    throw new FileError(
      "FILE_FORMAT",
      name,
      `holds ${pages.length} images: expected one. Save each as a file of its own`,
    );
  }
  if (first.height * first.width > MOST_RECEIVED_PIXELS) {
    throw new FileError(
      "FILE_FORMAT",
      name,
      `has ${first.width} x ${first.height} pixels: expected at most 8192 x 8192`,
    );
  }
  const pixels = await decodePage(bytes, first, shape, "cover", name);
  const most = scaleOf(pixels);
  return Float32Array.from(pixels, (value) => value / most);
}
