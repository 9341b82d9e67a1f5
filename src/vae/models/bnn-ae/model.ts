import type * as tf from "@tensorflow/tfjs-core";
import { BayesianModel } from "../bayesian-model.js";
import type { Resolved } from "../configuration.js";
import { type Loss, weighted } from "../model.js";
import type { NetworkKind } from "../network.js";
import type { Pass } from "../pass.js";
import type { bnnAeOptions } from "./configuration.js";

/**
 * Configuration of a {@link BnnAe}: its options, including defaults.
 *
 * @interface
 */
export type BnnAeConfiguration = Resolved<typeof bnnAeOptions>;

/** An autoencoder with a distribution over every weight. */
export class BnnAe extends BayesianModel<BnnAeConfiguration> {
  readonly priorSd = undefined;
  readonly isBound = true;
  readonly hasLatentPosterior = false;

  constructor(name: string, configuration: BnnAeConfiguration, kind: NetworkKind) {
    super(name, configuration, kind, { mean: configuration.zDim });
  }

  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { mean } = this.posterior(input, pass);
    return weighted(this.bayesianParts(target, mean, pass), { weights: pass.klWeight });
  }
}
