import type { CodeStatistics } from "../evaluation/collapse.js";
/** Named parts of a loss, `loss` among them, which is what is minimized: nats per image where they are log-likelihoods. */
export type LossParts = Readonly<Record<string, number>>;

/** One report of progress. */
export interface TrainingProgress {
  /** The epoch that is going on, from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done since the training began, and steps in all. */
  readonly step: number;
  readonly steps: number;
  /** The loss of the last step. */
  readonly loss: LossParts;
  /** Seconds since this call began. */
  readonly seconds: number;
  /** Seconds that the rest will take at the pace so far. */
  readonly secondsLeft: number;
}

/** One epoch of the training. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Steps done since the training began. */
  readonly step: number;
  readonly learningRate: number;
  /** Mean over the epoch's steps. */
  readonly train: LossParts;
  /** The loss of the validation images after the epoch; undefined without such images. */
  readonly validation: LossParts | undefined;
  /** For a mixture and validation images with labels: how well its clusters agree with the labels, and how many clusters have no image. */
  readonly clusters?:
    | { readonly accuracy: number; readonly normalizedMutualInformation: number; readonly empty: number }
    | undefined;
  /**
   * Whether the codes of up to 500 validation images, or else training images, have collapsed; undefined for models with Bayesian weights.
   */
  readonly codes?: CodeStatistics | undefined;
}
