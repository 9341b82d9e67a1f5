import { ArgumentError } from "../../../errors.js";
import type { TrainingLength } from "../training-length.js";

/** Epochs of the two parts of a mixture's pretraining. */
export interface MixturePhases {
  /** As a plain autoencoder. */
  readonly pretrain: number;
  /** Forming clusters. */
  readonly refine: number;
}

/** Epochs of each part, where the training is long enough and no number is given. */
const USUAL_EPOCHS = 10;
/** Steps of each part, likewise: an autoencoder of the Frey faces needs about 400 to leave its first plateau. */
const USUAL_STEPS = 1000;
/** Largest share of the training for each part. */
const LARGEST_SHARE = 0.3;

/**
 * The parts of a training of this length.
 *
 * @throws {ArgumentError} OUT_OF_RANGE where the numbers that were given leave no epoch for the bound
 */
export function planMixture(
  given: { readonly pretrainEpochs: number | "auto"; readonly refineEpochs: number | "auto" },
  { epochs, stepsPerEpoch }: TrainingLength,
): MixturePhases {
  if (given.pretrainEpochs === 0) return { pretrain: 0, refine: 0 };
  const usual = Math.max(USUAL_EPOCHS, Math.ceil(USUAL_STEPS / stepsPerEpoch));
  const automatic = Math.min(usual, Math.floor(LARGEST_SHARE * epochs));
  const pretrain = given.pretrainEpochs === "auto" ? automatic : given.pretrainEpochs;
  const refine = pretrain === 0 ? 0 : given.refineEpochs === "auto" ? automatic : given.refineEpochs;
  if (epochs > pretrain + refine) return { pretrain, refine };
  throw new ArgumentError("OUT_OF_RANGE", {
    argument: "epochs",
    received: epochs,
    accepted: `more epochs than the ${pretrain + refine} of the pretraining. Train longer, or give the model fewer pretrainEpochs and refineEpochs`,
  });
}

/** Fraction of the training after which no hidden units are left out. */
const DROPOUT_END = 0.8;

/**
 * Fraction of the configured dropout in an epoch: it falls linearly to 0 (annealed dropout: Rennie, Goel & Thomas 2014). With dropout to
 * the end, a narrow decoder gives the same blurred image for all codes.
 */
export function dropoutShare(epoch: number, { epochs }: TrainingLength): number {
  return Math.max(0, 1 - epoch / (DROPOUT_END * epochs));
}

/**
 * How much known clusters of the images count for in the targets of their codes. While codes form clusters: all at first, and less in every
 * epoch; what remains are the clusters of the codes themselves, which become the known ones after that.
 */
export function knownShare(epoch: number, { pretrain, refine }: MixturePhases): number {
  return epoch < pretrain + refine ? 1 - (epoch - pretrain) / refine : 1;
}
