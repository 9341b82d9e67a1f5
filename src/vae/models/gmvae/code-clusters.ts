import { SigmaTsneError } from "../../../errors.js";
import type { Matrix } from "../../../matrix.js";
import { Moments, whiten } from "../../moments.js";
import { range } from "../images.js";

/** Variance at or below which codes carry no information. */
const LEAST_VARIANCE = 1e-8;

/** Gaussians with a common covariance, in coordinates in which this covariance is the identity. */
export interface WhitenedGaussians {
  /** Cholesky factor of the covariance: d x d, lower triangular. Codes are `factor` times these coordinates. */
  readonly factor: Float64Array;
  /** K x d. */
  readonly centers: Float64Array;
}

/**
 * Fits Gaussians to clusters of codes. They have the means of the clusters and a common covariance of the codes around
 * these means. Clusters without codes get the mean of all codes.
 *
 * @param codes n x d
 * @param labels the cluster of every code; codes with -1 are ignored
 */
export function gaussiansOfClusters(codes: Matrix, labels: Int32Array, clusters: number): WhitenedGaussians {
  const { cols } = codes;
  const moments = new Moments(clusters, cols);
  const all = new Moments(1, cols);
  labels.forEach((label, i) => {
    if (label < 0) return;
    moments.add(codes.row(i), label, 1);
    all.add(codes.row(i), 0, 1);
  });
  const middle = all.means(new Float64Array(cols));
  const means = moments.means(Float64Array.from({ length: clusters * cols }, (_, at) => middle[at % cols]));
  const factor = moments.factor(range(0, clusters), means, LEAST_VARIANCE);
  const centers = new Float64Array(means.length);
  for (let at = 0; at < means.length; at += cols) centers.set(whiten(means.subarray(at, at + cols), factor), at);
  return { factor, centers };
}

/** @throws {SigmaTsneError} DIVERGED if all codes are the same, because no mixture can start from them */
export function requireVariance({ data, rows, cols }: Matrix): void {
  for (let j = 0; j < cols; j++) {
    let [sum, squares] = [0, 0];
    for (let i = j; i < data.length; i += cols) {
      sum += data[i] - data[j];
      squares += (data[i] - data[j]) ** 2;
    }
    if (!(squares / rows - (sum / rows) ** 2 <= LEAST_VARIANCE)) return;
  }
  throw new SigmaTsneError(
    "DIVERGED",
    "the codes of all training images are the same after the pretraining: expected codes that differ, from which clusters can start. " +
      "Use a smaller learningRate, more pretrainEpochs, or the likelihood learned-gaussian for gray images.",
  );
}
