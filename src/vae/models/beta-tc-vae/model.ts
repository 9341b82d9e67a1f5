import * as tf from "@tensorflow/tfjs-core";
import type { Resolved } from "../configuration.js";
import { logNormal, logStandardNormal } from "../distributions.js";
import { type Loss, weighted } from "../model.js";
import type { Pass } from "../pass.js";
import { VariationalModel } from "../variational-model.js";
import type { betaTcVaeOptions } from "./configuration.js";

/**
 * Configuration of a {@link BetaTcVae}: its options, including defaults.
 *
 * @interface
 */
export type BetaTcVaeConfiguration = Resolved<typeof betaTcVaeOptions>;

/**
 * The beta-TCVAE of Chen, Li, Grosse & Duvenaud 2018 (arXiv 1802.04942). The KL divergence in the loss of a variational
 * autoencoder is the sum of three terms (equation 2): the mutual information of image and code, the total correlation
 * of the code's dimensions, and the divergence of each dimension from the prior. `beta` weights only the total
 * correlation. This makes dimensions independent of each other and keeps images sharp.
 */
export class BetaTcVae extends VariationalModel<BetaTcVaeConfiguration> {
  /**
   * Computes the loss. The three terms of the divergence are estimated from the batch by minibatch-weighted sampling
   * (section 3.2 and equation 5 of the paper).
   */
  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { mean, sd } = this.posterior(input, pass) as { mean: tf.Tensor2D; sd: tf.Tensor2D };
    const z = pass.draw(mean, sd) as tf.Tensor2D;
    const logOfAll = Math.log(mean.shape[0] * pass.trainingCount);
    // log q(z_i | x_j) of every dimension: batch x batch x zDim.
    const pairs = logNormalPerDimension(tf.expandDims(z, 1), tf.expandDims(mean, 0), tf.expandDims(sd, 0));
    const logAggregate = tf.sub(tf.logSumExp(tf.sum(pairs, -1), 1), logOfAll);
    const logMarginals = tf.sum(tf.sub(tf.logSumExp(pairs, 1), logOfAll), -1);
    const parts = {
      reconstruction: tf.neg(tf.mean(this.logLikelihood(target, z, pass))) as tf.Scalar,
      mutualInformation: tf.mean(tf.sub(logNormal(z, mean, sd), logAggregate)) as tf.Scalar,
      totalCorrelation: tf.mean(tf.sub(logAggregate, logMarginals)) as tf.Scalar,
      dimensions: tf.mean(tf.sub(logMarginals, logStandardNormal(z))) as tf.Scalar,
    };
    const { klWeight } = pass;
    const totalCorrelation = this.configuration.beta * klWeight;
    return weighted(parts, { mutualInformation: klWeight, totalCorrelation, dimensions: klWeight });
  }
}

/** log N(x; mean, sd^2) of every dimension; the shapes are broadcast. */
function logNormalPerDimension(x: tf.Tensor, mean: tf.Tensor, sd: tf.Tensor): tf.Tensor {
  const axis = (tensor: tf.Tensor) => tf.expandDims(tensor, -1);
  return logNormal(axis(x), axis(mean), axis(sd));
}
