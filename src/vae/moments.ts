/**
 * Weighted sums over points, kept separately for each of K groups of points. The means and covariances of the groups
 * are computed from these sums.
 */
export class Moments {
  /** Sum of the weights of each group. */
  readonly weights: Float64Array;
  /** K x d. */
  private readonly sums: Float64Array;
  /** For each group, the lower triangle of the weighted sum of x x^T over its points x: K x d x d. */
  private readonly products: Float64Array;

  constructor(
    groups: number,
    private readonly d: number,
  ) {
    this.weights = new Float64Array(groups);
    this.sums = new Float64Array(groups * d);
    this.products = new Float64Array(groups * d * d);
  }

  add(x: ArrayLike<number>, group: number, weight: number): void {
    if (weight === 0) return;
    const { d, sums, products } = this;
    this.weights[group] = this.weights[group] + weight;
    for (let i = 0; i < d; i++) {
      sums[group * d + i] = sums[group * d + i] + weight * x[i];
      const at = (group * d + i) * d;
      for (let j = 0; j <= i; j++) products[at + j] = products[at + j] + weight * x[i] * x[j];
    }
  }

  /**
   * Returns the mean of each group: K x d.
   *
   * @param others means that are returned for groups without points: K x d
   */
  means(others: Float64Array): Float64Array {
    return this.sums.map((sum, at) => {
      const weight = this.weights[Math.floor(at / this.d)];
      return weight > 1e-9 ? sum / weight : others[at];
    });
  }

  /**
   * Returns the Cholesky factor of the covariance that these groups have in common, measured around the mean of each
   * group: d x d, lower triangular.
   *
   * @param floor number that is added to every variance
   */
  factor(groups: Iterable<number>, means: Float64Array, floor: number): Float64Array {
    const { d, sums, products } = this;
    const covariance = new Float64Array(d * d);
    let total = 1e-9;
    for (const group of groups) {
      total += this.weights[group];
      for (let i = 0; i < d; i++) {
        const at = (group * d + i) * d;
        for (let j = 0; j <= i; j++) {
          covariance[i * d + j] = covariance[i * d + j] + products[at + j] - sums[group * d + i] * means[group * d + j];
        }
      }
    }
    return choleskyFactor(
      covariance.map((sum, at) => sum / total + (at % (d + 1) === 0 ? floor : 0)),
      d,
      floor,
    );
  }
}

/**
 * Solves `factor` y = x for the vector y, by forward substitution. If `factor` is the Cholesky factor of the covariance
 * of x, the covariance of y is the identity.
 *
 * @param x d numbers
 * @param factor d x d, lower triangular
 * @param y array for the result
 */
export function whiten(x: ArrayLike<number>, factor: Float64Array, y = new Float64Array(x.length)): Float64Array {
  const d = x.length;
  for (let i = 0; i < d; i++) {
    let rest = x[i];
    for (let j = 0; j < i; j++) rest -= factor[i * d + j] * y[j];
    y[i] = rest / factor[i * d + i];
  }
  return y;
}

/**
 * Returns the lower triangular matrix whose product with its transpose is `matrix`. Only the lower triangle of `matrix`
 * is read.
 */
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
