import { throwIfAborted } from "../../../abort.js";
import type { Matrix } from "../../../matrix.js";
import type { Random } from "../../random.js";
import { pause } from "../model.js";

/** A mixture of Gaussians that share one covariance. */
export interface GaussianMixture {
  /** K x d. */
  readonly means: Float64Array;
  /** The Cholesky factor of the covariance: d x d, lower triangular. */
  readonly factor: Float64Array;
  /** K shares. */
  readonly shares: Float64Array;
  /** Mean log-likelihood of a point. */
  readonly logLikelihood: number;
}

const RESTARTS = 10;
const K_MEANS_ITERATIONS = 30;
const EM_ITERATIONS = 100;
/** Rise of the mean log-likelihood, in nats, at which the fit is done. */
const LEAST_RISE = 1e-4;

/**
 * Fits a mixture by expectation maximization, from the best of ten runs of k-means, each from its k-means++ seeding (Arthur &
 * Vassilvitskii 2007).
 *
 * @param points n x d, n >= 1
 */
export async function fitGaussianMixture(
  points: Matrix,
  components: number,
  random: Random,
  signal?: AbortSignal,
): Promise<GaussianMixture> {
  let best: { centers: Float64Array; cost: number } | undefined;
  for (let i = 0; i < RESTARTS; i++) {
    throwIfAborted(signal);
    const run = kMeans(points, seedCenters(points, components, random));
    if (!best || run.cost < best.cost) best = run;
    await pause();
  }
  const { cols } = points;
  const { centers, cost } = best as { centers: Float64Array; cost: number };
  const spread = Math.max(cost / (points.rows * cols), 1e-6);
  let mixture: GaussianMixture = {
    means: centers,
    factor: Float64Array.from({ length: cols * cols }, (_, at) => (at % (cols + 1) === 0 ? Math.sqrt(spread) : 0)),
    shares: new Float64Array(components).fill(1 / components),
    logLikelihood: Number.NEGATIVE_INFINITY,
  };
  for (let i = 0; i < EM_ITERATIONS; i++) {
    throwIfAborted(signal);
    const next = improve(points, mixture, 1e-3 * spread);
    const rise = next.logLikelihood - mixture.logLikelihood;
    mixture = next;
    if (rise < LEAST_RISE) break;
    await pause();
  }
  return mixture;
}

/**
 * The vector y with `factor` y = x, by forward substitution; in the space of y, the components' covariance is the identity.
 *
 * @param x d numbers
 * @param factor d x d, lower triangular
 */
export function whiten(x: ArrayLike<number>, factor: Float64Array): Float64Array {
  const d = x.length;
  const y = new Float64Array(d);
  for (let i = 0; i < d; i++) {
    let rest = x[i];
    for (let j = 0; j < i; j++) rest -= factor[i * d + j] * y[j];
    y[i] = rest / factor[i * d + i];
  }
  return y;
}

function seedCenters({ rows, cols, data }: Matrix, components: number, random: Random): Float64Array {
  const centers = new Float64Array(components * cols);
  const squares = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  let chosen = random.integer(rows);
  for (let k = 0; k < components; k++) {
    for (let j = 0; j < cols; j++) centers[k * cols + j] = data[chosen * cols + j];
    let sum = 0;
    for (let i = 0; i < rows; i++) {
      const square = squaredDistance(data, i, centers, k, cols);
      if (square < squares[i]) squares[i] = square;
      sum += squares[i];
    }
    let rest = random.uniform() * sum;
    chosen = 0;
    while (chosen < rows - 1 && rest >= squares[chosen]) rest -= squares[chosen++];
  }
  return centers;
}

function kMeans(points: Matrix, centers: Float64Array): { centers: Float64Array; cost: number } {
  const { rows, cols, data } = points;
  const components = centers.length / cols;
  let cost = 0;
  for (let iteration = 0; iteration < K_MEANS_ITERATIONS; iteration++) {
    const sums = new Float64Array(centers.length);
    const counts = new Float64Array(components);
    cost = 0;
    for (let i = 0; i < rows; i++) {
      let nearest = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let k = 0; k < components; k++) {
        const square = squaredDistance(data, i, centers, k, cols);
        if (square < least) [nearest, least] = [k, square];
      }
      cost += least;
      counts[nearest] = counts[nearest] + 1;
      for (let j = 0; j < cols; j++) sums[nearest * cols + j] = sums[nearest * cols + j] + data[i * cols + j];
    }
    for (let k = 0; k < components; k++) {
      const count = counts[k];
      if (count === 0) continue;
      for (let j = 0; j < cols; j++) centers[k * cols + j] = sums[k * cols + j] / count;
    }
  }
  return { centers, cost };
}

function squaredDistance(data: ArrayLike<number>, i: number, centers: Float64Array, k: number, cols: number): number {
  let square = 0;
  for (let j = 0; j < cols; j++) {
    const difference = data[i * cols + j] - centers[k * cols + j];
    square += difference * difference;
  }
  return square;
}

/** One step of expectation maximization. */
function improve(points: Matrix, mixture: GaussianMixture, floor: number): GaussianMixture {
  const { rows, cols } = points;
  const { means, factor, shares } = mixture;
  const components = shares.length;
  const centers = Array.from(shares, (_, k) => whiten(means.subarray(k * cols, (k + 1) * cols), factor));
  let offset = (-cols / 2) * Math.log(2 * Math.PI);
  for (let j = 0; j < cols; j++) offset -= Math.log(factor[j * (cols + 1)]);
  const weights = new Float64Array(components);
  const sums = new Float64Array(means.length);
  const products = new Float64Array(cols * cols);
  const densities = new Float64Array(components);
  let logLikelihood = 0;
  for (let i = 0; i < rows; i++) {
    const x = points.row(i);
    const y = whiten(x, factor);
    for (let k = 0; k < components; k++) {
      const square = squaredDistance(y, 0, centers[k], 0, cols);
      densities[k] = Math.log(shares[k]) + offset - square / 2;
    }
    const most = Math.max(...densities);
    const total = densities.reduce((sum, density) => sum + Math.exp(density - most), 0);
    logLikelihood += (most + Math.log(total)) / rows;
    for (let k = 0; k < components; k++) {
      const responsibility = Math.exp(densities[k] - most) / total;
      weights[k] = weights[k] + responsibility;
      for (let j = 0; j < cols; j++) {
        sums[k * cols + j] = sums[k * cols + j] + responsibility * x[j];
      }
    }
    addProducts(products, x, 1);
  }
  // A component that has lost all points stays where it is.
  const moved = means.map((mean, at) => {
    const weight = weights[Math.floor(at / cols)];
    return weight > 1e-9 ? sums[at] / weight : mean;
  });
  for (let k = 0; k < components; k++) {
    addProducts(products, moved.subarray(k * cols, (k + 1) * cols), -weights[k]);
  }
  const covariance = products.map((product, at) => product / rows + (at % (cols + 1) === 0 ? floor : 0));
  return {
    means: moved,
    factor: choleskyFactor(covariance, cols, floor),
    shares: weights.map((weight) => Math.max(weight, 1e-9) / rows),
    logLikelihood,
  };
}

/** Adds `weight` x x^T to the lower triangle of `products`. */
function addProducts(products: Float64Array, x: ArrayLike<number>, weight: number): void {
  const d = x.length;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      products[i * d + j] = products[i * d + j] + weight * x[i] * x[j];
    }
  }
}

/** The lower triangular matrix whose product with its transpose is `matrix`, of which the lower triangle is read. */
function choleskyFactor(matrix: Float64Array, d: number, floor: number): Float64Array {
  const factor = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * d + j];
      for (let k = 0; k < j; k++) rest -= factor[i * d + k] * factor[j * d + k];
      // Rounding can leave a pivot at or below zero if dimensions depend on each other.
      factor[i * d + j] = i === j ? Math.sqrt(Math.max(rest, floor)) : rest / factor[j * d + j];
    }
  }
  return factor;
}
