import {
  abortSignal,
  boolean,
  callback,
  declare,
  integer,
  number,
  type OptionValues,
  parseNumber,
} from "../options/index.js";

/** The scores, in the order in which they are computed. */
export type TrustStage = "singularity" | "perturbation" | "reliability" | "measurement" | "groups" | "perplexities";

/** One report of the progress of {@link trust}. */
export interface TrustProgress {
  stage: TrustStage;
  /** Completed fraction of the stage, 0 to 1. */
  fraction: number;
}

/** The options of a trust report. Each option is declared only here. */
export const TRUST_OPTIONS = {
  /**
   * Distance by which each point is moved for the perturbation score, in units of the embedded data. Default: half the
   * median distance between a point and its nearest neighbor.
   */
  perturbation: number(
    { above: 0 },
    {
      help: "how far each point is moved, in units of the data",
      defaultText: "half the median distance to the nearest neighbor",
      placeholder: "<length>",
    },
  ),
  /** Number of draws from the Gaussian of each point, for a run with sigma. */
  draws: integer({ from: 2, to: 1000 }, { default: 10, help: "number of draws of each point, for runs with sigma" }),
  /**
   * Whether to find the groups of the map and test them: by reruns on samples of the points, by the draws, and by
   * comparison with embeddings of one Gaussian. Default `false`, because it takes two to three times as long as the
   * scores of the points.
   */
  groups: boolean({ default: false, help: "find the groups of the map and test whether they hold" }),
  /** Number of reruns for the groups, each on another sample of the points: 2 to 1000. */
  reruns: integer(
    { from: 2, to: 1000 },
    { default: 20, help: "number of reruns on samples of the points, with --groups" },
  ),
  /**
   * Labels of the points, texts or numbers: classes are tested in the same way as the groups of the map. Needs
   * `groups`.
   */
  labels: declare<ArrayLike<string | number>, never>(
    {
      accepted: "an array of strings or numbers, one per point",
      range: "one per point",
      placeholder: "<file>",
      // The number of labels is compared with the number of points later.
      check: (value) => value as ArrayLike<string | number>,
      parse: () => {
        throw new Error("the labels are read from a file, not from the flag itself");
      },
    },
    { flag: false, help: "labels whose classes are tested in the same way as the groups of the map" },
  ),
  /**
   * Two or more perplexities to compare, each from 1 to (n - 1) / 3. The data are embedded once with each perplexity.
   * Default: none.
   */
  perplexities: declare<readonly number[]>(
    {
      accepted: "an array of two or more different perplexities",
      range: "two or more, 1 to (n - 1) / 3",
      placeholder: "<x,...>",
      // The range depends on the number of points.
      check: (value) => value as readonly number[],
      parse: (text, flag) =>
        text.split(",").map((part) => parseNumber(part.trim(), flag, "a number of 1 or more", (value) => value >= 1)),
    },
    { defaultText: "none", help: "perplexities to compare; an embedding of the data is computed for each" },
  ),
  /** Seed of the permuted data, of the sample of reference points, of the draws and of the reruns. */
  seed: integer(
    { from: 0, to: Number.MAX_SAFE_INTEGER },
    { default: 42, help: "seed of the permuted data, the reference points, the draws and the reruns" },
  ),
  /** Stops the work: the promise is rejected with an {@link AbortError}. */
  signal: abortSignal({ help: "stops the work" }),
  /** Called about ten times per second. */
  onProgress: callback<(progress: TrustProgress) => void>("a function", { help: "called about ten times per second" }),
};

/**
 * Options of {@link trust}. All are optional.
 *
 * @interface
 */
export type TrustOptions = OptionValues<typeof TRUST_OPTIONS>;
