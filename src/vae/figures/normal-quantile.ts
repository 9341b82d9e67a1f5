/**
 * Coefficients of Acklam's rational approximation of the normal quantile (P. J. Acklam 2003). The relative error of the
 * approximation is below 1.15e-9.
 */
const CENTRAL = {
  above: [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ],
  below: [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1],
};
const TAIL = {
  above: [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ],
  below: [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1],
};
const TAIL_BEGINS = 0.02425;

/**
 * Returns the quantile for probability `p`, 0 < p < 1: a standard normal variable is smaller than this number with
 * probability `p`.
 */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < TAIL_BEGINS) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(TAIL.above, q) / polynomial(TAIL.below, q);
  }
  const q = p - 0.5;
  return (q * polynomial(CENTRAL.above, q * q)) / polynomial(CENTRAL.below, q * q);
}

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((value, coefficient) => value * x + coefficient, 0);
