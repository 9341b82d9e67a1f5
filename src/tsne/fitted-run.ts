import type { NativeRun, NativeStateShape } from "../binding.js";
import type { FittedPreparation } from "../preparation/index.js";
import type { ResolvedTsneOptions } from "./options.js";

/** A progress report of a placement or a measurement of uncertainty. */
export interface PlacementProgress {
  /** Completed fraction, 0 to 1. */
  fraction: number;
  /** Seconds since the start. */
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
  /** Preparation to apply to new points; `undefined` if they need none. */
  readonly preparation: FittedPreparation | undefined;
  /** Runs `work` on the current embedding, after the `work` of earlier calls has finished. Fails during a fit. */
  exclusively<T>(
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly onProgress?: ((progress: PlacementProgress) => void) | undefined;
    },
    work: (native: NativeRun, report: (fraction: number) => void, shape: NativeStateShape) => Promise<T>,
  ): Promise<T>;
}
