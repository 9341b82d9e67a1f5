import { rejectUnknown, requireInteger, requireOptions } from "../../arguments.js";
import { ArgumentError } from "../../errors.js";
import { Random } from "../random.js";
import type { Images } from "./dataset.js";
import { mapImages } from "./images.js";

/**
 * Offset that is added to the number of the epoch to choose a random stream, so that no other computation uses the same
 * random numbers.
 */
const AUGMENTATION_STREAM = 2 ** 31;
const NOISE_STREAM = 2 ** 31 + 2 ** 30;
const MAX_EPOCH = 2 ** 30 - 2;

/** Options of {@link augmentImages}. */
export interface AugmentationOptions {
  /**
   * `"dihedral"` applies a random symmetry of the frame, drawn again for every image and epoch: one of the eight flips
   * and quarter turns of a square, or of the four flips and half turns of other rectangles. Default `"none"`.
   */
  readonly symmetry?: "dihedral" | "none" | undefined;
  /**
   * Largest displacement along either axis, in whole pixels. Pixels beyond the border have the value of the nearest
   * border pixel. Default 0.
   */
  readonly shift?: number | undefined;
  /** Seed of the random numbers, an integer from 0 to 2^53 - 1. Default 42. */
  readonly seed?: number | undefined;
  /** Number of the epoch, from 0. Every epoch has different random movements. Default 0. */
  readonly epoch?: number | undefined;
}

/**
 * Returns images that are moved at random. The movement of an image depends on the seed, the epoch and the index of the
 * image, but not on the order in which the images are read.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE
 */
export function augmentImages(images: Images, options: AugmentationOptions): Images {
  requireOptions(options);
  rejectUnknown(options, ["symmetry", "shift", "seed", "epoch"]);
  const { height, width, channels } = images;
  const symmetry = options.symmetry ?? "none";
  if (symmetry !== "dihedral" && symmetry !== "none") {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "symmetry",
      received: symmetry,
      accepted: `"dihedral" or "none"`,
    });
  }
  const shift = requireInteger(options.shift ?? 0, "shift", 0, Math.min(height, width) - 1);
  const { seed, epoch } = resolveStream(options);
  if (symmetry === "none" && shift === 0) return images;
  const isSquare = height === width;
  return mapImages(images, (pixels, index) => {
    const random = new Random(seed, index, AUGMENTATION_STREAM + epoch);
    const turn = random.integer(8);
    const [flipX, flipY, transpose] =
      symmetry === "none" ? [false, false, false] : [(turn & 1) !== 0, (turn & 2) !== 0, isSquare && (turn & 4) !== 0];
    const [down, right] = [random.integer(2 * shift + 1) - shift, random.integer(2 * shift + 1) - shift];
    const original = pixels.slice();
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let row = Math.min(height - 1, Math.max(0, y - down));
        let column = Math.min(width - 1, Math.max(0, x - right));
        if (flipY) row = height - 1 - row;
        if (flipX) column = width - 1 - column;
        if (transpose) [row, column] = [column, row];
        const from = (row * width + column) * channels;
        for (let c = 0; c < channels; c++) pixels[at++] = original[from + c];
      }
    }
  });
}

/** Options of {@link addNoise}. */
export interface NoiseOptions {
  /** Probability that a value gets noise, 0 to 1. */
  readonly share: number;
  /** Seed of the random numbers, an integer from 0 to 2^53 - 1. Default 42. */
  readonly seed?: number | undefined;
  /** Number of the epoch, from 0. Every epoch has different noise. Default 0. */
  readonly epoch?: number | undefined;
}

/**
 * Returns images with noise: |N(0, 1)| (the absolute value of a standard normal number) is added to a random fraction
 * of the values, and sums above 1 are set to 1. The noise of an image depends on the seed, the epoch and the index of
 * the image, but not on the order in which the images are read.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE
 */
export function addNoise(images: Images, options: NoiseOptions): Images {
  requireOptions(options);
  rejectUnknown(options, ["share", "seed", "epoch"]);
  const { share } = options;
  if (!(typeof share === "number" && share >= 0 && share <= 1)) {
    throw new ArgumentError("OUT_OF_RANGE", { argument: "share", received: share, accepted: "a share from 0 to 1" });
  }
  const { seed, epoch } = resolveStream(options);
  if (share === 0) return images;
  return mapImages(images, (pixels, index) => {
    const random = new Random(seed, index, NOISE_STREAM + epoch);
    for (let j = 0; j < pixels.length; j++) {
      if (random.uniform() < share) pixels[j] = Math.min(1, pixels[j] + Math.abs(random.normal()));
    }
  });
}

function resolveStream(options: { seed?: number | undefined; epoch?: number | undefined }) {
  return {
    seed: requireInteger(options.seed ?? 42, "seed", 0, Number.MAX_SAFE_INTEGER),
    epoch: requireInteger(options.epoch ?? 0, "epoch", 0, MAX_EPOCH),
  };
}
