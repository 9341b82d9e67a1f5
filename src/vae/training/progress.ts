import type { CodeStatistics } from "../evaluation/collapse.js";
/**
 * Parts of a loss, each under its name. The part `loss` is the quantity that the training minimizes. The unit of
 * log-likelihoods is nats per image.
 */
export type LossParts = Readonly<Record<string, number>>;

/** One report of progress. */
export interface TrainingProgress {
  /** Current epoch, from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Number of finished steps since the training began. `steps` is the total number of steps of the training. */
  readonly step: number;
  readonly steps: number;
  /** The loss of the last step. */
  readonly loss: LossParts;
  /** Seconds since this call of `train` began. */
  readonly seconds: number;
  /** Estimated remaining seconds, at the average speed so far. */
  readonly secondsLeft: number;
}

/** One epoch of the training. */
export interface EpochRecord {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Number of finished steps since the training began. */
  readonly step: number;
  readonly learningRate: number;
  /** Training loss, averaged over the steps of the epoch. */
  readonly train: LossParts;
  /** Loss of the validation images after the epoch; undefined without validation images. */
  readonly validation: LossParts | undefined;
  /**
   * Agreement of a mixture's clusters with the labels of the validation images, and the number of clusters without
   * images. Undefined unless the model is a mixture and the images have labels.
   */
  readonly clusters?:
    | { readonly accuracy: number; readonly normalizedMutualInformation: number; readonly empty: number }
    | undefined;
  /**
   * Statistics that show whether the codes have collapsed. They are computed from up to 500 validation images, or from
   * training images if there are no validation images; undefined for models with Bayesian weights.
   */
  readonly codes?: CodeStatistics | undefined;
}
