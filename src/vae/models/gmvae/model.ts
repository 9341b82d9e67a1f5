import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { requireInteger } from "../../../arguments.js";
import { Matrix } from "../../../matrix.js";
import { checkOptions } from "../../../options/index.js";
import { whiten } from "../../moments.js";
import { Random } from "../../random.js";
import type { Resolved } from "../configuration.js";
import { SAMPLE_OPTIONS } from "../declarations.js";
import {
  createLikelihood,
  detach,
  inverseSoftplus,
  klBetweenNormals,
  klToStandardNormal,
  logNormal,
  logStandardNormal,
} from "../distributions.js";
import { type ImagesLike, range, toImages } from "../images.js";
import { logit, startFromMeanImage } from "../mean-image.js";
import {
  type BatchOptions,
  type EpochStart,
  type Loss,
  Model,
  meanOfSums,
  repeatRows,
  type SampleOptions,
  take,
  weighted,
} from "../model.js";
import { createDecoder, createEncoder, dense, type Layer, Network, type NetworkKind } from "../network.js";
import { Pass, SERIES } from "../pass.js";
import type { TrainingLength } from "../training-length.js";
import { divergence, logKernelShares, mixTargets, sharpen } from "./assignment.js";
import { gaussiansOfClusters, requireVariance } from "./code-clusters.js";
import { GMVAE_RECIPE, type gmvaeOptions } from "./configuration.js";
import { clusterImages } from "./image-clusters.js";
import { dropoutShare, knownShare, planMixture } from "./phases.js";

/**
 * Configuration of a {@link Gmvae}: its options, including defaults.
 *
 * @interface
 */
export type GmvaeConfiguration = Resolved<typeof gmvaeOptions>;

/** Options of {@link Gmvae.sample}. */
export interface GmvaeSampleOptions extends SampleOptions {
  /**
   * Index of the only component from which codes are drawn, 0 to K - 1. Default: equal numbers of draws from all
   * components.
   */
  readonly cluster?: number | undefined;
}

/** Least standard deviation of a component. A component that shrinks to a point would have an infinite density. */
const LEAST_SD = 0.01;
/**
 * Weight of the assignment loss, as a multiple of the nats that the codes explain (the error of the mean image minus
 * the error of the reconstruction). The weight must be large enough: if the codes preserve every stroke, some digits
 * stay in the wrong component. On MNIST, where codes explain about 120 nats, a weight of 500 was better than 50 and 10.
 * If codes explain little, as after a short pretraining on gray images, a weight of 500 would make all codes equal.
 */
const ASSIGNMENT_SHARE = 4;
/** Weight of the assignment loss in the last part of the training, in which the model minimizes the negative bound. */
const KEPT_ASSIGNMENT_SHARE = 0.5;
/**
 * Name of the tensor with the clusters of the training images. The codes learn their clusters from the clusters of the
 * images.
 */
const CLUSTERS = "clusters";
interface Latents {
  readonly mean: tf.Tensor2D;
  readonly sd: tf.Tensor2D;
  readonly wMean: tf.Tensor2D;
  readonly wSd: tf.Tensor2D;
}

/**
 * The Gaussian mixture variational autoencoder of Dilokthanakul et al. 2016 (arXiv 1611.02648): w ~ N(0, 1), y uniform
 * over K components, z ~ N(mean_y(w), sd_y(w)^2), x ~ p(x|z). The posterior is q(z|x) q(w|x) p(y|w, z).
 *
 * If the mixture of this model is initialized with random numbers, one component usually contains several classes after
 * the training. Here, the network is first trained as an autoencoder. Then its codes learn the clusters of a t-SNE
 * embedding of the images (`clusterImages`), and the codes of all views of an image are moved toward the component that
 * is nearest to the image (Xie et al. 2016, arXiv 1511.06335; with augmentation, Guo et al. 2018). These two targets,
 * the cluster in the embedding and the nearest component, are mixed. The weight of the embedding decreases with time
 * (Reed et al. 2015, arXiv 1412.6596), because the network corrects some errors of the embedding.
 */
export class Gmvae extends Model<GmvaeConfiguration> {
  readonly recipe = GMVAE_RECIPE;
  readonly priorSd = 1;
  readonly isBound = true;
  readonly hasLatentPosterior = true;
  private readonly prior: Network;

  constructor(name: string, configuration: GmvaeConfiguration, kind: NetworkKind) {
    const { zDim, wDim, clusters, hiddenDim } = configuration;
    const random = new Random(configuration.seed, SERIES.weights, 0);
    const encoder = createEncoder(kind, configuration, { mean: zDim, sd: zDim, w_mean: wDim, w_sd: wDim }, random);
    const decoder = createDecoder(kind, configuration, random);
    const prior = new Network(
      "prior",
      [wDim],
      [dense("hidden", hiddenDim), layers.activation({ activation: "tanh", name: "hidden_tanh" }) as Layer],
      [
        { name: "mean", layers: [dense("mean", clusters * zDim)] },
        { name: "sd", layers: [dense("sd", clusters * zDim)] },
      ],
      random,
    );
    const likelihood = createLikelihood(configuration.likelihood, configuration.outputVariance);
    super(name, configuration, { encoder, decoder, likelihood, others: [prior] });
    this.prior = prior;
  }

  override partStarts(length: TrainingLength): readonly number[] {
    const { pretrain, refine } = planMixture(this.configuration, length);
    return [0, pretrain, pretrain + refine];
  }

  /** The bound of equation 3 of the paper, computed with one draw of z and w and with the sum over all y. */
  loss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const { pretrain, refine } = planMixture(this.configuration, pass.length);
    if (pass.epoch < pretrain + refine) return this.pretrainingLoss(input, target, pass.withoutDropout());
    // With dropout in the encoder, the codes would be so blurred that the components could not be distinguished.
    const latents = this.latents(input, pass.withoutDropout());
    const z = pass.draw(latents.mean, latents.sd) as tf.Tensor2D;
    const decoding = pass.training ? pass.withDropout(dropoutShare(pass.epoch, pass.length)) : pass;
    const raw = this.decodeRaw(z, decoding);
    const reconstruction = tf.neg(tf.mean(this.parts.likelihood.logProbability(target, raw))) as tf.Scalar;
    const w = pass.draw(latents.wMean, latents.wSd);
    const components = this.components(w, pass);
    const logShares = tf.logSoftmax(logDensities(z, components));
    const shares = tf.exp(logShares);
    const parts = {
      reconstruction,
      conditionalPrior: meanOfSums(tf.mul(shares, tf.sum(componentKl(latents, components), -1))),
      wPrior: meanOfSums(klToStandardNormal(latents.wMean, latents.wSd)),
      yPrior: tf.add(meanOfSums(tf.mul(shares, logShares)), Math.log(this.configuration.clusters)) as tf.Scalar,
    };
    const weight = this.configuration.beta * pass.klWeight;
    const bound = weighted(parts, { conditionalPrior: weight, wPrior: weight, yPrior: weight });
    const isTraining = Number.isFinite(pass.epoch);
    if (!isTraining || refine === 0) return bound;
    // Without the assignment loss, components drift away from the clusters with which they started.
    const assignment = this.assignmentLoss(this.posteriorShares(latents, pass), target, pass, (images) =>
      this.posteriorShares(this.latents(images, pass.withoutDropout()), pass),
    );
    return this.withAssignment(bound, assignment, KEPT_ASSIGNMENT_SHARE, target, raw);
  }

  /**
   * Returns the loss of a plain autoencoder. After `pretrainEpochs`, the loss also contains a term that assigns the
   * codes to components. Dropout is not used, because narrow networks with dropout do not learn gray images.
   */
  private pretrainingLoss(input: tf.Tensor4D, target: tf.Tensor4D, pass: Pass): Loss {
    const z = this.latents(input, pass).mean;
    const raw = this.decodeRaw(z, pass);
    const reconstruction = tf.neg(tf.mean(this.parts.likelihood.logProbability(target, raw))) as tf.Scalar;
    const loss = weighted({ reconstruction });
    if (pass.epoch < planMixture(this.configuration, pass.length).pretrain) return loss;
    const assignment = this.assignmentLoss(this.kernelShares(z), target, pass, (images) =>
      this.kernelShares(this.latents(images, pass).mean),
    );
    return this.withAssignment(loss, assignment, ASSIGNMENT_SHARE, target, raw);
  }

  private withAssignment(
    { total, parts }: Loss,
    assignment: tf.Scalar,
    share: number,
    target: tf.Tensor4D,
    raw: tf.Tensor,
  ): Loss {
    const weight = tf.mul(this.explained(target, raw), share);
    return { total: tf.add(total, tf.mul(assignment, weight)), parts: { ...parts, assignment } };
  }

  /**
   * Returns by how much the reconstruction is better than the mean image, in nats per image. The result has no
   * gradient.
   */
  private explained(target: tf.Tensor4D, raw: tf.Tensor): tf.Scalar {
    const { likelihood } = this.parts;
    const mean = logit(tf.mean(target, 0, true));
    return detach(raw, (of) => tf.relu(tf.sub(likelihood.error(target, mean), likelihood.error(target, of))));
  }

  /**
   * Returns the logarithms of the shares with which each code belongs to each component: n x K. They depend only on the
   * distances of the code to the centers of the components.
   */
  private kernelShares(z: tf.Tensor2D): tf.Tensor2D {
    const { clusters, zDim } = this.configuration;
    const centers = this.variables.get("prior/mean/bias") as tf.Variable;
    return logKernelShares(z, tf.reshape(centers, [clusters, zDim]));
  }

  /** log p(y|w, z) at the means of w and z: n x K. */
  private posteriorShares({ mean, wMean }: Latents, pass: Pass): tf.Tensor2D {
    return tf.logSoftmax(logDensities(mean, this.components(wMean, pass))) as tf.Tensor2D;
  }

  /**
   * Returns KL(P || Q). Q is the shares with which the codes belong to the components. P is the known clusters of the
   * images, mixed with the sharpened shares of other views of the same images.
   *
   * @param sharesOf computes the logarithms of the shares of other views
   */
  private assignmentLoss(
    logShares: tf.Tensor2D,
    target: tf.Tensor4D,
    pass: Pass,
    sharesOf: (images: tf.Tensor4D) => tf.Tensor2D,
  ): tf.Scalar {
    const known = this.knownClusters(pass);
    const share = known ? knownShare(pass.epoch, planMixture(this.configuration, pass.length)) : 0;
    const views = () => detach(target, (images) => sharpen(tf.exp(sharesOf(images))));
    if (!known) return divergence(views(), logShares);
    return divergence(share < 1 ? mixTargets(views(), known, share) : known, logShares);
  }

  /**
   * Returns the known clusters of a batch's images, one-hot, or zeros for an image without a known cluster: n x K. The
   * result is undefined if no cluster is known.
   */
  private knownClusters({ rows }: Pass): tf.Tensor2D | undefined {
    const labels = this.trainingTensors.get(CLUSTERS)?.values;
    if (!rows || !labels) return undefined;
    const numbers = tf.tensor1d(
      Int32Array.from(rows, (row) => labels[row]),
      "int32",
    );
    return tf.cast(tf.oneHot(numbers, this.configuration.clusters), "float32") as tf.Tensor2D;
  }

  /**
   * Initializes the mixture twice: with clusters of the images when the codes begin to form clusters, and with clusters
   * of the codes when the model begins to minimize the negative bound.
   */
  override async beginEpoch({ epoch, length, images, seed, signal, warn }: EpochStart): Promise<void> {
    const { pretrain, refine } = planMixture(this.configuration, length);
    if (epoch === 0) await startFromMeanImage(this.parts.decoder, images);
    if (pretrain === 0 || images.count === 0 || (epoch !== pretrain && epoch !== pretrain + refine)) return;
    const { means } = await this.encode(images, { signal });
    requireVariance(means);
    const labels =
      epoch > pretrain ? this.nearestComponents(means) : await this.clusterImages({ images, seed, signal, warn });
    this.trainingTensors.set(CLUSTERS, { shape: [labels.length], values: Float32Array.from(labels) });
    this.startComponents(means, labels);
  }

  private async clusterImages({
    images,
    seed,
    signal,
    warn,
  }: Omit<EpochStart, "epoch" | "length">): Promise<Int32Array> {
    const random = new Random(seed, SERIES.mixture, 0);
    const { labels, isEmbedded } = await clusterImages(images, this.configuration.clusters, random, signal);
    if (!isEmbedded) {
      warn(
        `The clusters start from principal components, because ${images.count} training images are too few for a t-SNE embedding.`,
      );
    }
    return labels;
  }

  private nearestComponents(codes: Matrix): Int32Array {
    return tf.tidy(() => {
      const z = tf.tensor2d(Float32Array.from(codes.data), codes.shape);
      return Int32Array.from(tf.argMax(this.kernelShares(z), 1).dataSync());
    });
  }

  /**
   * Sets each component to a Gaussian that is fitted to the codes of one cluster.
   *
   * @param labels the cluster of every code; codes with the label -1 are ignored
   */
  private startComponents(codes: Matrix, labels: Int32Array): void {
    const { factor, centers } = gaussiansOfClusters(codes, labels, this.configuration.clusters);
    tf.tidy(() => {
      this.changeBasis(factor);
      const fill = (key: string, value: number) =>
        this.assign(key, (before) => tf.fill(before.shape, inverseSoftplus(value)));
      // Only the biases are set, so that the mixture is the same for every w.
      this.assign("prior/mean/bias", () => tf.tensor1d(Float32Array.from(centers)));
      fill("prior/sd/bias", 1 - LEAST_SD);
      for (const head of ["mean", "sd"]) this.assign(`prior/${head}/kernel`, (kernel) => tf.mul(kernel, 0.1));
      // If posteriors were as wide as the components, they would mix all components.
      fill("encoder/sd/bias", 0.3);
    });
  }

  /**
   * Changes the basis of the codes so that the components' common covariance is the identity, because the prior has
   * diagonal covariances. z becomes factor^-1 z, and the decoder's first layer reverses the change.
   */
  private changeBasis(factor: Float64Array): void {
    const { zDim } = this.configuration;
    const unit = (i: number) => Array.from({ length: zDim }, (_, j) => (i === j ? 1 : 0));
    // Row i is column i of the inverse. This is the transpose of the inverse, because the codes are rows that are
    // multiplied from the right.
    const inverse = tf.tensor2d(Array.from({ length: zDim }, (_, i) => Array.from(whiten(unit(i), factor))));
    this.assign("encoder/mean/kernel", (kernel) => tf.matMul(kernel as tf.Tensor2D, inverse));
    this.assign("encoder/mean/bias", (bias) => tf.reshape(tf.matMul(tf.reshape(bias, [1, zDim]), inverse), [zDim]));
    const first = this.parts.decoder.layers[0];
    const back = tf.tensor2d(Float32Array.from(factor), [zDim, zDim]);
    this.assign(`decoder/${first.name}/kernel`, (kernel) => tf.matMul(back, kernel as tf.Tensor2D, true));
  }

  private assign(key: string, change: (before: tf.Tensor) => tf.Tensor): void {
    const variable = this.variables.get(key) as tf.Variable;
    variable.assign(change(variable));
  }

  /**
   * Computes the probability of every component, p(y|w, z) at the means of w and z.
   *
   * @returns n x K
   */
  async classify(images: ImagesLike, options: BatchOptions = {}): Promise<Matrix> {
    const checked = toImages(images, this.configuration);
    const { clusters } = this.configuration;
    const probabilities = new Float32Array(checked.count * clusters);
    await this.forEachBatch(checked, options, async (x, start) => {
      const pass = new Pass(new Random(0, SERIES.encoding, 0));
      const shares = tf.tidy(() => {
        const { mean, wMean } = this.latents(x, pass);
        return tf.softmax(logDensities(mean, this.components(wMean, pass)));
      });
      probabilities.set(await take(shares), start * clusters);
    });
    return new Matrix(probabilities, checked.count, clusters);
  }

  override async sample(count: number, options: GmvaeSampleOptions = {}): Promise<Float32Array> {
    const { cluster, ...others } = options;
    const { seed, ...batches } = checkOptions(SAMPLE_OPTIONS, others);
    requireInteger(count, "count", 0, 2 ** 24);
    const { clusters, wDim, zDim } = this.configuration;
    if (cluster !== undefined) requireInteger(cluster, "cluster", 0, clusters - 1);
    const random = new Random(seed, SERIES.sampling, 0);
    const pass = new Pass(random);
    const codes = new Float32Array(count * zDim);
    const step = 1024;
    for (let start = 0; start < count; start += step) {
      const rows = range(start, Math.min(start + step, count));
      const z = tf.tidy(() => {
        const { mean, sd } = this.components(pass.normal([rows.length, wDim]), pass);
        const of = rows.map((row) => cluster ?? row % clusters);
        const mask = tf.expandDims(tf.oneHot(tf.tensor1d(of, "int32"), clusters), -1);
        return pass.draw(tf.sum(tf.mul(mean, mask), 1), tf.sum(tf.mul(sd, mask), 1));
      });
      codes.set(await take(z), start * zDim);
    }
    return this.decode(new Matrix(codes, count, zDim), batches);
  }

  override klPerDimension(images: tf.Tensor4D, pass: Pass): tf.Tensor2D {
    const latents = this.latents(images, pass);
    const components = this.components(latents.wMean, pass);
    const shares = tf.expandDims(tf.softmax(logDensities(latents.mean, components)), -1);
    return tf.sum(tf.mul(shares, componentKl(latents, components)), 1);
  }

  override logImportanceWeights(images: tf.Tensor4D, draws: number, pass: Pass): tf.Tensor2D {
    const { mean, sd, wMean, wSd } = this.latents(images, pass);
    const [means, sigma] = [repeatRows(mean, draws), repeatRows(sd, draws)];
    const [wMeans, wSigma] = [repeatRows(wMean, draws), repeatRows(wSd, draws)];
    const z = pass.draw(means, sigma) as tf.Tensor2D;
    const w = pass.draw(wMeans, wSigma);
    const logMixture = tf.logSumExp(logDensities(z, this.components(w, pass)), -1);
    const logPrior = tf.sub(tf.add(logMixture, logStandardNormal(w)), Math.log(this.configuration.clusters));
    const logPosterior = tf.add(logNormal(z, means, sigma), logNormal(w, wMeans, wSigma));
    const logLikelihood = this.logLikelihood(repeatRows(images, draws), z, pass);
    return tf.reshape(tf.add(logLikelihood, tf.sub(logPrior, logPosterior)), [-1, draws]);
  }

  private latents(x: tf.Tensor4D, pass: Pass): Latents {
    const [mean, sd, wMean, wSd] = this.parts.encoder.raw(x, pass) as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    return { mean, sd: tf.softplus(sd), wMean, wSd: tf.softplus(wSd) };
  }

  /** The mixture p(z|w, y) for every w: n x K x zDim. */
  private components(w: tf.Tensor, pass: Pass): Components {
    const { clusters, zDim } = this.configuration;
    const [mean, sd] = this.prior.raw(w, pass).map((raw) => tf.reshape(raw, [-1, clusters, zDim])) as [
      tf.Tensor,
      tf.Tensor,
    ];
    return { mean, sd: tf.add(tf.softplus(sd), LEAST_SD) };
  }
}

interface Components {
  readonly mean: tf.Tensor;
  readonly sd: tf.Tensor;
}

/** log p(z|w, y) for every component: from n x zDim to n x K. */
const logDensities = (z: tf.Tensor2D, { mean, sd }: Components): tf.Tensor => logNormal(tf.expandDims(z, 1), mean, sd);

/** KL(q(z|x) || p(z|w, y)) for every component and dimension: n x K x zDim. */
const componentKl = (latents: Latents, { mean, sd }: Components): tf.Tensor =>
  klBetweenNormals(tf.expandDims(latents.mean, 1), tf.expandDims(latents.sd, 1), mean, sd);
