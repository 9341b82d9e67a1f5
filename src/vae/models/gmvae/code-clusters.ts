import { SigmaTsneError } from "../../../errors.js";
import type { Matrix } from "../../../matrix.js";
import { Moments, whiten } from "../../moments.js";
import { range } from "../images.js";

/** Codes contain no information if their variance in every dimension is at most this number. */
const LEAST_VARIANCE = 1e-8;

/** Gaussians that all have the same covariance, in coordinates in which this covariance is the identity. */
export interface WhitenedGaussians {
  /**
   * Cholesky factor of the covariance: d x d, lower triangular. `factor` times the coordinates of a point gives its
   * code.
   */
  readonly factor: Float64Array;
  /** K x d. */
  readonly centers: Float64Array;
}

/**
 * Fits one Gaussian to each cluster of codes. Its mean is the mean of the cluster. All Gaussians have the same
 * covariance, which is measured around the means of the clusters. A cluster without codes gets the mean of all codes.
 *
 * @param codes n x d
 * @param labels the cluster of every code; codes with the label -1 are ignored
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

/**
 * @throws {SigmaTsneError} DIVERGED if all codes are the same, because the components of a mixture could not be
 *   distinguished
 */
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
    "the codes of all training images are the same after the pretraining: expected different codes for different images, because clusters are formed from these differences. " +
      "Use a smaller learningRate, more pretrainEpochs, or the likelihood learned-gaussian for gray images.",
  );
}
