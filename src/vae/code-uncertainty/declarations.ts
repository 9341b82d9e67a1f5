import { reject } from "../../arguments.js";
import { boolean, choice, declare, integer, type Kind, parseNumber } from "../../options/index.js";
import { ENCODE_OPTIONS } from "../models/declarations.js";

/** The sources of uncertainty that `encodeWithUncertainty` measures. */
export const UNCERTAINTIES = ["noise", "weights", "augmentation"] as const;
/** One of {@link UNCERTAINTIES}. */
export type Uncertainty = (typeof UNCERTAINTIES)[number];

/**
 * Standard deviation of the noise of pixels with values from 0 to 1: `"estimated"`, one number for all images, one
 * number per image, one number per pixel for all images, or one number per pixel of each image.
 */
export type PixelNoise = "estimated" | number | ArrayLike<number>;

const ACCEPTED = `"estimated", a number from 0 to 1, or an array of such numbers: one per image, per pixel, or per pixel of each image`;

const pixelNoise: Kind<PixelNoise> = {
  accepted: ACCEPTED,
  range: "`estimated`, 0 to 1 or an array",
  placeholder: "<sd|file>",
  check(value, argument) {
    if (value === "estimated") return value;
    if (typeof value === "number") return checkLevel(value, argument);
    if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && "length" in value)) reject(argument, value, ACCEPTED);
    const levels = value as ArrayLike<number>;
    for (let i = 0; i < levels.length; i++) checkLevel(levels[i], `${argument}[${i}]`);
    return levels;
  },
  parse: (text, flag) => (text === "estimated" ? text : parseNumber(text, flag)),
};

function checkLevel(value: number, argument: string): number {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  return reject(argument, value, "a standard deviation from 0 to 1, in units of the pixels' range", "OUT_OF_RANGE");
}

/** Options of `encodeWithUncertainty`. */
export const UNCERTAINTY_OPTIONS = {
  ...ENCODE_OPTIONS,
  /** The source of uncertainty that the standard deviations of the codes measure. Required. */
  uncertainty: choice(UNCERTAINTIES, {
    help: "cause of the uncertainty that sigma measures: noise, weights or augmentation",
  }),
  /** Standard deviation of the noise in the images, for pixels with values from 0 to 1. */
  noise: declare(pixelNoise, {
    default: "estimated" as PixelNoise,
    help: "noise: standard deviation of the pixels' noise, for pixels from 0 to 1; a number, a .npy file, or estimated",
  }),
  /**
   * Subtracts the mean shift of the draws of noise from the means. This moves the means toward the codes of images
   * without noise.
   */
  extrapolate: boolean({ default: false, help: "noise: move codes back by the shift that more noise causes" }),
  /**
   * Random views of an image: `"shifts"`, or `"flips"` for shifts together with flips and quarter turns (half turns if
   * the images are not square). Use flips only for images that have no up and down, such as micrographs.
   */
  views: choice(["shifts", "flips"], { default: "shifts", help: "augmentation: shifts, or flips and turns as well" }),
  /** Largest shift of a view along either axis, in pixels. */
  shift: integer({ from: 0, to: 64 }, { default: 1, help: "augmentation: largest shift in pixels" }),
  /** Adds the variance from `Model.encode` to the variance of the chosen source. */
  addPosterior: boolean({ default: false, help: "add the variances that the model gives to its codes" }),
};
