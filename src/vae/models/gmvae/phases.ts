import { ArgumentError } from "../../../errors.js";
import type { TrainingLength } from "../training-length.js";

/** Numbers of epochs of the two parts of a mixture's pretraining. */
export interface MixturePhases {
  /** Number of epochs in which the model is trained as a plain autoencoder. */
  readonly pretrain: number;
  /** Number of epochs in which the codes also form clusters. */
  readonly refine: number;
}

/**
 * Smallest number of epochs of each part of the pretraining. It applies if the training is long enough and the user
 * gives no number.
 */
const USUAL_EPOCHS = 10;
/**
 * Smallest number of steps of each part of the pretraining. It applies under the same conditions as
 * `USUAL_EPOCHS`. An autoencoder of the Frey faces needs about 400 steps until its loss leaves the first plateau.
 */
const USUAL_STEPS = 1000;
/** If the user gives no number, each part of the pretraining is at most this fraction of the training. */
const LARGEST_SHARE = 0.3;

/**
 * Computes the lengths of both parts of the pretraining for a training of the given length.
 *
 * @throws {ArgumentError} OUT_OF_RANGE if the given numbers leave no epoch in which the model minimizes the negative
 *   bound
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

/** Fraction of the training after which dropout ends. */
const DROPOUT_END = 0.8;

/**
 * Fraction of the configured dropout that is applied in an epoch. This fraction falls linearly to 0 (annealed dropout:
 * Rennie, Goel & Thomas 2014). If dropout continues to the end, a narrow decoder gives the same blurred image for all
 * codes.
 */
export function dropoutShare(epoch: number, { epochs }: TrainingLength): number {
  return Math.max(0, 1 - epoch / (DROPOUT_END * epochs));
}

/**
 * Weight of the known clusters in the targets of the codes. In the epochs in which the codes form clusters, the known
 * clusters are the clusters of the images. Their weight starts at 1 and falls with every epoch; the clusters of the
 * codes themselves get the remaining weight. After these epochs, the clusters of the codes become the known clusters,
 * with weight 1.
 */
export function knownShare(epoch: number, { pretrain, refine }: MixturePhases): number {
  return epoch < pretrain + refine ? 1 - (epoch - pretrain) / refine : 1;
}
