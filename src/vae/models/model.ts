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
import { klToStandardNormal, type Likelihood, logNormal, logStandardNormal } from "./distributions.js";
import { type ImageShape, type ImagesLike, range, toImages } from "./images.js";
import { writeLayersModel } from "./layers-files.js";
import type { Network } from "./network.js";
import { Pass, SERIES } from "./pass.js";
import type { Recipe } from "./recipe.js";
import { type NamedTensor, writeTensorFile } from "./safetensors.js";
import type { TrainingLength } from "./training-length.js";
import type { WeightPosterior } from "./weight-posterior.js";

/** The loss of a batch, in nats per image where it is a negative log-likelihood. */
export interface Loss {
  /** What is minimized. */
  readonly total: tf.Scalar;
  /** The named parts, each before it is weighted. */
  readonly parts: Readonly<Record<string, tf.Scalar>>;
}

/** One alternating step of the training: some of the variables follow the gradient of a loss of their own. */
export interface Phase {
  readonly name: string;
  /** Names of the variables that it trains. */
  readonly variables: readonly string[];
  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss;
}

/** What a model learns at the beginning of an epoch otherwise than by gradients. */
export interface EpochStart {
  /** Epochs that are done. */
  readonly epoch: number;
  readonly length: TrainingLength;
  readonly images: Images;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  /** Takes a sentence about the training for its result. */
  warn(sentence: string): void;
}

/** The approximate posterior q(z|x) of some images, as tensors: n x zDim. */
export interface Posterior {
  readonly mean: tf.Tensor2D;
  /** Without it, the posterior is a point. */
  readonly sd: tf.Tensor2D | undefined;
}

/** The codes of n images: what `runTsne` takes as data and sigma. */
export interface Codes {
  /** Means of the codes, n x zDim. */
  readonly means: Matrix;
  /** Standard deviations of the codes, n x zDim, >= 0; undefined for models whose codes have none. */
  readonly sigma: Matrix | undefined;
}

/**
 * Options of the methods that go through many images.
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

/** What a model is made of. */
export interface ModelParts {
  readonly encoder: Network;
  readonly decoder: Network;
  readonly likelihood: Likelihood;
  /** Further networks. */
  readonly others?: readonly Network[];
  /** Where the weights of encoder and decoder are distributions. */
  readonly weightPosterior?: WeightPosterior;
}

/** The configuration that every model has. */
export interface ModelConfiguration extends ImageShape {
  readonly zDim: number;
  readonly seed: number;
}

/** The face that all models share. Images are values 0 to 1; an image is height x width x channels. */
export abstract class Model<C extends ModelConfiguration = ModelConfiguration> {
  /** The name in the table of models, such as `conv-vae`. */
  readonly name: string;
  readonly configuration: C;
  abstract readonly recipe: Recipe;
  /** Standard deviation of the prior over every latent dimension; undefined where there is no prior to sample from. */
  abstract readonly priorSd: number | undefined;
  /** Whether the sum of the loss's parts is minus a lower bound of log p(x). */
  abstract readonly isBound: boolean;
  /** Whether log p(x) can be estimated by importance sampling from the posterior. */
  abstract readonly hasLatentPosterior: boolean;

  /**
   * Tensors without which a training cannot be resumed, by name. They are saved in its checkpoints, but not with the model.
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
   * The loss of a batch, averaged over its images.
   *
   * @param input what is encoded, n x height x width x channels; may be noisy
   * @param target what is to be reconstructed, of the same shape
   */
  abstract loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss;

  /** The alternating steps of the training. */
  phases(): readonly Phase[] {
    const variables = [...this.table].filter(([, { trainable }]) => trainable).map(([key]) => key);
    return [{ name: "all", variables, loss: (input, target, pass) => this.loss(input, target, pass) }];
  }

  /**
   * The epochs, from 0, at which the model begins to minimize another loss, in order; the learning rate rises again from 0 at each. The first is
   * 0; the loss of the last part is the one that is meant.
   *
   * @throws {ArgumentError} OUT_OF_RANGE for a training that is too short
   */
  partStarts(_length: TrainingLength): readonly number[] {
    return [0];
  }

  /** Called by the training before the first step of every epoch. */
  async beginEpoch(_start: EpochStart): Promise<void> {}

  /** The encoder as a stock tfjs network: images to means and, where the model has them, standard deviations. */
  get encoder(): LayersModel {
    return this.parts.encoder.model;
  }

  /** The decoder as a stock tfjs network: codes to images. */
  get decoder(): LayersModel {
    return this.parts.decoder.model;
  }

  /** All weights, statistics and other numbers that are learned, by name. */
  get variables(): ReadonlyMap<string, tf.Variable> {
    return new Map([...this.table].map(([key, { variable }]) => [key, variable]));
  }

  /** Number of trained parameters. */
  get parameterCount(): number {
    return [...this.table.values()].reduce((sum, { variable, trainable }) => sum + (trainable ? variable.size : 0), 0);
  }

  /**
   * Means and standard deviations of the codes. Where the weights are distributions, means and variances are those over draws
   * of the weights.
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
   * The images that codes stand for.
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
   * The images after encoding and decoding, through the means.
   *
   * @returns as many images, one after the other
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
   * Images that the model makes up, decoded from codes that are drawn from the prior.
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

  /** All weights by name, for inspection. */
  async weights(): Promise<Map<string, NamedTensor>> {
    const weights = new Map<string, NamedTensor>();
    for (const [key, variable] of this.variables) {
      weights.set(key, { shape: variable.shape, values: Float32Array.from(await variable.data()) });
    }
    return weights;
  }

  /**
   * Takes over weights by name.
   *
   * @throws {ArgumentError} SHAPE_MISMATCH where one is missing, unknown or of another shape
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
   * Saves the model: `model.safetensors`, from which `loadModel` reads it, and the networks `encoder/` and `decoder/`, each a
   * `model.json` with shards of weights that `tf.loadLayersModel` of stock TensorFlow.js loads.
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

  /** Whether its networks are normalized, in inference, by statistics that training has collected. */
  get hasRunningStatistics(): boolean {
    return [...this.table.keys()].some((key) => key.endsWith("/moving_variance"));
  }

  /** Frees the memory of the weights. The model cannot be used afterwards. */
  dispose(): void {
    for (const { variable } of this.table.values()) variable.dispose();
  }

  /** Numbers of an image. */
  get pixels(): number {
    const { height, width, channels } = this.configuration;
    return height * width * channels;
  }

  /** q(z|x), with weights drawn where they are distributions. */
  posterior(x: tf.Tensor4D, pass: Pass): Posterior {
    const [mean, sd] = this.parts.encoder.raw(x, pass, this.parts.weightPosterior);
    return { mean: mean as tf.Tensor2D, sd: sd && (tf.softplus(sd) as tf.Tensor2D) };
  }

  /** log p(x|z) of every image, with weights drawn where they are distributions: n. */
  logLikelihood(images: tf.Tensor4D, z: tf.Tensor2D, pass: Pass): tf.Tensor1D {
    return this.parts.likelihood.logProbability(images, this.decodeRaw(z, pass));
  }

  /** The mean of p(x|z), with weights drawn where they are distributions. */
  decodeMean(z: tf.Tensor2D, pass: Pass): tf.Tensor4D {
    return this.parts.likelihood.mean(this.decodeRaw(z, pass)) as tf.Tensor4D;
  }

  /** What the decoder computes of codes before the likelihood reads it: logits where that is Bernoulli. */
  protected decodeRaw(z: tf.Tensor2D, pass: Pass): tf.Tensor {
    return this.parts.decoder.raw(z, pass, this.parts.weightPosterior)[0];
  }

  /** KL divergence of the posterior from the prior in every dimension, for a posterior with standard deviations: n x zDim, in nats. */
  klPerDimension(images: tf.Tensor4D, pass: Pass): tf.Tensor2D {
    const { mean, sd } = this.posterior(images, pass);
    return klToStandardNormal(mean, sd as tf.Tensor2D) as tf.Tensor2D;
  }

  /**
   * Logarithms of importance weights, p(x, z) / q(z|x) with z from q(z|x), whose mean estimates p(x) (Burda, Grosse &
   * Salakhutdinov 2016, equation 8).
   *
   * @param images what is encoded
   * @param target what p(x|z) is evaluated for: images without the noise of `images`. Default: `images`
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

  /** Reads the images batch after batch and hands them over as tensors, which are disposed of afterwards. */
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
      // A rejection is reported where it is awaited, in the next round.
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

/** Every row `times` times, one after the other. */
export function repeatRows<T extends tf.Tensor>(x: T, times: number): T {
  const [rows, ...rest] = x.shape as [number, ...number[]];
  const tiled = tf.tile(tf.expandDims(tf.reshape(x, [rows, -1]), 1), [1, times, 1]);
  return tf.reshape(tiled, [rows * times, ...rest]) as T;
}

/** The loss whose total is the sum of the parts, those named in `weights` weighted. */
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

/** Mean over the images of what was summed over their dimensions: n x d to a scalar. */
export function meanOfSums(x: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(x), x.shape[0]);
}

/** The numbers of a tensor, which is disposed of. */
export async function take(x: tf.Tensor): Promise<Float32Array> {
  const values = await x.data<"float32">();
  x.dispose();
  return values;
}

/** Lets timers, signals and input be served between batches: the backends compute on the calling thread. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
