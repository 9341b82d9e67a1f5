import type * as tf from "@tensorflow/tfjs-core";
import { BayesianModel } from "../bayesian-model.js";
import type { Resolved } from "../configuration.js";
import { type Loss, weighted } from "../model.js";
import type { Pass } from "../pass.js";
import type { bnnVaeArtificialOptions } from "./configuration.js";

/**
 * Configuration of a {@link BnnVaeArtificial}: its options, including defaults.
 *
 * @interface
 */
export type BnnVaeArtificialConfiguration = Resolved<typeof bnnVaeArtificialOptions>;

/**
 * An autoencoder with a distribution over every weight. Its code is drawn from a Gaussian as in a variational
 * autoencoder, but the loss has no KL divergence that would keep this Gaussian near a prior.
 */
export class BnnVaeArtificial extends BayesianModel<BnnVaeArtificialConfiguration> {
  readonly priorSd = undefined;
  readonly isBound = false;
  readonly hasLatentPosterior = false;

  constructor(name: string, configuration: BnnVaeArtificialConfiguration) {
    super(name, configuration, "dense", { mean: configuration.zDim, sd: configuration.zDim });
  }

  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { mean, sd } = this.posterior(input, pass) as { mean: tf.Tensor2D; sd: tf.Tensor2D };
    const z = pass.draw(mean, sd) as tf.Tensor2D;
    return weighted(this.bayesianParts(target, z, pass), { weights: pass.klWeight });
  }
}
