import * as tf from "@tensorflow/tfjs-core";
import type { Resolved } from "../configuration.js";
import { type Loss, weighted } from "../model.js";
import type { Pass } from "../pass.js";
import { VariationalModel } from "../variational-model.js";
import type { iwaeOptions } from "./configuration.js";

/**
 * Configuration of an {@link Iwae}: its options, including defaults.
 *
 * @interface
 */
export type IwaeConfiguration = Resolved<typeof iwaeOptions>;

/**
 * The importance-weighted autoencoder of Burda, Grosse & Salakhutdinov 2016 (arXiv 1509.00519). This is a variational
 * autoencoder whose loss is a tighter bound of log p(x): the logarithm of the mean of K importance weights (equation
 * 8).
 */
export class Iwae extends VariationalModel<IwaeConfiguration> {
  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const draws = this.configuration.importanceDraws;
    const logWeights = this.logImportanceWeights(input, draws, pass, target);
    const bound = tf.sub(tf.mean(tf.logSumExp(logWeights, -1)), Math.log(draws));
    return weighted({ bound: tf.neg(bound) as tf.Scalar });
  }
}
