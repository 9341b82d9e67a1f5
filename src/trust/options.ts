import { abortSignal, callback, integer, number, type OptionValues } from "../options/index.js";

/** The scores, in the order in which they are computed. */
export type TrustStage = "singularity" | "perturbation" | "reliability" | "measurement";

/** One report of how far {@link trust} is. */
export interface TrustProgress {
  stage: TrustStage;
  /** Share of the stage that is done, 0 to 1. */
  fraction: number;
}

/** The options of a trust report, each declared once. */
export const TRUST_OPTIONS = {
  /**
   * How far each point is moved for the perturbation score, in units of the data as they were embedded. Default: half the median distance
   * between a point and its nearest neighbor.
   */
  perturbation: number(
    { above: 0 },
    {
      help: "how far each point is moved, in units of the data",
      defaultText: "half the median distance to the nearest neighbor",
      placeholder: "<length>",
    },
  ),
  /** Draws from the Gaussian of each point, for a run with sigma. */
  draws: integer({ from: 2, to: 1000 }, { default: 10, help: "draws of each point, for runs with sigma" }),
  /** Seed of the permuted data, of the sample of reference points and of the draws. */
  seed: integer(
    { from: 0, to: Number.MAX_SAFE_INTEGER },
    { default: 42, help: "seed of the permuted data, the reference points and the draws" },
  ),
  /** Stops the work: the promise is rejected with an {@link AbortError}. */
  signal: abortSignal({ help: "stops the work" }),
  /** Called about ten times per second. */
  onProgress: callback<(progress: TrustProgress) => void>("a function", { help: "called about ten times per second" }),
};

/** Options of {@link trust}. All are optional. */
export type TrustOptions = OptionValues<typeof TRUST_OPTIONS>;
