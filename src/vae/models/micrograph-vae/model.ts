import * as tf from "@tensorflow/tfjs-core";
import { layers, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { Random } from "../../random.js";
import { GaussianLikelihood, klToStandardNormal } from "../distributions.js";
import { type Loss, Model, type Posterior, weighted } from "../model.js";
import {
  convolutions,
  dense,
  finishWith,
  type Head,
  hiddenLayers,
  type Layer,
  Network,
  transposedConvolutions,
} from "../network.js";
import { type Pass, SERIES } from "../pass.js";
import { MICROGRAPH_VAE_RECIPE, type MicrographVaeConfiguration } from "./configuration.js";

/** The means of the codes are normalized to this standard deviation over the images. */
const MEAN_SPREAD = 2.5;
/**
 * The encoder's output for the standard deviations of the codes is normalized to this standard deviation over the
 * images. The absolute values of the normalized output are the standard deviations of the codes.
 */
const SD_SPREAD = 0.5;
/** Weight, in the loss, of the errors of pixels and gradients. */
const ERROR_WEIGHT = 50;
const EPSILON = 1e-3;
/**
 * Factor by which the initial kernel of the decoder's last layer is multiplied, so that it is smaller than the initial
 * kernels of the other layers. With a larger initial kernel, the decoder first adds random patterns to the images. It
 * then learns to remove these patterns by ignoring the codes, and the training does not leave this plateau: after 375
 * steps on 600 micrographs, all reconstructions were one flat image, with and without noise in images and codes.
 */
const OUTPUT_SCALE = 0.02;

/**
 * The variational autoencoder of Ede 2020, "Warwick electron microscopy datasets" (arXiv 2003.01113), for micrographs.
 * Its loss consists of squared errors of images scaled to -1 to 1. Its codes are normalized by the statistics of the
 * batch in training, and by the running averages of these statistics at inference.
 */
export class MicrographVae extends Model<MicrographVaeConfiguration> {
  readonly recipe = MICROGRAPH_VAE_RECIPE;
  readonly isBound = false;

  constructor(name: string, configuration: MicrographVaeConfiguration) {
    const { height, width, channels, zDim, hiddenDim, filters, kernelSize, regularizer } = configuration;
    const random = new Random(configuration.seed, SERIES.weights, 0);
    const isNormalized = regularizer === "encoding";
    const finish: Record<string, NonNullable<Head["finish"]>> = isNormalized
      ? { mean: normalizeMean, sd: normalizeSd }
      : { sd: finishWith("softplus", "sd") };
    const head = (key: string): Head => ({
      name: key,
      layers: [dense(key, zDim)],
      ...(finish[key] ? { finish: finish[key] } : {}),
    });
    const encoder = new Network(
      "encoder",
      [height, width, channels],
      [
        layers.rescaling({ scale: 2, offset: -1, name: "scale" }) as Layer,
        ...convolutions({ ...configuration, normalized: true }),
        layers.flatten({ name: "flatten" }) as Layer,
        ...hiddenLayers(1, hiddenDim, 0),
      ],
      [head("mean"), head("sd")],
      random,
    );
    const stride = { kernelSize, padding: "same" as const, kernelInitializer: "zeros" as const };
    const decoder = new Network(
      "decoder",
      [zDim],
      [
        ...transposedConvolutions(
          { ...configuration, normalized: true, filters: mirrored(filters) },
          filters[0],
          false,
        ),
        layers.conv2dTranspose({ ...stride, filters: channels, name: "image" }) as Layer,
      ],
      [{ name: "image", layers: [], finish: toUnitRange }],
      random,
    );
    super(name, configuration, {
      encoder,
      decoder,
      likelihood: new GaussianLikelihood(configuration.outputVariance, false),
    });
    const output = this.variables.get("decoder/image/kernel") as tf.Variable;
    tf.tidy(() => output.assign(tf.mul(output, OUTPUT_SCALE)));
    if (isNormalized) {
      for (const [key, spread] of [["mean", MEAN_SPREAD] as const, ["sd", SD_SPREAD] as const]) {
        const gamma = this.variables.get(`encoder/${key}_norm/gamma`) as tf.Variable;
        tf.tidy(() => gamma.assign(tf.fill(gamma.shape, spread)));
      }
    }
  }

  get priorSd(): number {
    return this.configuration.regularizer === "encoding" ? MEAN_SPREAD : 1;
  }

  get hasLatentPosterior(): boolean {
    return this.configuration.regularizer === "kl";
  }

  /**
   * Does nothing, because the first output of this decoder is nearly flat instead of the mean image (see
   * `OUTPUT_SCALE`).
   */
  override async beginEpoch(): Promise<void> {}

  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { mean, sd } = this.posterior(input, pass) as { mean: tf.Tensor2D; sd: tf.Tensor2D };
    const image = tf.tanh(this.decodeRaw(pass.draw(mean, sd) as tf.Tensor2D, pass));
    const difference = tf.sub(image, tf.sub(tf.mul(target, 2), 1)) as tf.Tensor4D;
    const error = tf.mean(tf.square(difference)) as tf.Scalar;
    const errors = this.configuration.gradientLoss ? { error, gradientError: meanSquaredSobel(difference) } : { error };
    const weight = this.configuration.beta * pass.klWeight;
    const weights = { error: ERROR_WEIGHT, gradientError: ERROR_WEIGHT * this.configuration.gradientWeight };
    if (this.configuration.regularizer === "kl") {
      const kl = tf.mean(klToStandardNormal(mean, sd)) as tf.Scalar;
      return weighted({ ...errors, kl }, { ...weights, kl: weight });
    }
    const encoding = tf.mean(tf.square(tf.sub(sd, 1))) as tf.Scalar;
    return weighted({ ...errors, encoding }, { ...weights, encoding: weight });
  }

  override posterior(x: tf.Tensor4D, pass: Pass): Posterior {
    if (this.configuration.regularizer === "kl") return super.posterior(x, pass);
    const [mean, sd] = this.parts.encoder.raw(x, pass) as [tf.Tensor2D, tf.Tensor2D];
    const ofMeans = this.statistics("mean", mean, pass);
    const ofSigma = this.statistics("sd", sd, pass);
    return {
      mean: tf.mul(tf.sub(mean, ofMeans.mean), tf.mul(MEAN_SPREAD, tf.rsqrt(tf.add(ofMeans.variance, EPSILON)))),
      sd: tf.abs(tf.mul(sd, tf.mul(SD_SPREAD, tf.rsqrt(tf.add(ofSigma.variance, EPSILON))))),
    };
  }

  override logLikelihood(images: tf.Tensor4D, z: tf.Tensor2D, pass: Pass): tf.Tensor1D {
    return this.parts.likelihood.logProbability(images, tf.mul(this.decodeRaw(z, pass), 2));
  }

  override decodeMean(z: tf.Tensor2D, pass: Pass): tf.Tensor4D {
    // (1 + tanh(a)) / 2 = sigmoid(2 a)
    return tf.sigmoid(tf.mul(this.decodeRaw(z, pass), 2)) as tf.Tensor4D;
  }

  /**
   * In training, returns the statistics of the batch and updates the running averages. At inference, returns the
   * running averages.
   */
  private statistics(key: "mean" | "sd", head: tf.Tensor2D, pass: Pass): { mean: tf.Tensor; variance: tf.Tensor } {
    const runningMean = this.variables.get(`encoder/${key}_norm/moving_mean`) as tf.Variable;
    const runningVariance = this.variables.get(`encoder/${key}_norm/moving_variance`) as tf.Variable;
    if (!pass.training) return { mean: runningMean, variance: runningVariance };
    const { mean, variance } = tf.moments(head, 0);
    // The output for the standard deviations is not centered: its running mean stays 0, so 0 is subtracted.
    if (key === "mean") pass.follow({ mean: runningMean, variance: runningVariance }, { mean, variance });
    else pass.follow({ variance: runningVariance }, { variance });
    return { mean, variance };
  }
}

const normalization = (key: string) =>
  layers.batchNormalization({ name: `${key}_norm`, center: false, epsilon: EPSILON, trainable: false });

const normalizeMean = (head: SymbolicTensor): SymbolicTensor => normalization("mean").apply(head) as SymbolicTensor;

function normalizeSd(head: SymbolicTensor): SymbolicTensor {
  // |x| = relu(x) + relu(-x). TensorFlow.js has no layer for absolute values.
  const relu = (from: SymbolicTensor, name: string) =>
    layers.activation({ activation: "relu", name }).apply(from) as SymbolicTensor;
  const sd = normalization("sd").apply(head) as SymbolicTensor;
  const negative = layers.rescaling({ scale: -1, name: "sd_negated" }).apply(sd) as SymbolicTensor;
  return layers
    .add({ name: "sd_absolute" })
    .apply([relu(sd, "sd_relu"), relu(negative, "sd_negated_relu")]) as SymbolicTensor;
}

function toUnitRange(raw: SymbolicTensor): SymbolicTensor {
  const scale = layers.rescaling({ scale: 0.5, offset: 0.5, name: "image_scale" });
  return scale.apply(finishWith("tanh", "image")(raw)) as SymbolicTensor;
}

/** Channels of the decoder's transposed convolutions: the channels of the encoder's convolutions in reverse order. */
function mirrored(filters: readonly number[]): readonly number[] {
  return [...filters.slice(1), filters.at(-1) as number];
}

/** Mean square of the two Sobel gradients of every channel, except at the outermost pixels. */
function meanSquaredSobel(difference: tf.Tensor4D): tf.Scalar {
  const [count, height, width, channels] = difference.shape;
  if (height < 3 || width < 3) return tf.scalar(0);
  const planes = channels === 1 ? difference : tf.transpose(difference, [0, 3, 1, 2]);
  const kernel = tf.tensor4d([-1, -1, 0, -2, 1, -1, -2, 0, 0, 0, 2, 0, -1, 1, 0, 2, 1, 1], [3, 3, 1, 2]);
  const gradients = tf.conv2d(
    tf.reshape(planes, [count * channels, height, width, 1]) as tf.Tensor4D,
    kernel,
    1,
    "valid",
  );
  return tf.mean(tf.square(gradients));
}
