import { ArgumentError } from "../../errors.js";
import { Matrix } from "../../matrix.js";
import { checkOptions, type OptionValues } from "../../options/index.js";
import type { ImageShape } from "../models/images.js";
import { GIF_OPTIONS, INTERPOLATION_OPTIONS, type Interpolation } from "./declarations.js";
import { type DisplayRange, toRgba } from "./sheet.js";

/**
 * Computes codes on a path between two codes. The first and the last code of the result are the two given codes.
 *
 * @param from d numbers
 * @param to d numbers
 * @param frames number of codes, 2 to 10,000
 * @returns frames x d
 * @throws {ArgumentError} SHAPE_MISMATCH, OUT_OF_RANGE or INVALID_ARGUMENT
 */
export function interpolateCodes(
  from: ArrayLike<number>,
  to: ArrayLike<number>,
  frames: number,
  interpolation: Interpolation = "linear",
): Matrix {
  checkOptions(INTERPOLATION_OPTIONS, { frames, interpolation });
  if (from.length !== to.length) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument: "to",
      received: to,
      accepted: `${from.length} numbers, as many as the other code has`,
    });
  }
  const [a, b] = [Float64Array.from(from), Float64Array.from(to)];
  const weights = interpolation === "spherical" ? sphericalWeights(a, b) : linearWeights;
  const codes = new Float32Array(frames * a.length);
  for (let frame = 0; frame < frames; frame++) {
    const [ofA, ofB] = weights(frame / (frames - 1));
    for (let j = 0; j < a.length; j++) codes[frame * a.length + j] = ofA * a[j] + ofB * b[j];
  }
  return new Matrix(codes, frames, a.length);
}

const linearWeights = (t: number): [number, number] => [1 - t, t];

/**
 * Interpolates between the directions of two codes, with lengths that change evenly. Interpolation is linear if the
 * directions are equal or opposite, or if a code is zero.
 */
function sphericalWeights(a: Float64Array, b: Float64Array): (t: number) => [number, number] {
  const [lengthA, lengthB] = [Math.hypot(...a), Math.hypot(...b)];
  const product = a.reduce((sum, value, j) => sum + value * b[j], 0);
  const angle = Math.acos(Math.min(1, Math.max(-1, product / (lengthA * lengthB))));
  const sine = Math.sin(angle);
  if (!(sine > 1e-6)) return linearWeights;
  return (t) => {
    const length = (1 - t) * lengthA + t * lengthB;
    return [(length * Math.sin((1 - t) * angle)) / (sine * lengthA), (length * Math.sin(t * angle)) / (sine * lengthB)];
  };
}

/** Options of {@link encodeGif}. */
export interface GifOptions extends Readonly<OptionValues<typeof GIF_OPTIONS>> {
  /** The value that is displayed as black and the value that is displayed as white. Default 0 and 1. */
  readonly range?: DisplayRange | undefined;
}

/** Small frames are magnified by an integer factor to about this number of pixels per side. */
const LEAST_SIDE = 224;

/**
 * Encodes an animated GIF that repeats endlessly.
 *
 * @param images the frames, one after the other, with values 0 to 1
 * @returns the bytes of the file
 */
export async function encodeGif(
  images: Float32Array,
  shape: ImageShape,
  options: GifOptions = {},
): Promise<Uint8Array> {
  const { range, ...settings } = options;
  const { delay, bounce } = checkOptions(GIF_OPTIONS, settings);
  const { height, width, channels } = shape;
  const length = height * width * channels;
  const count = images.length / length;
  if (!Number.isInteger(count) || count === 0) {
    const accepted = `images of ${height} x ${width} x ${channels}, at least one`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument: "images", received: images, accepted });
  }
  const forth = Array.from({ length: count }, (_, i) => i);
  const order = bounce ? [...forth, ...forth.slice(1, -1).reverse()] : forth;
  const scale = Math.max(1, Math.round(LEAST_SIDE / Math.max(height, width)));
  const [tall, wide] = [height * scale, width * scale];
  const pixels = new Uint32Array(order.length * tall * wide);
  for (const [frame, image] of order.entries()) {
    const small = new Uint32Array(toRgba(images.subarray(image * length, (image + 1) * length), shape, range).buffer);
    for (let y = 0, at = frame * tall * wide; y < tall; y++) {
      const row = Math.floor(y / scale) * width;
      for (let x = 0; x < wide; x++, at++) pixels[at] = small[row + Math.floor(x / scale)];
    }
  }
  const { default: sharp } = await import("sharp");
  const raw = { width: wide, height: order.length * tall, channels: 4 as const, pageHeight: tall };
  return sharp(new Uint8Array(pixels.buffer), { raw })
    .gif({ delay: order.map(() => delay), loop: 0, keepDuplicateFrames: true })
    .toBuffer();
}
