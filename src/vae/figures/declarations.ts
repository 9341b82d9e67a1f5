import { abortSignal, boolean, callback, choice, integer, number } from "../../options/index.js";
import { seedOption } from "../models/declarations.js";

/** All options of `writeFigures`, each declared once. */
export const FIGURE_OPTIONS = {
  /**
   * Fraction of the pixel values to which |N(0, 1)| (the absolute value of a standard normal number) is added for the
   * reconstructions from noisy input.
   */
  noise: number(
    { from: 0, to: 1 },
    { default: 0.2, help: "fraction of the values of the noisy input to which noise is added" },
  ),
  /** Number of images along each side of two figures, the manifold and the latent grid. */
  gridSize: integer({ from: 2, to: 60 }, { default: 20, help: "images along each side of manifold and grid" }),
  /**
   * Largest number of test images that are used. The figures show the codes of these images, and rank the latent
   * dimensions by these codes.
   */
  limit: integer(
    { from: 2, to: Number.MAX_SAFE_INTEGER },
    { default: 10_000, flag: false, help: "test images whose codes are shown and used to rank the dimensions" },
  ),
  /** Seed of the noise and of the generated images. */
  seed: seedOption("seed of noise and samples"),
  /** Whether to write into a folder that already contains other files. */
  force: boolean({ default: false, help: "write even if the folder contains other files" }),
  /** Stops the work. */
  signal: abortSignal({ help: "stops the work" }),
  /** Called with the completed fraction of the work, 0 to 1. */
  onProgress: callback<(fraction: number) => void>("a function", {
    help: "called with the fraction that is done, 0 to 1",
  }),
};

/**
 * Paths between two codes. `"linear"`: a straight line. `"spherical"`: an arc on which the length of the code changes
 * evenly (Shoemake 1985), which suits codes drawn from a Gaussian, because their lengths are similar.
 */
export const INTERPOLATIONS = ["linear", "spherical"] as const;
/** One of {@link INTERPOLATIONS}. */
export type Interpolation = (typeof INTERPOLATIONS)[number];

/** The settings of `interpolateCodes`: its arguments except the two codes. */
export const INTERPOLATION_OPTIONS = {
  /** Number of codes on the path, including the two given codes. */
  frames: integer({ from: 2, to: 10_000 }, { default: 100, help: "number of frames, A and B included" }),
  /** Path between the two codes: a straight line or an arc; see {@link INTERPOLATIONS}. */
  interpolation: choice(INTERPOLATIONS, { default: "linear", help: "linear or spherical" }),
};

/** All options of `encodeGif`, each declared once. */
export const GIF_OPTIONS = {
  /** Milliseconds for which each frame is shown. */
  delay: integer({ from: 20, to: 60_000 }, { default: 40, placeholder: "<ms>", help: "milliseconds per frame" }),
  /** Whether the animation also shows the frames in reverse order, so that it ends where it began. */
  bounce: boolean({ default: false, help: "play the frames forward, then backward" }),
};
