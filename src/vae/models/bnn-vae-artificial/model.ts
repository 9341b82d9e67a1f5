import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../random.js";
import type { Resolved } from "../configuration.js";
import { createLikelihood } from "../distributions.js";
import { type Loss, Model, weighted } from "../model.js";
import { createDecoder, createEncoder } from "../network.js";
import { type Pass, SERIES } from "../pass.js";
import { PLAIN_RECIPE } from "../recipe.js";
import { WeightPosterior } from "../weight-posterior.js";
import type { bnnVaeArtificialFields } from "./configuration.js";

/** What decides a {@link BnnVaeArtificial}: its options with their defaults. */
export type BnnVaeArtificialConfiguration = Resolved<typeof bnnVaeArtificialFields>;

/**
 * An autoencoder with a distribution over every weight whose code is drawn from a Gaussian as in a variational autoencoder, but
 * without a divergence that would keep that Gaussian near a prior.
 */
export class BnnVaeArtificial extends Model<BnnVaeArtificialConfiguration> {
  readonly recipe = PLAIN_RECIPE;
  readonly priorSd = undefined;
  readonly isBound = false;
  readonly hasLatentPosterior = false;

  constructor(name: string, configuration: BnnVaeArtificialConfiguration) {
    const { zDim } = configuration;
    const random = new Random(configuration.seed, SERIES.weights, 0);
    const encoder = createEncoder("dense", configuration, { mean: zDim, sd: zDim }, random);
    const decoder = createDecoder("dense", configuration, random);
    super(name, configuration, {
      encoder,
      decoder,
      likelihood: createLikelihood(configuration.likelihood, configuration.sigma),
      weightPosterior: new WeightPosterior([encoder, decoder], configuration.priorSigma),
    });
  }

  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { mean, sd } = this.posterior(input, pass) as { mean: tf.Tensor2D; sd: tf.Tensor2D };
    const z = pass.draw(mean, sd) as tf.Tensor2D;
    const weightPosterior = this.parts.weightPosterior as WeightPosterior;
    const parts = {
      reconstruction: tf.neg(tf.mean(this.logLikelihood(target, z, pass))) as tf.Scalar,
      weights: tf.div(weightPosterior.klDivergence(), pass.trainingCount) as tf.Scalar,
    };
    return weighted(parts, { weights: pass.klWeight });
  }
}
