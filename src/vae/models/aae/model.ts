import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../random.js";
import type { Resolved } from "../configuration.js";
import { createLikelihood } from "../distributions.js";
import { type Loss, Model, type Phase, weighted } from "../model.js";
import { createDecoder, createEncoder, dense, hiddenLayers, Network } from "../network.js";
import { type Pass, SERIES } from "../pass.js";
import { AAE_RECIPE, type aaeOptions } from "./configuration.js";

/**
 * Configuration of an {@link Aae}: its options, including defaults.
 *
 * @interface
 */
export type AaeConfiguration = Resolved<typeof aaeOptions>;

/**
 * The adversarial autoencoder of Makhzani et al. 2015 (arXiv 1511.05644) with a deterministic encoder. A discriminator
 * learns to distinguish codes from draws of N(0, 1), and the encoder learns to deceive the discriminator. The encoder
 * also minimizes the differences between the mean and covariance of the codes and the mean and covariance of the prior.
 * With this second goal, the training needs far fewer steps than with the discriminator alone.
 */
export class Aae extends Model<AaeConfiguration> {
  readonly recipe = AAE_RECIPE;
  readonly priorSd = 1;
  readonly isBound = false;
  readonly hasLatentPosterior = false;
  private readonly discriminator: Network;

  constructor(name: string, configuration: AaeConfiguration) {
    const { zDim, numLayers, hiddenDim } = configuration;
    const random = new Random(configuration.seed, SERIES.weights, 0);
    const encoder = createEncoder("dense", configuration, { mean: zDim }, random);
    const decoder = createDecoder("dense", configuration, random);
    const discriminator = new Network(
      "discriminator",
      [zDim],
      hiddenLayers(Math.max(1, numLayers), hiddenDim, 0),
      [{ name: "logit", layers: [dense("logit", 1)] }],
      random,
    );
    const likelihood = createLikelihood(configuration.likelihood, configuration.outputVariance);
    super(name, configuration, { encoder, decoder, likelihood, others: [discriminator] });
    this.discriminator = discriminator;
  }

  override phases(): readonly Phase[] {
    const [all] = super.phases() as [Phase];
    const of = (...prefixes: string[]) =>
      all.variables.filter((key) => prefixes.some((prefix) => key.startsWith(`${prefix}/`)));
    return [
      {
        name: "reconstruction",
        variables: of("encoder", "decoder", "likelihood"),
        loss: (input, target, pass) => this.reconstructionLoss(input, target, pass),
      },
      {
        name: "discriminator",
        variables: of("discriminator"),
        loss: (input, _target, pass) => this.discriminatorLoss(input, pass),
      },
      { name: "generator", variables: of("encoder"), loss: (input, _target, pass) => this.generatorLoss(input, pass) },
    ];
  }

  /**
   * Returns the loss of the reconstruction. The parts of the result also contain the losses of the adversarial steps,
   * but the total does not.
   */
  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { total, parts } = this.reconstructionLoss(input, target, pass);
    const adversarial = { ...this.discriminatorLoss(input, pass).parts, ...this.generatorLoss(input, pass).parts };
    return { total, parts: { ...parts, ...adversarial } };
  }

  private reconstructionLoss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { mean } = this.posterior(input, pass);
    return weighted({ reconstruction: tf.neg(tf.mean(this.logLikelihood(target, mean, pass))) });
  }

  private discriminatorLoss(input: tf.Tensor4D, pass: Pass): Loss {
    const { mean } = this.posterior(input, pass);
    const drawn = this.discriminate(pass.normal(mean.shape), pass);
    const encoded = this.discriminate(mean, pass);
    // -log sigmoid(t) is softplus(-t).
    return weighted({ discriminator: tf.add(tf.mean(tf.softplus(tf.neg(drawn))), tf.mean(tf.softplus(encoded))) });
  }

  /**
   * The loss of the encoder in the adversarial step: deceiving the discriminator, and matching the mean and covariance
   * of the prior. With the discriminator alone, after a few hundred steps the codes form a long ellipse, and most draws
   * from the prior decode to something that is not an image.
   */
  private generatorLoss(input: tf.Tensor4D, pass: Pass): Loss {
    const { mean } = this.posterior(input, pass);
    const generator = tf.mean(tf.softplus(tf.neg(this.discriminate(mean, pass)))) as tf.Scalar;
    return weighted({ generator, moments: momentError(mean) });
  }

  private discriminate(z: tf.Tensor, pass: Pass): tf.Tensor {
    return this.discriminator.raw(z, pass)[0];
  }
}

/**
 * Squared differences between the mean of the codes and the mean of N(0, 1), and between their covariances, summed over
 * all entries: from n x d to a scalar.
 */
function momentError(codes: tf.Tensor2D): tf.Scalar {
  const [n, d] = codes.shape;
  const mean = tf.mean(codes, 0, true);
  const centered = tf.sub(codes, mean) as tf.Tensor2D;
  const covariance = tf.div(tf.matMul(centered, centered, true), n);
  return tf.add(tf.sum(tf.square(mean)), tf.sum(tf.square(tf.sub(covariance, tf.eye(d)))));
}
