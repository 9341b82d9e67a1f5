import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { throwIfAborted } from "../../abort.js";
import { requireInteger, shapeMismatch } from "../../arguments.js";
import { ArgumentError } from "../../errors.js";
import { makeFolder } from "../../io/index.js";
import { Matrix, type MatrixLike, toMatrix } from "../../matrix.js";
import { checkOptions, type OptionValues } from "../../options/index.js";
import type { Images } from "../datasets/dataset.js";
import { Random } from "../random.js";
import { BATCH_OPTIONS, ENCODE_OPTIONS, SAMPLE_OPTIONS } from "./declarations.js";
import {
  GaussianLikelihood,
  klToStandardNormal,
  type Likelihood,
  logNormal,
  logStandardNormal,
} from "./distributions.js";
import { type ImageShape, type ImagesLike, range, toImages } from "./images.js";
import { writeLayersModel } from "./layers-files.js";
import { startFromMeanImage } from "./mean-image.js";
import type { Network } from "./network.js";
import { Pass, SERIES } from "./pass.js";
import type { Recipe } from "./recipe.js";
import { type NamedTensor, writeTensorFile } from "./safetensors.js";
import type { TrainingLength } from "./training-length.js";
import type { WeightPosterior } from "./weight-posterior.js";

/** The loss of a batch. If it is a negative log-likelihood, its unit is nats per image. */
export interface Loss {
  /** The quantity that is minimized. */
  readonly total: tf.Scalar;
  /** The parts of the loss by name, before they are multiplied by their weights. */
  readonly parts: Readonly<Record<string, tf.Scalar>>;
}

/** One of several kinds of training steps that alternate. Each kind trains some of the variables with its own loss. */
export interface Phase {
  readonly name: string;
  /** Names of the variables that this phase trains. */
  readonly variables: readonly string[];
  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss;
}

/**
 * Information for a model at the beginning of an epoch. At this time, the model may change its variables directly,
 * without gradients.
 */
export interface EpochStart {
  /** Number of finished epochs. */
  readonly epoch: number;
  readonly length: TrainingLength;
  readonly images: Images;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  /** Adds a warning to the result of the training. */
  warn(sentence: string): void;
}

/** The approximate posterior q(z|x) of some images, as tensors: n x zDim. */
export interface Posterior {
  readonly mean: tf.Tensor2D;
  /** Standard deviations of the codes. If undefined, the posterior of each image is a single point. */
  readonly sd: tf.Tensor2D | undefined;
}

/** The codes of n images. `runTsne` accepts the means as its data and `sigma` as its standard deviations. */
export interface Codes {
  /** Means of the codes, n x zDim. */
  readonly means: Matrix;
  /** Standard deviations of the codes, n x zDim, >= 0; undefined for models whose codes have no standard deviations. */
  readonly sigma: Matrix | undefined;
}

/**
 * Options of the methods that process many images.
 *
 * @interface
 */
export type BatchOptions = Readonly<OptionValues<typeof BATCH_OPTIONS>>;

/**
 * Options of {@link Model.encode}.
 *
 * @interface
 */
export type EncodeOptions = Readonly<OptionValues<typeof ENCODE_OPTIONS>>;

/**
 * Options of {@link Model.sample}.
 *
 * @interface
 */
export type SampleOptions = Readonly<OptionValues<typeof SAMPLE_OPTIONS>>;

/** The parts of a model. */
export interface ModelParts {
  readonly encoder: Network;
  readonly decoder: Network;
  readonly likelihood: Likelihood;
  /** Further networks. */
  readonly others?: readonly Network[];
  /** The posterior of the weights, if the weights of encoder and decoder are distributions. */
  readonly weightPosterior?: WeightPosterior;
}

/** The part of the configuration that all models have. */
export interface ModelConfiguration extends ImageShape {
  readonly zDim: number;
  readonly seed: number;
}

/** The interface of all models. Images have values from 0 to 1; an image is height x width x channels. */
export abstract class Model<C extends ModelConfiguration = ModelConfiguration> {
  /** Name of the model in the table of models, such as `conv-vae`. */
  readonly name: string;
  readonly configuration: C;
  abstract readonly recipe: Recipe;
  /**
   * Standard deviation of the prior in every latent dimension; undefined if the model has no prior from which codes
   * could be drawn.
   */
  abstract readonly priorSd: number | undefined;
  /** Whether the negative sum of the parts of the loss is a lower bound of log p(x). */
  abstract readonly isBound: boolean;
  /** Whether log p(x) can be estimated by importance sampling from the posterior. */
  abstract readonly hasLatentPosterior: boolean;

  /**
   * Named tensors that are needed to resume a training. They are saved in the checkpoints of the training, but not with
   * the model.
   *
   * @internal
   */
  readonly trainingTensors = new Map<string, NamedTensor>();
  /** @internal */
  readonly parts: ModelParts;
  private readonly table: ReadonlyMap<string, { variable: tf.Variable; trainable: boolean }>;

  constructor(name: string, configuration: C, parts: ModelParts) {
    this.name = name;
    this.configuration = configuration;
    this.parts = parts;
    const networks = [parts.encoder, parts.decoder, ...(parts.others ?? [])];
    const learned = (variables: ReadonlyMap<string, tf.Variable>, prefix: string) =>
      [...variables].map(([key, variable]) => [prefix + key, { variable, trainable: true }] as const);
    this.table = new Map([
      ...networks.flatMap((network) => [...network.variables]),
      ...learned(parts.likelihood.variables, "likelihood/"),
      ...learned(parts.weightPosterior?.variables ?? new Map(), ""),
    ]);
  }

  /**
   * Computes the loss of a batch, averaged over its images.
   *
   * @param input images to encode, n x height x width x channels; may be noisy
   * @param target images to reconstruct, of the same shape
   */
  abstract loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss;

  /** The kinds of training steps, which alternate. */
  phases(): readonly Phase[] {
    const variables = [...this.table].filter(([, { trainable }]) => trainable).map(([key]) => key);
    return [{ name: "all", variables, loss: (input, target, pass) => this.loss(input, target, pass) }];
  }

  /**
   * The epochs, counted from 0 and in ascending order, at which the model begins to minimize another loss. These epochs
   * divide the training into parts; the first part begins at epoch 0. At the beginning of each part, the learning rate
   * rises again from 0. The last part minimizes the actual loss of the model.
   *
   * @throws {ArgumentError} OUT_OF_RANGE if the training is too short
   */
  partStarts(_length: TrainingLength): readonly number[] {
    return [0];
  }

  /**
   * Called by the training before the first step of every epoch. If the likelihood is Gaussian, the first call sets the
   * decoder so that its output is the mean image.
   */
  async beginEpoch({ epoch, images }: EpochStart): Promise<void> {
    const { decoder, likelihood } = this.parts;
    if (epoch === 0 && likelihood instanceof GaussianLikelihood) await startFromMeanImage(decoder, images);
  }

  /**
   * The encoder as a TensorFlow.js model without custom layers. It maps images to means and, if the codes have standard
   * deviations, to these standard deviations.
   */
  get encoder(): LayersModel {
    return this.parts.encoder.model;
  }

  /** The decoder as a TensorFlow.js model without custom layers. It maps codes to images. */
  get decoder(): LayersModel {
    return this.parts.decoder.model;
  }

  /** All weights, statistics and other learned numbers by name. */
  get variables(): ReadonlyMap<string, tf.Variable> {
    return new Map([...this.table].map(([key, { variable }]) => [key, variable]));
  }

  /** Number of trained parameters. */
  get parameterCount(): number {
    return [...this.table.values()].reduce((sum, { variable, trainable }) => sum + (trainable ? variable.size : 0), 0);
  }

  /**
   * Computes means and standard deviations of the codes. If the weights are distributions, means and variances are
   * computed over random draws of the weights.
   *
   * @param images n images
   * @throws {ArgumentError} SHAPE_MISMATCH for images of another size
   * @throws {AbortError} if `options.signal` is aborted
   */
  async encode(images: ImagesLike, options: EncodeOptions = {}): Promise<Codes> {
    const { draws, seed, commonDraws, ...batches } = checkOptions(ENCODE_OPTIONS, options);
    const checked = toImages(images, this.configuration);
    const { zDim } = this.configuration;
    const means = new Float32Array(checked.count * zDim);
    let sigma: Float32Array | undefined;
    await this.forEachBatch(checked, batches, async (x, start) => {
      const pass = new Pass(new Random(seed, SERIES.encoding, commonDraws ? 0 : start), { commonDraws });
      const { mean, sd } = tf.tidy(() => ({ ...this.summarize(x, draws, pass) }));
      means.set(await take(mean), start * zDim);
      if (sd === undefined) return;
      sigma ??= new Float32Array(checked.count * zDim);
      sigma.set(await take(sd), start * zDim);
    });
    const toCodes = (values: Float32Array) => new Matrix(values, checked.count, zDim);
    return { means: toCodes(means), sigma: sigma && toCodes(sigma) };
  }

  /**
   * Decodes codes to images.
   *
   * @param codes n x zDim
   * @returns n images, one after the other
   * @throws {ArgumentError} SHAPE_MISMATCH for codes of another length
   * @throws {AbortError} if `options.signal` is aborted
   */
  async decode(codes: MatrixLike, options: BatchOptions = {}): Promise<Float32Array> {
    const { batchSize, signal, onProgress } = checkOptions(BATCH_OPTIONS, options);
    const matrix = toMatrix(codes, "codes");
    const { zDim } = this.configuration;
    if (matrix.cols !== zDim) throw shapeMismatch("codes", matrix, `n x ${zDim} numbers`);
    const images = new Float32Array(matrix.rows * this.pixels);
    for (let start = 0; start < matrix.rows; start += batchSize) {
      throwIfAborted(signal);
      const rows = matrix.slice(start, Math.min(start + batchSize, matrix.rows));
      const image = tf.tidy(() => {
        const z = tf.tensor2d(Float32Array.from(rows.data), rows.shape);
        return this.parts.decoder.infer(z)[0];
      });
      images.set(await take(image), start * this.pixels);
      onProgress?.((start + rows.rows) / matrix.rows);
      await pause();
    }
    return images;
  }

  /**
   * Encodes images and decodes the means of their codes.
   *
   * @returns the reconstructed images, one after the other
   */
  async reconstruct(images: ImagesLike, options: BatchOptions = {}): Promise<Float32Array> {
    const checked = toImages(images, this.configuration);
    const reconstructions = new Float32Array(checked.count * this.pixels);
    await this.forEachBatch(checked, options, async (x, start) => {
      const image = tf.tidy(() => {
        const [mean] = this.parts.encoder.infer(x);
        return this.parts.decoder.infer(mean)[0];
      });
      reconstructions.set(await take(image), start * this.pixels);
    });
    return reconstructions;
  }

  /**
   * Generates images: decodes codes that are drawn from the prior.
   *
   * @returns `count` images, one after the other
   * @throws {ArgumentError} INVALID_ARGUMENT for a model without a prior
   */
  async sample(count: number, options: SampleOptions = {}): Promise<Float32Array> {
    const { seed, ...batches } = checkOptions(SAMPLE_OPTIONS, options);
    return this.decode(this.drawCodes(count, seed), batches);
  }

  private drawCodes(count: number, seed: number): Matrix {
    requireInteger(count, "count", 0, 2 ** 24);
    if (this.priorSd === undefined) {
      throw new ArgumentError("INVALID_ARGUMENT", {
        argument: "model",
        received: this.name,
        accepted: "a model with a prior over its codes, such as vae, gmvae or aae",
        message: `${this.name} has no prior over its codes to sample from. Use a vae, gmvae or aae, or decode your own codes`,
      });
    }
    const { zDim } = this.configuration;
    const draws = new Random(seed, SERIES.sampling, 0).normals(count * zDim);
    return new Matrix(draws.map((value) => value * (this.priorSd as number)).subarray(0, count * zDim), count, zDim);
  }

  /** Returns copies of all weights by name, for inspection. */
  async weights(): Promise<Map<string, NamedTensor>> {
    const weights = new Map<string, NamedTensor>();
    for (const [key, variable] of this.variables) {
      weights.set(key, { shape: variable.shape, values: Float32Array.from(await variable.data()) });
    }
    return weights;
  }

  /**
   * Sets all weights, which are given by name.
   *
   * @throws {ArgumentError} SHAPE_MISMATCH if a weight is missing, unknown or of another shape
   */
  setWeights(weights: ReadonlyMap<string, NamedTensor>): void {
    for (const [key, { shape }] of weights) {
      const variable = this.table.get(key)?.variable;
      if (variable && tf.util.arraysEqual(variable.shape, [...shape])) continue;
      const accepted = variable ? `shape [${variable.shape}]` : `a weight that ${this.name} has`;
      throw new ArgumentError("SHAPE_MISMATCH", { argument: key, received: [...shape], accepted });
    }
    for (const key of this.table.keys()) {
      if (weights.has(key)) continue;
      throw new ArgumentError("SHAPE_MISMATCH", {
        argument: "weights",
        received: undefined,
        accepted: `one named ${key}`,
      });
    }
    tf.tidy(() => {
      for (const [key, { shape, values }] of weights) {
        this.table.get(key)?.variable.assign(tf.tensor(values, [...shape]));
      }
    });
  }

  /**
   * Saves the model: the file `model.safetensors`, which `loadModel` reads, and the networks `encoder/` and `decoder/`.
   * Each network is a `model.json` with shards of weights, which `tf.loadLayersModel` of TensorFlow.js loads.
   *
   * @throws {FileError} FILE_WRITE
   */
  async save(folder: string): Promise<void> {
    await makeFolder(folder);
    await writeLayersModel(join(folder, "encoder"), this.encoder);
    await writeLayersModel(join(folder, "decoder"), this.decoder);
    const facts = { kind: "model", model: this.name, configuration: this.configuration };
    await writeTensorFile(join(folder, "model.safetensors"), { facts, tensors: await this.weights() });
  }

  /** Whether the networks are normalized at inference by statistics that were collected in training. */
  get hasRunningStatistics(): boolean {
    return [...this.table.keys()].some((key) => key.endsWith("/moving_variance"));
  }

  /** Frees the memory of the weights. The model cannot be used afterwards. */
  dispose(): void {
    for (const { variable } of this.table.values()) variable.dispose();
  }

  /** Number of values in an image: height x width x channels. */
  get pixels(): number {
    const { height, width, channels } = this.configuration;
    return height * width * channels;
  }

  /** Returns the posterior q(z|x). If the weights are distributions, random weights are drawn. */
  posterior(x: tf.Tensor4D, pass: Pass): Posterior {
    const [mean, sd] = this.parts.encoder.raw(x, pass, this.parts.weightPosterior);
    return { mean: mean as tf.Tensor2D, sd: sd && (tf.softplus(sd) as tf.Tensor2D) };
  }

  /** log p(x|z) of every image: n numbers. If the weights are distributions, random weights are drawn. */
  logLikelihood(images: tf.Tensor4D, z: tf.Tensor2D, pass: Pass): tf.Tensor1D {
    return this.parts.likelihood.logProbability(images, this.decodeRaw(z, pass));
  }

  /** Returns the mean of p(x|z). If the weights are distributions, random weights are drawn. */
  decodeMean(z: tf.Tensor2D, pass: Pass): tf.Tensor4D {
    return this.parts.likelihood.mean(this.decodeRaw(z, pass)) as tf.Tensor4D;
  }

  /** Output of the decoder before the likelihood is applied: logits if the likelihood is Bernoulli. */
  protected decodeRaw(z: tf.Tensor2D, pass: Pass): tf.Tensor {
    return this.parts.decoder.raw(z, pass, this.parts.weightPosterior)[0];
  }

  /**
   * KL divergence of the posterior from the prior in every dimension: n x zDim, in nats. The posterior must have
   * standard deviations.
   */
  klPerDimension(images: tf.Tensor4D, pass: Pass): tf.Tensor2D {
    const { mean, sd } = this.posterior(images, pass);
    return klToStandardNormal(mean, sd as tf.Tensor2D) as tf.Tensor2D;
  }

  /**
   * Logarithms of the importance weights p(x, z) / q(z|x), with z drawn from q(z|x). The mean of the importance weights
   * estimates p(x) (Burda, Grosse & Salakhutdinov 2016, equation 8).
   *
   * @param images images to encode
   * @param target images for which p(x|z) is evaluated, without the noise of `images`. Default: `images`
   * @returns n x draws, in nats
   */
  logImportanceWeights(images: tf.Tensor4D, draws: number, pass: Pass, target = images): tf.Tensor2D {
    const { mean, sd } = this.posterior(images, pass);
    const [means, sigma] = [repeatRows(mean, draws), repeatRows(sd as tf.Tensor2D, draws)];
    const z = pass.draw(means, sigma) as tf.Tensor2D;
    const ratio = tf.sub(logStandardNormal(z), logNormal(z, means, sigma));
    const likelihood = this.logLikelihood(repeatRows(target, draws), z, pass);
    return tf.reshape(tf.add(likelihood, tf.mul(ratio, pass.klWeight)), [-1, draws]);
  }

  private summarize(x: tf.Tensor4D, draws: number, pass: Pass): Posterior {
    if (!this.parts.weightPosterior) {
      const [mean, sd] = this.parts.encoder.infer(x) as tf.Tensor2D[];
      return { mean: mean, sd };
    }
    let sum: tf.Tensor = tf.scalar(0);
    let squares: tf.Tensor = tf.scalar(0);
    for (let i = 0; i < draws; i++) {
      [sum, squares] = tf.tidy(() => {
        const { mean, sd } = this.posterior(x, pass);
        const square = tf.square(mean);
        return [tf.add(sum, mean), tf.add(squares, sd ? tf.add(square, tf.square(sd)) : square)];
      });
    }
    const mean = tf.div(sum, draws) as tf.Tensor2D;
    const variance = tf.sub(tf.div(squares, draws), tf.square(mean));
    return { mean, sd: tf.sqrt(tf.relu(variance)) as tf.Tensor2D };
  }

  /**
   * Reads the images batch by batch and passes each batch to `use` as a tensor. The tensor is disposed of afterwards.
   */
  async forEachBatch(
    images: Images,
    options: BatchOptions,
    use: (x: tf.Tensor4D, start: number) => Promise<void>,
  ): Promise<void> {
    const { batchSize, signal, onProgress } = checkOptions(BATCH_OPTIONS, options);
    const read = (start: number) => images.read(range(start, Math.min(start + batchSize, images.count)));
    let next = images.count > 0 ? read(0) : undefined;
    for (let start = 0; next; start += batchSize) {
      throwIfAborted(signal);
      const values = await next;
      const end = Math.min(start + batchSize, images.count);
      next = end < images.count ? read(end) : undefined;
      // Without this handler, Node.js would report an unhandled rejection. The `await` of the next round throws the
      // error.
      next?.catch(() => {});
      const { height, width, channels } = this.configuration;
      const x = tf.tensor4d(values, [end - start, height, width, channels]);
      try {
        await use(x, start);
      } finally {
        x.dispose();
      }
      onProgress?.(end / images.count);
      await pause();
    }
  }
}

/** Repeats every row `times` times, with the copies next to each other. */
export function repeatRows<T extends tf.Tensor>(x: T, times: number): T {
  const [rows, ...rest] = x.shape as [number, ...number[]];
  const tiled = tf.tile(tf.expandDims(tf.reshape(x, [rows, -1]), 1), [1, times, 1]);
  return tf.reshape(tiled, [rows * times, ...rest]) as T;
}

/**
 * Returns a loss whose total is the sum of the parts, each multiplied by its weight in `weights` (1 if `weights` does
 * not name the part).
 */
export function weighted(
  parts: Readonly<Record<string, tf.Scalar>>,
  weights: Readonly<Record<string, number>> = {},
): Loss {
  const terms = Object.entries(parts).map(([key, part]) => {
    const weight = weights[key] ?? 1;
    return weight === 1 ? part : tf.mul(part, weight);
  });
  return { total: (terms.length === 1 ? tf.clone(terms[0] as tf.Scalar) : tf.addN(terms)) as tf.Scalar, parts };
}

/** Sums over the dimensions and averages over the images: from n x d numbers to a scalar. */
export function meanOfSums(x: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(x), x.shape[0]);
}

/** Returns the numbers of a tensor and disposes of the tensor. */
export async function take(x: tf.Tensor): Promise<Float32Array> {
  const values = await x.data<"float32">();
  x.dispose();
  return values;
}

/**
 * Gives Node.js time to handle timers, signals and input between two batches. This is necessary because the backends
 * compute on the calling thread.
 */
export function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
