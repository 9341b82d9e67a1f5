import type { Sharp } from "sharp";
import { loadPackage } from "../dependency.js";
import { DataError, FileError, SigmaTsneError } from "../errors.js";
import { isImage } from "./image-signature.js";
import { cropMiddle, resample } from "./resample.js";
import { describeTiff, isTiff, readTiffPage, type TiffPage } from "./tiff.js";

/** One image of a file: the only one, a page of a TIFF file, or a frame of an animation. */
export interface ImagePage {
  /** From 0. */
  readonly page: number;
  /** As the image is seen, after the orientation that a camera noted. */
  readonly height: number;
  readonly width: number;
  readonly isGray: boolean;
  /**
   * `scaled`: unsigned integers of 8 or 16 bits, which are brought to 0 to 1 by their type. `integers`: all other integers, and `floats`:
   * floating-point numbers, which stay as they are.
   */
  readonly values: "scaled" | "integers" | "floats";
  /** For pages whose numbers stay as they are: how they are stored. */
  readonly tiff?: TiffPage | undefined;
  /** Bits per sample, 8 or 16, of scaled values. */
  readonly bits: number;
}

/** Height, width and channels that an image is brought to. */
export interface FittedShape {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** The largest image that is decoded, in pixels: as large as sharp allows. */
const MOST_PIXELS = 16383 ** 2;

/**
 * Describes the images of a PNG, JPEG, TIFF, WebP or GIF file by its header.
 *
 * @returns one entry per page or frame; nothing for a file that is not an image
 * @throws {FileError} FILE_FORMAT for images whose channels cannot be told apart
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

/** The numbers of an image; scaled ones are divided by the largest number of their type when they are used. */
export type Pixels = Uint8Array | Uint16Array | Float32Array;

/** The value of these pixels that is 1. */
export function scaleOf(pixels: Pixels): number {
  return pixels instanceof Uint8Array ? 255 : pixels instanceof Uint16Array ? 65535 : 1;
}

/**
 * Decodes one image of a file. Transparent parts become black.
 *
 * @param fit `cover`: the image is scaled to cover the shape, and what exceeds it is cut off on both sides; `fill`: each side is scaled by
 *   itself
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
    throw new FileError("FILE_FORMAT", path, `cannot be decoded: ${(cause as Error).message}`, { cause });
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

/** The file may have been replaced since it was described. */
const CHANGED = "the file changed its size while it was in use";

/** Decodes an image whose numbers stay as they are. sharp would cut them to 0 to 255. */
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

/** Gray values as colors, or colors as gray values; without the samples of transparency. */
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

/** The largest image that came from outside, before it is fitted: 8192 x 8192 pixels. */
const MOST_RECEIVED_PIXELS = 2 ** 26;

/**
 * Decodes a PNG, JPEG, TIFF, WebP or GIF file of one image and fits it to a shape as {@link openImageFolder} does with a size: what exceeds
 * the shape is cut off on both sides, the rest is scaled.
 *
 * @param bytes the file, of up to 8192 x 8192 pixels
 * @param name what it is called in errors
 * @returns height x width x channels; unsigned integers of 8 and 16 bits are brought to 0 to 1, other values stay as they are
 * @throws {FileError} FILE_FORMAT for what is not an image, cannot be decoded, is larger, or holds several images
 */
export async function decodeImage(bytes: Uint8Array, shape: FittedShape, name: string): Promise<Float32Array> {
  if (!isImage(bytes)) throw new FileError("FILE_FORMAT", name, "is not a PNG, JPEG, TIFF, WebP or GIF image");
  const pages = await describeImages(bytes, name);
  const [first] = pages;
  if (!first) throw new FileError("FILE_FORMAT", name, "cannot be decoded: its header is damaged");
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
