import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../random.js";
import type { Resolved } from "../configuration.js";
import { createLikelihood, logNormal, logStandardNormal } from "../distributions.js";
import { type Loss, Model, repeatRows, weighted } from "../model.js";
import { createDecoder, createEncoder, type NetworkKind } from "../network.js";
import { type Pass, SERIES } from "../pass.js";
import { PLAIN_RECIPE } from "../recipe.js";
import type { iwaeOptions } from "./configuration.js";

/** What decides an {@link Iwae}: its options with their defaults. */
export type IwaeConfiguration = Resolved<typeof iwaeOptions>;

/**
 * The importance-weighted autoencoder of Burda, Grosse & Salakhutdinov 2016 (arXiv 1509.00519): a variational autoencoder that is trained
 * with a tighter bound of log p(x), the logarithm of the mean of K importance weights (equation 8).
 */
export class Iwae extends Model<IwaeConfiguration> {
  readonly recipe = PLAIN_RECIPE;
  readonly priorSd = 1;
  readonly isBound = true;
  readonly hasLatentPosterior = true;

  constructor(name: string, configuration: IwaeConfiguration, kind: NetworkKind) {
    const { zDim } = configuration;
    const random = new Random(configuration.seed, SERIES.weights, 0);
    super(name, configuration, {
      encoder: createEncoder(kind, configuration, { mean: zDim, sd: zDim }, random),
      decoder: createDecoder(kind, configuration, random),
      likelihood: createLikelihood(configuration.likelihood, configuration.outputVariance),
    });
  }

  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const draws = this.configuration.importanceDraws;
    const { mean, sd } = this.posterior(input, pass) as { mean: tf.Tensor2D; sd: tf.Tensor2D };
    const [means, sigma] = [repeatRows(mean, draws), repeatRows(sd, draws)];
    const z = pass.draw(means, sigma) as tf.Tensor2D;
    const ratio = tf.sub(logStandardNormal(z), logNormal(z, means, sigma));
    const likelihood = this.logLikelihood(repeatRows(target, draws), z, pass);
    const logWeights = tf.reshape(tf.add(likelihood, tf.mul(ratio, pass.klWeight)), [-1, draws]);
    const bound = tf.sub(tf.mean(tf.logSumExp(logWeights, -1)), Math.log(draws));
    return weighted({ bound: tf.neg(bound) as tf.Scalar });
  }
}
