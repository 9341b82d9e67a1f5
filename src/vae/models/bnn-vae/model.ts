import type * as tf from "@tensorflow/tfjs-core";
import { BayesianModel } from "../bayesian-model.js";
import type { Resolved } from "../configuration.js";
import { klToStandardNormal } from "../distributions.js";
import { type Loss, meanOfSums, weighted } from "../model.js";
import type { Pass } from "../pass.js";
import type { bnnVaeOptions } from "./configuration.js";

/**
 * Configuration of a {@link BnnVae}: its options, including defaults.
 *
 * @interface
 */
export type BnnVaeConfiguration = Resolved<typeof bnnVaeOptions>;

/**
 * A variational autoencoder with a distribution over every weight. The bound in its loss contains two KL divergences:
 * of the codes and of the weights.
 */
export class BnnVae extends BayesianModel<BnnVaeConfiguration> {
  readonly priorSd = 1;
  readonly isBound = true;
  readonly hasLatentPosterior = true;

  constructor(name: string, configuration: BnnVaeConfiguration) {
    super(name, configuration, "dense", { mean: configuration.zDim, sd: configuration.zDim });
  }

  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { mean, sd } = this.posterior(input, pass) as { mean: tf.Tensor2D; sd: tf.Tensor2D };
    const { reconstruction, weights } = this.bayesianParts(target, pass.draw(mean, sd) as tf.Tensor2D, pass);
    const parts = { reconstruction, kl: meanOfSums(klToStandardNormal(mean, sd)), weights };
    return weighted(parts, { kl: this.configuration.beta * pass.klWeight, weights: pass.klWeight });
  }
}
