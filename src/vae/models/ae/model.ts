import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../random.js";
import type { Resolved } from "../configuration.js";
import { createLikelihood } from "../distributions.js";
import { type Loss, Model, weighted } from "../model.js";
import { createDecoder, createEncoder, type NetworkKind } from "../network.js";
import { type Pass, SERIES } from "../pass.js";
import { PLAIN_RECIPE } from "../recipe.js";
import type { aeOptions } from "./configuration.js";

/**
 * Configuration of an {@link Ae}: its options, including defaults.
 *
 * @interface
 */
export type AeConfiguration = Resolved<typeof aeOptions>;

/** A plain autoencoder. Its loss is the negative log-likelihood of the image given its code. */
export class Ae extends Model<AeConfiguration> {
  readonly recipe = PLAIN_RECIPE;
  readonly priorSd = undefined;
  readonly isBound = false;
  readonly hasLatentPosterior = false;

  constructor(name: string, configuration: AeConfiguration, kind: NetworkKind) {
    const random = new Random(configuration.seed, SERIES.weights, 0);
    super(name, configuration, {
      encoder: createEncoder(kind, configuration, { mean: configuration.zDim }, random),
      decoder: createDecoder(kind, configuration, random),
      likelihood: createLikelihood(configuration.likelihood, configuration.outputVariance),
    });
  }

  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { mean } = this.posterior(input, pass);
    return weighted({ reconstruction: tf.neg(tf.mean(this.logLikelihood(target, mean, pass))) });
  }
}
