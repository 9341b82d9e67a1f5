import { abortSignal, boolean, callback, integer } from "../../options/index.js";

/** Declares a seed of random numbers. */
export const seedOption = (help: string) => integer({ from: 0, to: Number.MAX_SAFE_INTEGER }, { default: 42, help });

/** Options of the methods that process many images. */
export const BATCH_OPTIONS = {
  /** Number of images that are computed in one batch. */
  batchSize: integer({ from: 1, to: 65_536 }, { default: 256, help: "images that are computed at once" }),
  /** Stops the work. */
  signal: abortSignal({ help: "stops the work" }),
  /** Called after every batch with the completed fraction of the work, 0 to 1. */
  onProgress: callback<(fraction: number) => void>("a function", {
    help: "called after every batch with the fraction that is done, 0 to 1",
  }),
};

/** Options of `Model.encode`. */
export const ENCODE_OPTIONS = {
  ...BATCH_OPTIONS,
  /**
   * Number of random draws. Depending on the other options, these are draws of the weights (if the weights are
   * distributions), of noise, or of views of an image.
   */
  draws: integer({ from: 2, to: 10_000 }, { default: 32, help: "draws of Bayesian weights, of noise or of views" }),
  /** Seed of these draws. */
  seed: seedOption("seed of the draws"),
  /**
   * Whether all images use the same draws. If so, the code of an image does not depend on its position among the other
   * images.
   */
  commonDraws: boolean({ default: false, flag: false, help: "whether all images see the same draws" }),
};

/** Options of `Model.sample`. */
export const SAMPLE_OPTIONS = {
  ...BATCH_OPTIONS,
  /** Seed of the random codes. */
  seed: seedOption("seed of the codes"),
};
