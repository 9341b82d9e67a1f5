import { throwIfAborted } from "../../../io/abort.js";
import type { Matrix } from "../../../matrix.js";
import type { Random } from "../../random.js";
import { pause } from "../model.js";

/** A mixture of Gaussians with diagonal covariances. */
export interface GaussianMixture {
  /** K x d. */
  readonly means: Float64Array;
  /** K x d. */
  readonly variances: Float64Array;
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
 * Fits a mixture by expectation maximisation, from the best of ten runs of k-means, each from its k-means++ seeding (Arthur &
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
  const { centers, cost } = best as { centers: Float64Array; cost: number };
  const spread = Math.max(cost / (points.rows * points.cols), 1e-6);
  let mixture: GaussianMixture = {
    means: centers,
    variances: new Float64Array(centers.length).fill(spread),
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

function seedCenters({ rows, cols, data }: Matrix, components: number, random: Random): Float64Array {
  const centers = new Float64Array(components * cols);
  const squares = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  let chosen = random.integer(rows);
  for (let k = 0; k < components; k++) {
    for (let j = 0; j < cols; j++) centers[k * cols + j] = data[chosen * cols + j] as number;
    let sum = 0;
    for (let i = 0; i < rows; i++) {
      const square = squaredDistance(data, i, centers, k, cols);
      if (square < (squares[i] as number)) squares[i] = square;
      sum += squares[i] as number;
    }
    let rest = random.uniform() * sum;
    chosen = 0;
    while (chosen < rows - 1 && rest >= (squares[chosen] as number)) rest -= squares[chosen++] as number;
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
      counts[nearest] = (counts[nearest] as number) + 1;
      for (let j = 0; j < cols; j++)
        sums[nearest * cols + j] = (sums[nearest * cols + j] as number) + (data[i * cols + j] as number);
    }
    for (let k = 0; k < components; k++) {
      const count = counts[k] as number;
      if (count === 0) continue;
      for (let j = 0; j < cols; j++) centers[k * cols + j] = (sums[k * cols + j] as number) / count;
    }
  }
  return { centers, cost };
}

function squaredDistance(data: ArrayLike<number>, i: number, centers: Float64Array, k: number, cols: number): number {
  let square = 0;
  for (let j = 0; j < cols; j++) {
    const difference = (data[i * cols + j] as number) - (centers[k * cols + j] as number);
    square += difference * difference;
  }
  return square;
}

/** One step of expectation maximisation. */
function improve({ rows, cols, data }: Matrix, mixture: GaussianMixture, floor: number): GaussianMixture {
  const { means, variances, shares } = mixture;
  const components = shares.length;
  const offsets = shares.map((share, k) => {
    let sum = Math.log(share) - (cols / 2) * Math.log(2 * Math.PI);
    for (let j = 0; j < cols; j++) sum -= Math.log(variances[k * cols + j] as number) / 2;
    return sum;
  });
  const weights = new Float64Array(components);
  const sums = new Float64Array(means.length);
  const squares = new Float64Array(means.length);
  const densities = new Float64Array(components);
  let logLikelihood = 0;
  for (let i = 0; i < rows; i++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < components; k++) {
      let density = offsets[k] as number;
      for (let j = 0; j < cols; j++) {
        const at = k * cols + j;
        const difference = (data[i * cols + j] as number) - (means[at] as number);
        density -= (difference * difference) / (2 * (variances[at] as number));
      }
      densities[k] = density;
      most = Math.max(most, density);
    }
    let total = 0;
    for (let k = 0; k < components; k++) total += Math.exp((densities[k] as number) - most);
    logLikelihood += (most + Math.log(total)) / rows;
    for (let k = 0; k < components; k++) {
      const responsibility = Math.exp((densities[k] as number) - most) / total;
      if (responsibility < 1e-12) continue;
      weights[k] = (weights[k] as number) + responsibility;
      for (let j = 0; j < cols; j++) {
        const at = k * cols + j;
        // About the old mean, where the difference of two large squares would lose its digits.
        const difference = (data[i * cols + j] as number) - (means[at] as number);
        sums[at] = (sums[at] as number) + responsibility * difference;
        squares[at] = (squares[at] as number) + responsibility * difference * difference;
      }
    }
  }
  const component = (at: number) => Math.floor(at / cols);
  // A component that has lost all points stays where it is.
  const shift = (at: number) => (sums[at] as number) / Math.max(weights[component(at)] as number, 1e-12);
  return {
    means: means.map((mean, at) => mean + shift(at)),
    variances: variances.map((variance, at) => {
      const weight = weights[component(at)] as number;
      return weight < 1 ? variance : Math.max((squares[at] as number) / weight - shift(at) ** 2, floor);
    }),
    shares: weights.map((weight) => Math.max(weight, 1e-12) / rows),
    logLikelihood,
  };
}
