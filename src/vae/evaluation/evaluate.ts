import * as tf from "@tensorflow/tfjs-core";
import { ArgumentError } from "../../errors.js";
import { checkOptions, type OptionValues } from "../../options/index.js";
import { type ImagesLike, toImages } from "../models/images.js";
import { type Model, take } from "../models/model.js";
import { Pass, SERIES } from "../models/pass.js";
import { Random } from "../random.js";
import type { LossParts } from "../training/progress.js";
import { addNoiseToBatch, binarize } from "../training/transformation.js";
import { type ClusterAccuracy, evaluateClusters } from "./clusters.js";
import { EVALUATION_OPTIONS } from "./declarations.js";
import { DimensionStatistics, type LatentDimensions } from "./dimensions.js";

/**
 * Options of {@link evaluateModel}. All are optional.
 *
 * @interface
 */
export type EvaluateOptions = Readonly<OptionValues<typeof EVALUATION_OPTIONS>>;

/** Quality of reconstructions. */
export interface ReconstructionQuality {
  /**
   * log p(image | code) in nats per image. If the loss contains a KL divergence of the codes' posterior, this number is
   * the mean of log p over draws of the code. Otherwise, it is the logarithm of the mean probability over the random
   * draws of weights or codes.
   */
  readonly logLikelihood: number;
  /** Mean squared error per pixel value. */
  readonly squaredError: number;
}

/** Result of {@link evaluateModel}: means over the images. */
export interface Evaluation {
  readonly model: string;
  readonly count: number;
  /** The quantity that training minimizes, named `loss`, and its parts. */
  readonly loss: LossParts;
  /** Evidence lower bound, in nats; undefined for models whose loss is not this bound. */
  readonly elbo: number | undefined;
  /** Log-likelihood of the images, in nats per image. */
  readonly logLikelihood: number;
  /**
   * How `logLikelihood` was estimated. `"importance-sampling"` (Burda, Grosse & Salakhutdinov 2016) gives a lower bound
   * of log p(x) that gets tighter with the number of draws. `"reconstruction"` is used for models without a posterior
   * over codes, and means that `logLikelihood` is the log-likelihood of the reconstruction.
   */
  readonly estimator: "importance-sampling" | "reconstruction";
  readonly draws: number;
  readonly reconstruction: ReconstructionQuality;
  /** Quality of reconstructions from noisy images. They are compared with the images without noise. */
  readonly noisyReconstruction: ReconstructionQuality | undefined;
  readonly dimensions: LatentDimensions;
  /** Agreement of the clusters with the labels; undefined unless the model is a mixture and the images have labels. */
  readonly clusters: ClusterAccuracy | undefined;
}

/** The mean log-likelihood of a reconstruction is computed from at most this number of draws of the code. */
const MOST_CODE_DRAWS = 10;
/** Number of latent vectors that are decoded in one batch: images multiplied by draws per image. */
const MOST_ROWS = 4096;

/**
 * Measures a model on images that were not used for its training.
 *
 * @throws {ArgumentError} for invalid options, or images that do not suit the model
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function evaluateModel(
  model: Model,
  images: ImagesLike,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const settings = checkOptions(EVALUATION_OPTIONS, options);
  const { batchSize, signal, onProgress } = settings;
  const checked = toImages(images, model.configuration);
  const { count } = checked;
  if (count === 0) {
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "images", received: 0, accepted: "at least one image" });
  }
  const measures: Measures = {
    losses: new Sums(),
    clean: new Sums(),
    noisy: new Sums(),
    importance: new Sums(),
    statistics: new DimensionStatistics(model.configuration.zDim),
  };
  const { seed, draws, noise, trainingCount = count } = settings;
  await model.forEachBatch(checked, { batchSize, signal, onProgress }, async (given, start) => {
    const random = new Random(seed, SERIES.evaluation, start);
    const pass = new Pass(random, { trainingCount });
    const values = settings.binarize || noise > 0 ? await given.data<"float32">() : new Float32Array();
    const x = settings.binarize ? tf.tensor4d(binarize(values, random), given.shape) : given;
    await addLoss(measures.losses, model, x, pass);
    await addReconstruction(measures.clean, model, x, x, draws, pass);
    if (noise > 0) {
      const clean = settings.binarize ? await x.data<"float32">() : values;
      const input = tf.tensor4d(await addNoiseToBatch(clean, model.configuration, noise, seed, start), x.shape);
      await addReconstruction(measures.noisy, model, input, x, draws, pass);
      input.dispose();
    }
    await addPosterior(measures, model, x, draws, pass);
    if (x !== given) x.dispose();
  });
  return summarize(model, count, settings, measures, await evaluateClusters(model, checked, signal));
}

/** Sums of the measured quantities over the batches so far. */
interface Measures {
  readonly losses: Sums;
  readonly clean: Sums;
  readonly noisy: Sums;
  readonly importance: Sums;
  readonly statistics: DimensionStatistics;
}

async function addLoss(losses: Sums, model: Model, x: tf.Tensor4D, pass: Pass): Promise<void> {
  const names = ["loss"];
  const parts = tf.tidy(() => {
    const loss = model.loss(x, x, pass);
    names.push(...Object.keys(loss.parts));
    return tf.stack([loss.total, ...Object.values(loss.parts)]);
  });
  (await take(parts)).forEach((value, i) => {
    losses.add(names[i], value * x.shape[0]);
  });
}

async function addPosterior(
  { importance, statistics }: Measures,
  model: Model,
  x: tf.Tensor4D,
  draws: number,
  pass: Pass,
): Promise<void> {
  if (model.hasLatentPosterior) {
    const estimate = (chunk: number) => model.logImportanceWeights(x, chunk, pass);
    importance.add("logLikelihood", sum(await logMeanExp(x.shape[0], draws, estimate)));
  }
  const { mean, kl } = tf.tidy(() => {
    const { mean, sd } = model.posterior(x, pass);
    return { mean, ...(sd ? { kl: model.klPerDimension(x, pass) } : {}) } as { mean: tf.Tensor; kl?: tf.Tensor };
  });
  statistics.add(await take(mean), kl && (await take(kl)));
}

function summarize(
  model: Model,
  count: number,
  { draws, noise }: { readonly draws: number; readonly noise: number },
  { losses, clean, noisy, importance, statistics }: Measures,
  clusters: ClusterAccuracy | undefined,
): Evaluation {
  const loss = losses.means(count);
  const parts = Object.entries(loss).filter(([name]) => name !== "loss");
  const reconstruction = clean.means(count) as unknown as ReconstructionQuality;
  return {
    model: model.name,
    count,
    loss,
    elbo: model.isBound ? -sum(parts.map(([, value]) => value)) : undefined,
    logLikelihood: model.hasLatentPosterior ? importance.means(count).logLikelihood : reconstruction.logLikelihood,
    estimator: model.hasLatentPosterior ? "importance-sampling" : "reconstruction",
    draws,
    reconstruction,
    noisyReconstruction: noise > 0 ? (noisy.means(count) as unknown as ReconstructionQuality) : undefined,
    dimensions: statistics.result(),
    clusters,
  };
}

async function addReconstruction(
  sums: Sums,
  model: Model,
  input: tf.Tensor4D,
  target: tf.Tensor4D,
  draws: number,
  pass: Pass,
): Promise<void> {
  const rows = input.shape[0];
  const draw = () => {
    const { mean, sd } = model.posterior(input, pass);
    const z = (sd ? pass.draw(mean, sd) : mean) as tf.Tensor2D;
    return tf.reshape(model.logLikelihood(target, z, pass), [rows, 1]) as tf.Tensor2D;
  };
  if (model.hasLatentPosterior) {
    const codeDraws = Math.min(draws, MOST_CODE_DRAWS);
    let total = 0;
    for (let i = 0; i < codeDraws; i++) total += sum(await take(tf.tidy(draw)));
    sums.add("logLikelihood", total / codeDraws);
  } else {
    const isRandom = model.parts.weightPosterior !== undefined;
    sums.add("logLikelihood", sum(await logMeanExp(rows, isRandom ? draws : 1, draw)));
  }
  const squares = tf.tidy(() => {
    const [mean] = model.parts.encoder.infer(input) as [tf.Tensor2D];
    const image = model.parts.decoder.infer(mean)[0];
    return tf.sum(tf.square(tf.sub(image, target)));
  });
  sums.add("squaredError", (await take(squares))[0] / model.pixels);
}

/**
 * For every row, computes log(mean(exp(x))) over the numbers x of all draws, without overflow.
 *
 * @param draw returns rows x m numbers, where m is at most `chunk`
 */
async function logMeanExp(rows: number, draws: number, draw: (chunk: number) => tf.Tensor2D): Promise<Float64Array> {
  const most = new Float64Array(rows).fill(Number.NEGATIVE_INFINITY);
  const sums = new Float64Array(rows);
  const step = Math.max(1, Math.floor(MOST_ROWS / rows));
  let done = 0;
  while (done < draws) {
    const drawn = tf.tidy(() => draw(Math.min(step, draws - done)));
    const width = drawn.shape[1];
    const values = await take(drawn);
    done += width;
    for (let i = 0; i < values.length; i++) {
      const row = Math.floor(i / width);
      const value = values[i];
      if (value > most[row]) {
        sums[row] = sums[row] * Math.exp(most[row] - value) + 1;
        most[row] = value;
      } else {
        sums[row] = sums[row] + Math.exp(value - most[row]);
      }
    }
  }
  return most.map((value, row) => value + Math.log(sums[row] / done));
}

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);

/** Sums by name. */
class Sums {
  private readonly sums: Record<string, number> = {};

  add(name: string, value: number): void {
    this.sums[name] = (this.sums[name] ?? 0) + value;
  }

  means(count: number): LossParts {
    return Object.fromEntries(Object.entries(this.sums).map(([name, value]) => [name, value / count]));
  }
}
