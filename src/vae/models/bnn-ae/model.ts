import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../random.js";
import type { Resolved } from "../configuration.js";
import { createLikelihood } from "../distributions.js";
import { type Loss, Model, weighted } from "../model.js";
import { createDecoder, createEncoder, type NetworkKind } from "../network.js";
import { type Pass, SERIES } from "../pass.js";
import { PLAIN_RECIPE } from "../recipe.js";
import { WeightPosterior } from "../weight-posterior.js";
import type { bnnAeFields } from "./configuration.js";

/** What decides a {@link BnnAe}: its options with their defaults. */
export type BnnAeConfiguration = Resolved<typeof bnnAeFields>;

/** An autoencoder with a distribution over every weight, trained by Bayes by backprop (Blundell et al. 2015). */
export class BnnAe extends Model<BnnAeConfiguration> {
  readonly recipe = PLAIN_RECIPE;
  readonly priorSd = undefined;
  readonly isBound = true;
  readonly hasLatentPosterior = false;

  constructor(name: string, configuration: BnnAeConfiguration, kind: NetworkKind) {
    const random = new Random(configuration.seed, SERIES.weights, 0);
    const encoder = createEncoder(kind, configuration, { mean: configuration.zDim }, random);
    const decoder = createDecoder(kind, configuration, random);
    super(name, configuration, {
      encoder,
      decoder,
      likelihood: createLikelihood(configuration.likelihood, configuration.sigma),
      weightPosterior: new WeightPosterior([encoder, decoder], configuration.priorSigma),
    });
  }

  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { mean } = this.posterior(input, pass);
    const weightPosterior = this.parts.weightPosterior as WeightPosterior;
    const parts = {
      reconstruction: tf.neg(tf.mean(this.logLikelihood(target, mean, pass))) as tf.Scalar,
      weights: tf.div(weightPosterior.klDivergence(), pass.trainingCount) as tf.Scalar,
    };
    return weighted(parts, { weights: pass.klWeight });
  }
}
