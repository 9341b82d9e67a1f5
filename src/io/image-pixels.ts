import type { Sharp } from "sharp";
import { FileError } from "../errors.js";

/** How the files of the formats that are read begin; they are not read further without. */
const BEGINNINGS = [
  "\x89PNG\r\n\x1a\n",
  "\xff\xd8\xff",
  "II*\0",
  "II+\0",
  "MM\0*",
  "MM\0+",
  "RIFF",
  "GIF87a",
  "GIF89a",
];
/** So many bytes of a file tell whether it is an image. */
export const BEGINNING_BYTES = 8;

/** Whether a file begins as a PNG, JPEG, TIFF, WebP or GIF file does. */
export function isImage(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, BEGINNING_BYTES)).toString("latin1");
  return BEGINNINGS.some((beginning) => text.startsWith(beginning));
}

/** The number types in which pixels are kept. */
export type Depth = "uchar" | "ushort" | "float";
const DEPTHS = { uchar: Uint8Array, ushort: Uint16Array, float: Float32Array } as const;
export type Pixels = Uint8Array | Uint16Array | Float32Array;

/** The number type in which the pixels of a file are kept: 16 bits and floating-point values are not cut to 8 bits. */
export function keptDepth(depth: string): Depth {
  return depth === "ushort" ? "ushort" : depth === "float" || depth === "double" ? "float" : "uchar";
}

/** The value of these pixels that is 1. */
export function scaleOf(pixels: Pixels): number {
  return pixels instanceof Uint8Array ? 255 : pixels instanceof Uint16Array ? 65535 : 1;
}

/** The pixels of an image as gray values or colors. Transparent parts become black. */
export async function decodePixels(image: Sharp, channels: 1 | 3, depth: Depth): Promise<Pixels> {
  const spaces = {
    uchar: { 1: "b-w", 3: "srgb" },
    ushort: { 1: "grey16", 3: "rgb16" },
    // Floating-point values would be cut to 0 to 255 on their way to any color space but these, which leave them alone.
    float: { 1: "b-w", 3: "srgb" },
  } as const;
  const space = spaces[depth][channels];
  const flat = depth === "float" ? image : image.flatten({ background: "#000000" });
  const { data, info } = await flat.toColorspace(space).raw({ depth }).toBuffer({ resolveWithObject: true });
  const type = DEPTHS[depth];
  const all = new type(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  if (info.channels === channels) return all;
  const pixels = new type(info.width * info.height * channels);
  return pixels.map(
    (_, j) => all[Math.floor(j / channels) * info.channels + Math.min(j % channels, info.channels - 1)],
  );
}

/** What {@link decodeImage} brings an image to. */
export interface FittedShape {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Pixels of an image that came from outside, before it is fitted: 8192 x 8192. */
const MOST_PIXELS = 2 ** 26;

/**
 * Decodes a PNG, JPEG, TIFF, WebP or GIF file (its first page or frame) and fits it to a shape as {@link openImageFolder} does with a
 * size: what exceeds the shape is cut off on both sides, the rest is scaled.
 *
 * @param bytes the file, of up to 8192 x 8192 pixels
 * @param name what it is called in errors
 * @returns height x width x channels; integers are brought to 0 to 1 by their type, floating-point values stay as they are
 * @throws {FileError} FILE_FORMAT for what is no image, cannot be decoded, or is larger
 */
export async function decodeImage(
  bytes: Uint8Array,
  { height, width, channels }: FittedShape,
  name: string,
): Promise<Float32Array> {
  if (!isImage(bytes)) throw new FileError("FILE_FORMAT", name, "is no PNG, JPEG, TIFF, WebP or GIF image");
  const { default: sharp } = await import("sharp");
  try {
    const image = sharp(bytes, { failOn: "truncated", limitInputPixels: MOST_PIXELS });
    const { depth } = await image.metadata();
    const fitted = image.resize({ width, height, fit: "cover" });
    const pixels = await decodePixels(fitted, channels, keptDepth(depth));
    const most = scaleOf(pixels);
    return Float32Array.from(pixels, (value) => value / most);
  } catch (cause) {
    throw new FileError("FILE_FORMAT", name, `cannot be decoded: ${(cause as Error).message}`, { cause });
  }
}
