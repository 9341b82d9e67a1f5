import type { NativeRun, NativeStateShape } from "../binding.js";
import type { FittedPreparation } from "../preparation/index.js";
import type { ResolvedTsneOptions } from "./options.js";

/** One report of how far a placement, or a measurement of uncertainty, is. */
export interface PlacementProgress {
  /** Share that is done, 0 to 1. */
  fraction: number;
  /** Seconds since it began. */
  seconds: number;
}

/** The part of a run that placement needs; `Tsne` implements it. */
export interface FittedRun {
  readonly options: ResolvedTsneOptions;
  /** Points and dimensions of the data: `[n, d]`. */
  readonly shape: [number, number];
  /** Whether the points have standard deviations or covariances. */
  readonly hasSigma: boolean;
  readonly hasCovariance: boolean;
  /** Preparation of new points; `undefined` where they come prepared. */
  readonly preparation: FittedPreparation | undefined;
  /** Works on the embedding in its current state, one caller after the other, none during a fit. */
  exclusively<T>(
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly onProgress?: ((progress: PlacementProgress) => void) | undefined;
    },
    work: (native: NativeRun, report: (fraction: number) => void, shape: NativeStateShape) => Promise<T>,
  ): Promise<T>;
}
