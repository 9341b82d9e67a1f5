import { abortError } from "../abort.js";
import { requireOptions, shapeMismatch, tooFewPoints } from "../arguments.js";
import { awaitNative, binding, withTranslation } from "../binding.js";
import { ArgumentError, type DataError } from "../errors.js";
import { describeFarValue } from "../far-value.js";
import { type MatrixLike, toMatrix } from "../matrix.js";
import { describeRecall } from "../tsne/index.js";
import { type EvaluateOptions, type Labels, type ResolvedEvaluateOptions, resolveEvaluateOptions } from "./options.js";

/** A measure that was computed on all points or pairs, or estimated from a sample of them. */
export interface Estimate {
  value: number;
  /** Standard error of a sample; 0 if all points or pairs were measured. */
  error: number;
  /** Number of points, or pairs of points, that were measured. */
  count: number;
}

/** Preservation of neighborhoods of one size. */
export interface Neighborhood<T = Estimate> {
  /** Size of the neighborhoods. */
  k: number;
  /**
   * Mean fraction of a point's k nearest neighbors in the data that are also among its k nearest in the embedding, 0 to
   * 1.
   */
  kept: T;
  /**
   * 1 if points that are near in the embedding are near in the data. Each intruder lowers the value by its distance in
   * the data, in ranks (Venna & Kaski 2001). Defined as in `sklearn.manifold.trustworthiness`.
   */
  trustworthiness: T;
  /**
   * 1 if points that are near in the data are near in the embedding: trustworthiness with data and embedding exchanged
   * (Venna & Kaski 2001).
   */
  continuity: T;
}

/** The contribution of each point to the means, which can color an embedding; NaN for points that were not measured. */
export interface PointQuality {
  /** n numbers each. A point's trustworthiness or continuity may be negative; their means over all points are not. */
  neighborhoods: Neighborhood<Float32Array>[];
  /**
   * With labels: n numbers, 1 if the neighbors vote for the point's own label, else 0; NaN for points without a label.
   */
  accuracy?: Float32Array;
  /** With labels of more than one class: n silhouettes, -1 to 1; NaN for points without a label. */
  silhouette?: Float32Array;
}

/** Measures of how well an embedding represents its data. Equal distances are ranked by index. */
export interface Quality {
  /**
   * KL(P||Q) of the embedding in nats, with P for the given distance and perplexity and Q normalized over all pairs:
   * the quantity that t-SNE minimizes with one degree of freedom. Lower is better. Only embeddings of the same data,
   * distance and perplexity can be compared.
   */
  kl: number;
  /** One entry for each k, in the order of the option. */
  neighborhoods: Neighborhood[];
  /**
   * Correlation between the distances of pairs of points in the data and in the embedding, -1 to 1: how well the
   * embedding keeps large distances. Quote `spearman`, which uses ranks. `pearson` measures proportionality of
   * distances, which t-SNE does not aim at. Computed for all pairs, or for 200,000 random pairs if there are more.
   * `null` if all distances are equal.
   */
  distanceCorrelation: { spearman: Estimate | null; pearson: Estimate | null };
  /**
   * With labels: fraction of the points whose label gets most votes from the 10 nearest other points in the embedding.
   * A tie goes to the label of the nearest of these neighbors. Points and neighbors without a label do not count.
   */
  accuracy?: Estimate;
  /**
   * With labels: mean silhouette of their classes in the embedding (Rousseeuw 1987), -1 to 1, as in
   * `sklearn.metrics.silhouette_score`. A point that is alone in its class counts as 0. `null` if there is only one
   * class. Points without a label do not count.
   */
  silhouette?: Estimate | null;
  /**
   * With labels: number of points without a label (`""` or NaN), which accuracy and silhouette leave out. If no point
   * has a label, both are undefined.
   */
  unlabeled?: number;
  /** The contribution of each point, with the option `perPoint`. */
  perPoint?: PointQuality;
  /** The source of the neighbors for P, and the fraction of true neighbors among them. */
  neighbors: { method: "exact" | "cells"; recall: number };
  /** The variance floor in use, in squared units of the data. `undefined` if the distance has no floor. */
  varianceFloor: number | undefined;
  /** Warnings in sentences: a value of the data far beyond all others. */
  warnings: readonly string[];
  /** The resolved options, including defaults. */
  options: ResolvedEvaluateOptions;
}

/**
 * Measures how well an embedding represents its data: KL divergence, neighbors kept, trustworthiness, continuity,
 * correlation of distances, and with labels the separation of their classes. The work is done off the main thread. The
 * same input, options and seed give the same numbers with any number of threads. The normalization Z of the KL
 * divergence uses all pairs of points, which takes a second or two for 70,000 points and about five minutes for a
 * million.
 *
 * @param data n x d embedded points, n >= 3, finite
 * @param embedding n x any number of dimensions, finite
 * @throws {ArgumentError} for a bad option or shape, {@link DataError} for NaN, infinities or fewer than 3 points,
 *   {@link AbortError} when stopped through `options.signal`
 */
export async function evaluate(
  data: MatrixLike,
  embedding: MatrixLike,
  options: EvaluateOptions = {},
): Promise<Quality> {
  requireOptions(options);
  const points = toMatrix(data, "data");
  const positions = toMatrix(embedding, "embedding");
  const n = points.rows;
  if (n < 3 || points.cols < 1) {
    throw tooFewPoints("data", points, "at least 3 points of at least 1 dimension");
  }
  if (positions.rows !== n || positions.cols < 1) {
    throw shapeMismatch("embedding", positions, `${n} rows, a position for each row of the data`);
  }
  const resolved = resolveEvaluateOptions(options, n, points.cols);
  const sigma = options.sigma === undefined ? undefined : toMatrix(options.sigma, "sigma");
  if (sigma && (sigma.rows !== n || sigma.cols !== points.cols)) {
    throw shapeMismatch("sigma", sigma, `${n} x ${points.cols}, the shape of the data`);
  }
  const { classes, unlabeled } = options.labels === undefined ? NO_CLASSES : toClasses(options.labels, n);
  const { signal } = options;
  if (signal?.aborted) throw abortError(signal);
  const job = withTranslation(() =>
    binding.evaluate({
      data: points,
      sigma,
      embedding: positions,
      classes,
      options: resolved,
      onProgress: options.onProgress,
    }),
  );
  const found = await awaitNative(job.result, job.cancel, signal);

  return toQuality(found, n, resolved, { classes, unlabeled, perPoint: options.perPoint });
}

type NativeQuality = Awaited<ReturnType<typeof binding.evaluate>["result"]>;

/** Estimates the measures for all points from the values of the measured points. */
function toQuality(
  found: NativeQuality,
  n: number,
  options: ReturnType<typeof resolveEvaluateOptions>,
  asked: Classes & { readonly perPoint: boolean | undefined },
): Quality {
  const count = options.k.length;
  const sizes = options.k.map((k, s) => {
    const column = (values: Float64Array) => values.filter((_, at) => at % count === s);
    const [kept, trustworthiness, continuity] = [found.kept, found.trustworthiness, found.continuity].map(column);
    return { k, kept, trustworthiness, continuity } as Neighborhood<Float64Array>;
  });
  const { classes, unlabeled } = asked;
  const hasSilhouettes = found.silhouettes.length > 0;
  const mean = (values: Float64Array): Estimate => estimateMean(values, n);
  const ofLabeled = (values: Float64Array): Estimate => {
    const labeled = values.filter((value) => !Number.isNaN(value));
    return estimateMean(labeled, n - (unlabeled ?? 0));
  };
  const correlation = ({ value, error }: NativeQuality["pearson"]): Estimate | null =>
    Number.isNaN(value) ? null : { value, error, count: found.pairs };
  return {
    kl: found.kl,
    neighborhoods: sizes.map((size) => mapMeasures(size, mean)),
    distanceCorrelation: { spearman: correlation(found.spearman), pearson: correlation(found.pearson) },
    ...(classes && {
      accuracy: ofLabeled(found.hits),
      silhouette: hasSilhouettes ? ofLabeled(found.silhouettes) : null,
    }),
    ...(unlabeled !== undefined && { unlabeled }),
    ...(asked.perPoint && { perPoint: toPointQuality(found, n, sizes, classes !== undefined) }),
    neighbors: { method: found.method, recall: found.recall },
    varianceFloor: found.varianceFloor,
    warnings: [...describeFarValue(found.farValue), ...describeRecall(found)],
    options,
  };
}

/** Returns the values of each point, with NaN for points that were not measured. */
function toPointQuality(
  found: NativeQuality,
  n: number,
  sizes: readonly Neighborhood<Float64Array>[],
  hasClasses: boolean,
): PointQuality {
  const spread = (values: Float64Array): Float32Array => {
    const all = new Float32Array(n).fill(Number.NaN);
    for (const [at, point] of found.points.entries()) all[point] = values[at];
    return all;
  };
  return {
    neighborhoods: sizes.map((size) => mapMeasures(size, spread)),
    ...(hasClasses && { accuracy: spread(found.hits) }),
    ...(found.silhouettes.length > 0 && { silhouette: spread(found.silhouettes) }),
  };
}

function mapMeasures<A, B>(size: Neighborhood<A>, change: (measure: A) => B): Neighborhood<B> {
  return {
    k: size.k,
    kept: change(size.kept),
    trustworthiness: change(size.trustworthiness),
    continuity: change(size.continuity),
  };
}

/**
 * Computes the mean of a sample of n numbers and its standard error for sampling without replacement (Cochran 1977, eq.
 * 2.20).
 */
function estimateMean(sample: Float64Array, n: number): Estimate {
  const count = sample.length;
  const value = sample.reduce((sum, x) => sum + x, 0) / count;
  if (count === n) return { value, error: 0, count };
  const variance = sample.reduce((sum, x) => sum + (x - value) ** 2, 0) / (count - 1);
  return { value, error: Math.sqrt((variance / count) * (1 - count / n)), count };
}

interface Classes {
  /**
   * Class numbers from 1, in the order of first appearance; 0 for a missing label. Undefined if all labels are missing.
   */
  readonly classes: Uint32Array | undefined;
  readonly unlabeled: number | undefined;
}

const NO_CLASSES: Classes = { classes: undefined, unlabeled: undefined };

function toClasses(labels: Labels, n: number): Classes {
  const isList = Array.isArray(labels) || (ArrayBuffer.isView(labels) && !(labels instanceof DataView));
  if (!isList) {
    const accepted = "an array of texts or numbers, or a typed array";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "labels", received: labels, accepted });
  }
  if (labels.length !== n) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument: "labels",
      received: labels,
      accepted: `${n} labels, one per point`,
    });
  }
  const numbers = new Map<string | number, number>();
  let unlabeled = 0;
  const classes = Uint32Array.from({ length: n }, (_, i) => {
    const label = labels[i] as string | number;
    if (label === "" || Number.isNaN(label)) {
      unlabeled++;
      return 0;
    }
    if (typeof label !== "string" && !(typeof label === "number" && Number.isFinite(label))) {
      const accepted = `texts or finite numbers, with "" or NaN for a missing label (label ${i} is neither)`;
      throw new ArgumentError("INVALID_ARGUMENT", { argument: "labels", received: label, accepted });
    }
    const number = numbers.get(label) ?? numbers.size + 1;
    numbers.set(label, number);
    return number;
  });
  return { classes: unlabeled === n ? undefined : classes, unlabeled };
}
