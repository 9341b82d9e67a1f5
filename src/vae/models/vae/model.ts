import * as tf from "@tensorflow/tfjs-core";
import type { Resolved } from "../configuration.js";
import { klToStandardNormal } from "../distributions.js";
import { type Loss, meanOfSums, weighted } from "../model.js";
import type { Pass } from "../pass.js";
import { VariationalModel } from "../variational-model.js";
import type { vaeOptions } from "./configuration.js";

/**
 * Configuration of a {@link Vae}: its options, including defaults.
 *
 * @interface
 */
export type VaeConfiguration = Resolved<typeof vaeOptions>;

/** The variational autoencoder of Kingma & Welling 2014 (arXiv 1312.6114). */
export class Vae extends VariationalModel<VaeConfiguration> {
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
