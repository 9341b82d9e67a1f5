import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../random.js";
import type { Resolved } from "../configuration.js";
import { createLikelihood, klToStandardNormal } from "../distributions.js";
import { type Loss, Model, meanOfSums, weighted } from "../model.js";
import { createDecoder, createEncoder, type NetworkKind } from "../network.js";
import { type Pass, SERIES } from "../pass.js";
import { PLAIN_RECIPE } from "../recipe.js";
import type { vaeOptions } from "./configuration.js";

/** What decides a {@link Vae}: its options with their defaults. */
export type VaeConfiguration = Resolved<typeof vaeOptions>;

/** The variational autoencoder of Kingma & Welling 2014 (arXiv 1312.6114). */
export class Vae extends Model<VaeConfiguration> {
  readonly recipe = PLAIN_RECIPE;
  readonly priorSd = 1;
  readonly isBound = true;
  readonly hasLatentPosterior = true;

  constructor(name: string, configuration: VaeConfiguration, kind: NetworkKind) {
    const { zDim } = configuration;
    const random = new Random(configuration.seed, SERIES.weights, 0);
    super(name, configuration, {
      encoder: createEncoder(kind, configuration, { mean: zDim, sd: zDim }, random),
      decoder: createDecoder(kind, configuration, random),
      likelihood: createLikelihood(configuration.likelihood, configuration.outputVariance),
    });
  }

  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { mean, sd } = this.posterior(input, pass) as { mean: tf.Tensor2D; sd: tf.Tensor2D };
    const z = pass.draw(mean, sd) as tf.Tensor2D;
    const parts = {
      reconstruction: tf.neg(tf.mean(this.logLikelihood(target, z, pass))) as tf.Scalar,
      kl: meanOfSums(klToStandardNormal(mean, sd)),
    };
    return weighted(parts, { kl: this.configuration.beta * pass.klWeight });
  }
}
