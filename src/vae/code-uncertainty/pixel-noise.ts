import { ArgumentError } from "../../errors.js";
import type { Images } from "../datasets/dataset.js";
import type { ImageShape } from "../models/images.js";
import { Random } from "../random.js";
import type { PixelNoise } from "./declarations.js";

/**
 * Offset that is added to the number of a draw to choose its random numbers, so that no other computation uses the same
 * random numbers.
 */
const DRAW_STREAM = 2 ** 30;
/** Median of the absolute value of a standard normal variable. */
const NORMAL_MEDIAN = 0.6744897501960817;
/** Standard deviation of {@link curvatureDifference} for white noise of standard deviation 1. */
const MASK_NORM = 6;
/** Pixels per side of the smallest image whose noise can be estimated. */
const LEAST_SIDE = 3;

/** Returns the standard deviation of the noise in value `j` of an image. */
export type NoiseLevel = (j: number) => number;

/**
 * Estimates the standard deviation of the white noise of one image. The mask of Immerkaer 1996 ("Fast noise variance
 * estimation", Computer Vision and Image Understanding 64) removes everything that is linear over 3 x 3 pixels. The
 * estimate is computed from the median of the remaining absolute values, as in Donoho & Johnstone 1994 ("Ideal spatial
 * adaptation by wavelet shrinkage", Biometrika 81). The median ignores edges and lines if they cover less than half of
 * the image.
 *
 * The estimate is too small if the noise was blurred, or if pixel values were cut off at 0 or 1. The estimate is too
 * large for images with fine structure everywhere.
 *
 * @param pixels height x width x channels
 * @throws {ArgumentError} INVALID_ARGUMENT for images of fewer than 3 x 3 pixels
 */
export function estimateNoise(pixels: Float32Array, { height, width, channels }: ImageShape): number {
  if (Math.min(height, width) < LEAST_SIDE) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "noise",
      received: "estimated",
      accepted: "a standard deviation",
      message: `noise: cannot be estimated from images of ${height} x ${width} pixels: at least 3 x 3 are needed. Give the standard deviation as a number or an array`,
    });
  }
  const row = width * channels;
  const differences = new Float32Array((height - 2) * (width - 2) * channels);
  let count = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = channels; x < row - channels; x++) {
      differences[count++] = Math.abs(curvatureDifference(pixels, y * row + x, row, channels));
    }
  }
  return median(differences) / (NORMAL_MEDIAN * MASK_NORM);
}

/** Applies the mask (1 -2 1; -2 4 -2; 1 -2 1) around value `at`. */
function curvatureDifference(pixels: Float32Array, at: number, row: number, channels: number): number {
  const curvature = (center: number) => pixels[center - channels] - 2 * pixels[center] + pixels[center + channels];
  return curvature(at - row) - 2 * curvature(at) + curvature(at + row);
}

function median(values: Float32Array): number {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/**
 * Returns a function that computes the noise level of an image from the pixel values and the index of the image.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH if the array has neither one number per image, nor one per pixel, nor one per
 *   pixel of each image
 */
export function noiseLevels(noise: PixelNoise, images: Images): (pixels: Float32Array, index: number) => NoiseLevel {
  if (noise === "estimated") {
    return (pixels) => {
      const level = estimateNoise(pixels, images);
      return () => level;
    };
  }
  if (typeof noise === "number") return () => () => noise;
  const { count, height, width, channels } = images;
  const length = height * width * channels;
  if (noise.length === count) return (_, index) => () => noise[index];
  if (noise.length === length) return () => (j) => noise[j];
  if (noise.length === count * length) return (_, index) => (j) => noise[index * length + j];
  const accepted = `${count} numbers (one per image), ${length} (one per pixel) or ${count * length} (one per pixel of each image)`;
  const message = `noise: expected ${accepted}, received ${noise.length}`;
  throw new ArgumentError("SHAPE_MISMATCH", { argument: "noise", received: noise, accepted, message });
}

/**
 * Returns a copy of images with Gaussian noise added. Sums below 0 are set to 0 and sums above 1 to 1, because pixel
 * values are from 0 to 1.
 *
 * @param levels noise level of each image
 * @param streams number of the random stream of each image
 */
export function addPixelNoise(
  values: Float32Array,
  levels: readonly NoiseLevel[],
  { seed, draw, streams }: { seed: number; draw: number; streams: Int32Array },
): Float32Array {
  const noisy = new Float32Array(values.length);
  const length = values.length / levels.length;
  for (const [k, level] of levels.entries()) {
    const normals = new Random(seed, streams[k], DRAW_STREAM + draw).normals(length);
    for (let j = 0, at = k * length; j < length; j++, at++) {
      noisy[at] = Math.min(1, Math.max(0, values[at] + level(j) * normals[j]));
    }
  }
  return noisy;
}
