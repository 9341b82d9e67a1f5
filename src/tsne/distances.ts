import { binding } from "../binding.js";
import type { FloatArray } from "../matrix.js";

/** A diagonal Gaussian: d means and, if the distance needs them, d standard deviations. */
export interface Gaussian {
  readonly mean: FloatArray;
  readonly sigma?: FloatArray | undefined;
}

/** Quantities that a distance estimates from all points. */
export interface DistanceEstimates {
  /** The variance floor, for distances that have one. */
  readonly varianceFloor?: number | undefined;
  /** For `"likelihood-ratio"`: mean m, variance S and neighbor difference B of each column. */
  readonly coordinateSpread?: CoordinateSpread | undefined;
}

interface CoordinateSpread {
  readonly center: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
  readonly between: ArrayLike<number>;
}

type Formula = (i: Gaussian, j: Gaussian, estimates: DistanceEstimates) => number;

/**
 * The distances between points, with the formulas of docs/embed.md, in float64 and in the caller's units; the kernels
 * of the core use other units. Where docs/embed.md gives the formula of a squared distance, the function here returns
 * its square root. The functions of Bhattacharyya and Jeffreys return the divergences themselves. The function of the
 * likelihood ratio returns -2 times the logarithm of the ratio, which may be negative. Lists of all distances have the
 * order of this object.
 */
export const FORMULAS = {
  euclidean: (i, j) => length(differences(i.mean, j.mean)),
  "inverse-variance": (i, j, { varianceFloor: floor }) => {
    const weighted = sum(i.mean.length, (k) => precision(i, j, k, floor) * squaredDifference(i, j, k));
    return Math.sqrt(weighted / sum(i.mean.length, (k) => precision(i, j, k, floor)));
  },
  expected: (i, j) => length([...differences(i.mean, j.mean), ...sigmaOf(i), ...sigmaOf(j)]),
  wasserstein: (i, j) => length([...differences(i.mean, j.mean), ...differences(sigmaOf(i), sigmaOf(j))]),
  mahalanobis: (i, j, { varianceFloor: floor }) =>
    Math.sqrt(sum(i.mean.length, (k) => precision(i, j, k, floor) * squaredDifference(i, j, k))),
  "mahalanobis-logdet": (i, j, { varianceFloor: floor }) =>
    sum(i.mean.length, (k) => {
      const weight = precision(i, j, k, floor);
      return weight * squaredDifference(i, j, k) - Math.log(weight);
    }),
  bhattacharyya: (i, j, { varianceFloor: floor }) =>
    sum(i.mean.length, (k) => {
      const [v, w] = [variance(i, k, floor), variance(j, k, floor)];
      // The logarithm of (v + w)^2 / (4 v w), in a form that is accurate if v and w are almost equal.
      return (squaredDifference(i, j, k) / (v + w) + Math.log1p((v - w) ** 2 / (4 * v * w))) / 4;
    }),
  jeffreys: (i, j, { varianceFloor: floor }) =>
    sum(i.mean.length, (k) => {
      const [v, w] = [variance(i, k, floor), variance(j, k, floor)];
      return (squaredDifference(i, j, k) * (1 / v + 1 / w) + (v - w) ** 2 / (v * w)) / 2;
    }),
  "likelihood-ratio": (i, j, { coordinateSpread }) => logLikelihoodRatio(i, j, coordinateSpread as CoordinateSpread),
  cosine: (i, j) => oneMinusCosine(i.mean, j.mean),
  correlation: (i, j) => oneMinusCosine(centered(i.mean), centered(j.mean)),
  manhattan: (i, j) => sum(i.mean.length, (k) => Math.abs(at(i.mean, k) - at(j.mean, k))),
} satisfies Readonly<Record<string, Formula>>;

/** One of {@link DISTANCES}. */
export type DistanceName = keyof typeof FORMULAS;
/** The distances between points; docs/embed.md has their formulas. */
export const DISTANCES = Object.keys(FORMULAS) as readonly DistanceName[];

/** Whether a distance needs sigma. */
export const usesSigma = (distance: DistanceName): boolean => binding.distances[distance]?.usesSigma ?? false;

/** Whether a distance can be used for points with covariances. */
export const usesCovariances = (distance: DistanceName): boolean =>
  binding.distances[distance]?.usesCovariances ?? false;

/** Whether a distance has a variance floor. */
export const hasFloor = (distance: DistanceName): boolean => binding.distances[distance]?.hasFloor ?? false;

/**
 * Relative rounding error of a sum in float64. If centering shortens a row to less than this fraction of its original
 * length, the rest is rounding error, and the row counts as a zero row.
 */
const ROUNDING = 1e-14;

const at = (values: ArrayLike<number>, k: number): number => values[k];

const sigmaOf = ({ sigma }: Gaussian): FloatArray => sigma as FloatArray;

const variance = (point: Gaussian, k: number, floor = 0): number => at(sigmaOf(point), k) ** 2 + floor;

const precision = (i: Gaussian, j: Gaussian, k: number, floor = 0): number =>
  1 / (at(sigmaOf(i), k) ** 2 + at(sigmaOf(j), k) ** 2 + floor);

const squaredDifference = (i: Gaussian, j: Gaussian, k: number): number => (at(i.mean, k) - at(j.mean, k)) ** 2;

function logLikelihoodRatio(i: Gaussian, j: Gaussian, { center, variance: s, between: b }: CoordinateSpread): number {
  return sum(i.mean.length, (k) => {
    const between = at(b, k);
    if (between === 0) return 0;
    const [x, y] = [at(i.mean, k) - at(center, k), at(j.mean, k) - at(center, k)];
    const [g, h] = [i, j].map((point) => between / (at(s, k) + at(sigmaOf(point), k) ** 2)) as [number, number];
    const q = g * h;
    return Math.log1p(-q) + (q / (1 - q) / between) * (g * x * x + h * y * y - 2 * x * y);
  });
}

function sum(count: number, term: (k: number) => number): number {
  let total = 0;
  for (let k = 0; k < count; k++) total += term(k);
  return total;
}

function differences(x: ArrayLike<number>, y: ArrayLike<number>): Float64Array {
  return Float64Array.from(x, (value, k) => value - at(y, k));
}

/** Square root of the sum of squares, scaled so that no square overflows. */
function length(values: ArrayLike<number>): number {
  let largest = 0;
  for (let k = 0; k < values.length; k++) largest = Math.max(largest, Math.abs(at(values, k)));
  return largest === 0 ? 0 : largest * Math.sqrt(sum(values.length, (k) => (at(values, k) / largest) ** 2));
}

function centered(x: FloatArray): Float64Array {
  const mean = sum(x.length, (k) => at(x, k) / x.length);
  const deviations = Float64Array.from(x, (value) => value - mean);
  return length(deviations) <= ROUNDING * length(x) ? deviations.fill(0) : deviations;
}

/** A row of zeros has the distance 0 from other rows of zeros and 1 from all other rows. */
function oneMinusCosine(x: FloatArray, y: FloatArray): number {
  const [lengthOfX, lengthOfY] = [length(x), length(y)];
  if (lengthOfX === 0 || lengthOfY === 0) return lengthOfX === lengthOfY ? 0 : 1;
  // Half the squared distance of the two directions is accurate for small angles, unlike 1 - cosine.
  return sum(x.length, (k) => (at(x, k) / lengthOfX - at(y, k) / lengthOfY) ** 2) / 2;
}
