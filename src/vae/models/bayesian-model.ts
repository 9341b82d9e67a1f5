import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../random.js";
import type { NetworkConfiguration } from "./configuration.js";
import { createLikelihood } from "./distributions.js";
import { Model } from "./model.js";
import { createDecoder, createEncoder, type NetworkKind } from "./network.js";
import { type Pass, SERIES } from "./pass.js";
import { PLAIN_RECIPE } from "./recipe.js";
import { WeightPosterior } from "./weight-posterior.js";

/** The configuration of models with distributions over their weights. */
export interface BayesianConfiguration extends NetworkConfiguration {
  /** Standard deviation of the Gaussian prior over every weight. */
  readonly priorSigma: number;
}

/**
 * A model with a distribution over every weight of encoder and decoder, trained with the method "Bayes by backprop"
 * (Blundell et al. 2015).
 */
export abstract class BayesianModel<C extends BayesianConfiguration> extends Model<C> {
  readonly recipe = PLAIN_RECIPE;

  /** @param heads names and widths of the linear outputs of the encoder; see {@link createEncoder} */
  constructor(name: string, configuration: C, kind: NetworkKind, heads: Readonly<Record<string, number>>) {
    const random = new Random(configuration.seed, SERIES.weights, 0);
    const encoder = createEncoder(kind, configuration, heads, random);
    const decoder = createDecoder(kind, configuration, random);
    super(name, configuration, {
      encoder,
      decoder,
      likelihood: createLikelihood(configuration.likelihood, configuration.outputVariance),
      weightPosterior: new WeightPosterior([encoder, decoder], configuration.priorSigma),
    });
  }

  /**
   * The parts of the loss that all models with Bayesian weights have: the reconstruction from codes, and the KL
   * divergence of the weights, which is divided by the number of training images.
   */
  protected bayesianParts(
    target: tf.Tensor4D,
    z: tf.Tensor2D,
    pass: Pass,
  ): { reconstruction: tf.Scalar; weights: tf.Scalar } {
    const weightPosterior = this.parts.weightPosterior as WeightPosterior;
    return {
      reconstruction: tf.neg(tf.mean(this.logLikelihood(target, z, pass))),
      weights: tf.div(weightPosterior.klDivergence(), pass.trainingCount),
    };
  }
}
