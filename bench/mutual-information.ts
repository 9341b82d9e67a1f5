import type { Matrix } from "../src/matrix.js";
import { normals } from "./generated-data.js";

/** Codes of all images of a population with known factors. q(z | x) is Gaussian, and all images are equally likely. */
export interface FactorCodes {
  readonly means: Matrix;
  readonly sigma: Matrix;
  /** Factors by name: the value of the factor for each image, 0 to levels - 1. All values are equally frequent. */
  readonly factors: Readonly<Record<string, { readonly values: readonly number[]; readonly levels: number }>>;
}

/** How well codes separate the factors, in nats. */
export interface Disentanglement {
  /** KL(q(z) || product of q(z_j)). */
  totalCorrelation: number;
  /** The mutual information gap of Chen et al. 2018, equation 6: 0 to 1. */
  gap: number;
}

/**
 * Estimates the total correlation and the mutual information gap from one draw of the code of each image. The densities
 * q(z), q(z_j) and q(z_j | factor) are mixtures over the images, which are computed in full.
 */
export function measureDisentanglement({ means, sigma, factors }: FactorCodes, seed: number): Disentanglement {
  const { rows: n, cols: d } = means;
  const normal = normals(seed);
  const draws = Float64Array.from(means.data, (mean, at) => mean + (sigma.data[at] as number) * normal());
  const all = Object.values(factors);
  /** Means over the draws of -log q(z), -log q(z_j) and -log q(z_j | factor k). */
  let joint = 0;
  const marginal = new Float64Array(d);
  const conditional = all.map(() => new Float64Array(d));
  const sums = new Float64Array(d);
  const own = all.map(() => new Float64Array(d));
  for (let i = 0; i < n; i++) {
    sums.fill(0);
    for (const values of own) values.fill(0);
    const logs = new Float64Array(n);
    for (let m = 0; m < n; m++) {
      for (let j = 0; j < d; j++) {
        const [mean, sd] = [means.data[m * d + j] as number, sigma.data[m * d + j] as number];
        const log = -0.5 * (((draws[i * d + j] as number) - mean) / sd) ** 2 - Math.log(sd);
        const density = Math.exp(log);
        logs[m] = (logs[m] as number) + log;
        sums[j] = (sums[j] as number) + density;
        for (let k = 0; k < all.length; k++) {
          const { values } = all[k] as (typeof all)[number];
          if (values[i] === values[m]) (own[k] as Float64Array)[j] = ((own[k] as Float64Array)[j] as number) + density;
        }
      }
    }
    const most = logs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    joint -= (most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / n)) / n;
    for (let j = 0; j < d; j++) {
      marginal[j] = (marginal[j] as number) - Math.log((sums[j] as number) / n) / n;
      all.forEach(({ levels }, k) => {
        const given = conditional[k] as Float64Array;
        given[j] = (given[j] as number) - Math.log(((own[k] as Float64Array)[j] as number) / (n / levels)) / n;
      });
    }
  }
  // The constant of the normal density is the same on both sides of every difference.
  const gaps = all.map(({ levels }, k) => {
    const information = Array.from(marginal, (entropy, j) => entropy - ((conditional[k] as Float64Array)[j] as number));
    const [first = 0, second = 0] = information.sort((a, b) => b - a);
    return (first - second) / Math.log(levels);
  });
  return {
    totalCorrelation: marginal.reduce((sum, entropy) => sum + entropy, 0) - joint,
    gap: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length,
  };
}
