import { Matrix } from "../matrix.js";
import type { Measurements } from "./missing-values.js";

/** The prior: center and variance of the values of each column before any measurement. */
export interface Prior {
  readonly center: Float64Array;
  readonly variance: Float64Array;
}

/**
 * Largest ratio of posterior variance to prior variance. Larger ratios, which mean that a measurement contains almost
 * no information, are reduced to this ratio.
 */
const LARGEST_SHARE = 0.999;

/** Estimates the prior of posterior means and standard deviations: S_k = var(mu_k) + mean(sigma_k^2). */
export function findPrior({ means, sigma }: Measurements): Prior {
  const { rows, cols } = means;
  const [center, variance] = [new Float64Array(cols), new Float64Array(cols)];
  for (let k = 0; k < cols; k++) {
    let [mean, squares, own] = [0, 0, 0];
    for (let i = 0; i < rows; i++) {
      const difference = means.at(i, k) - mean;
      mean += difference / (i + 1);
      squares += difference * (means.at(i, k) - mean);
      own += (sigma?.at(i, k) ?? 0) ** 2;
    }
    center[k] = mean;
    variance[k] = (squares + own) / rows;
  }
  return { center, variance };
}

/**
 * Converts posteriors to the measurements from which they result. With the prior N(m, S) and a measurement y of
 * variance lambda, the posterior of a value has a variance sigma^2 with 1 / sigma^2 = 1 / lambda + 1 / S, and the mean
 * mu = m + (y - m) S / (S + lambda). Hence 1 / lambda = 1 / sigma^2 - 1 / S and y = m + (mu - m) (1 + lambda / S).
 */
export function toMeasurements({ means, sigma }: Measurements, { center, variance }: Prior): Measurements {
  if (!sigma) return { means, sigma };
  const { rows, cols } = means;
  const [values, errors] = [new Float64Array(rows * cols), new Float64Array(rows * cols)];
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < cols; k++) {
      const prior = variance[k] as number;
      const share = prior > 0 ? Math.min(sigma.at(i, k) ** 2 / prior, LARGEST_SHARE) : 0;
      const [m, at] = [center[k] as number, i * cols + k];
      values[at] = m + (means.at(i, k) - m) / (1 - share);
      errors[at] = Math.sqrt((prior * share) / (1 - share));
    }
  }
  return { means: new Matrix(values, rows, cols), sigma: new Matrix(errors, rows, cols) };
}
