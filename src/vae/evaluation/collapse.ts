import type { Matrix } from "../../matrix.js";
import type { Images } from "../datasets/dataset.js";
import { Gmvae } from "../models/gmvae/model.js";
import type { Model } from "../models/model.js";
import { Moments } from "../moments.js";
import { largest } from "./clusters.js";
import { ACTIVE_VARIANCE, DimensionStatistics } from "./dimensions.js";

/** Statistics of the codes that show whether a model has collapsed. */
export type CodeStatistics = {
  /** Number of dimensions of the code whose means have a variance above 0.01 over the images. */
  readonly activeDimensions: number;
  /**
   * KL(Gaussian fitted to the codes || prior), in nats. This divergence is measured only for models that match the
   * distribution of all codes to a Gaussian prior, and is undefined if there are too few images.
   */
  readonly divergenceFromPrior?: number;
};

/** A Gaussian is fitted only if there are at least this many codes per dimension. */
const CODES_PER_DIMENSION = 10;
/**
 * If the divergence, in nats per dimension, is larger than this, the codes do not match their prior. Two dimensions
 * with a correlation of 0.57 reach this value.
 */
const MOST_DIVERGENCE = 0.1;

/** Encodes the first `most` images and computes statistics of their codes. */
export async function measureCodes(
  model: Model,
  images: Images,
  most: number,
  signal: AbortSignal | undefined,
): Promise<CodeStatistics> {
  const { means, sigma } = await model.encode(first(images, most), { signal });
  const statistics = new DimensionStatistics(means.cols);
  statistics.add(Float32Array.from(means.data), undefined);
  const isMatched = sigma === undefined && model.priorSd !== undefined;
  const isEnough = means.rows >= CODES_PER_DIMENSION * means.cols;
  return {
    activeDimensions: statistics.result().activeCount,
    ...(isMatched && isEnough && { divergenceFromPrior: divergenceFrom(means, model.priorSd) }),
  };
}

/**
 * Examines the codes of the first 1000 images. Returns sentences that describe how the model has collapsed, completely
 * or in part; no sentences if it has not collapsed.
 */
export async function describeCollapse(
  model: Model,
  images: Images,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const some = first(images, 1000);
  if (some.count < 2) return [];
  const sentences: string[] = [];
  const { activeDimensions, divergenceFromPrior } = await measureCodes(model, some, some.count, signal);
  const { zDim } = model.configuration;
  const inactive = zDim - activeDimensions;
  if (activeDimensions === 0) {
    sentences.push(
      `All images have nearly the same code: none of its ${zDim} dimensions varies by more than ${ACTIVE_VARIANCE}. Train longer, or use a smaller learningRate or beta.`,
    );
  } else if (inactive > 0) {
    sentences.push(
      `${inactive} of the ${zDim} dimensions of the code are inactive: they vary by at most ${ACTIVE_VARIANCE}. A smaller zDim gives the same images, and a smaller beta uses more dimensions.`,
    );
  }
  if (divergenceFromPrior !== undefined && divergenceFromPrior > MOST_DIVERGENCE * zDim) {
    sentences.push(
      `The codes do not match their prior: a Gaussian that is fitted to them diverges from the prior by ${divergenceFromPrior.toFixed(2)} nats. Samples may not look like the images. Train longer.`,
    );
  }
  const empty = await emptyClusters(model, some, signal);
  if (empty.length > 0) {
    const { clusters } = model.configuration as unknown as { clusters: number };
    sentences.push(
      `${empty.length} of the ${clusters} clusters have no images (${empty.join(", ")}, counted from 0). Use fewer clusters, or more epochs.`,
    );
  }
  return sentences;
}

async function emptyClusters(model: Model, images: Images, signal: AbortSignal | undefined): Promise<number[]> {
  if (!(model instanceof Gmvae)) return [];
  const found = new Set(largest(await model.classify(images, { signal })));
  return Array.from({ length: model.configuration.clusters }, (_, k) => k).filter((k) => !found.has(k));
}

/** KL(N(mean, covariance) || N(0, sd^2)), with the mean and the covariance of the codes. */
function divergenceFrom(codes: Matrix, sd = 1): number {
  const { rows, cols: d } = codes;
  const moments = new Moments(1, d);
  for (let i = 0; i < rows; i++) {
    moments.add(
      codes.row(i).map((value) => value / sd),
      0,
      1,
    );
  }
  const mean = moments.means(new Float64Array(d));
  const factor = moments.factor([0], mean, 1e-6);
  let divergence = -d / 2;
  for (let i = 0; i < d; i++) {
    divergence += mean[i] ** 2 / 2 - Math.log(factor[i * (d + 1)]);
    for (let j = 0; j <= i; j++) divergence += factor[i * d + j] ** 2 / 2;
  }
  return divergence;
}

const first = (images: Images, most: number): Images => ({ ...images, count: Math.min(images.count, most) });
