/** Measures of how much information each latent dimension contains. */
export interface LatentDimensions {
  /**
   * KL divergence of the posterior from the prior in every dimension, averaged over the images, in nats; undefined for
   * codes without standard deviations.
   */
  readonly kl: Float64Array | undefined;
  /** For every dimension, the variance over the images of the posterior's mean. */
  readonly varianceOfMeans: Float64Array;
  /**
   * For every dimension, whether the variance of its means is above 0.01 (Burda, Grosse & Salakhutdinov 2016, section
   * 5.2).
   */
  readonly isActive: readonly boolean[];
  /** Number of active dimensions: the dimension of the manifold that the model has found. */
  readonly activeCount: number;
}

/** Variance of means above which a dimension is active (Burda, Grosse & Salakhutdinov 2016, section 5.2). */
export const ACTIVE_VARIANCE = 0.01;

/** Collects the statistics of latent dimensions batch by batch. */
export class DimensionStatistics {
  private count = 0;
  private readonly means: Float64Array;
  /** Sums of squared differences from the means. */
  private readonly squares: Float64Array;
  private readonly kl: Float64Array;
  private hasKl = false;

  constructor(private readonly dimensions: number) {
    this.means = new Float64Array(dimensions);
    this.squares = new Float64Array(dimensions);
    this.kl = new Float64Array(dimensions);
  }

  /**
   * Adds a batch of n images with d latent dimensions.
   *
   * @param means means of the posteriors, n x d
   * @param kl KL divergences of the posteriors from the prior, n x d
   */
  add(means: Float32Array, kl: Float32Array | undefined): void {
    const d = this.dimensions;
    for (let i = 0; i < means.length; i += d) {
      this.count++;
      for (let j = 0; j < d; j++) {
        // The updates of Welford 1962.
        const before = means[i + j] - this.means[j];
        this.means[j] = this.means[j] + before / this.count;
        this.squares[j] = this.squares[j] + before * (means[i + j] - this.means[j]);
        if (kl) this.kl[j] = this.kl[j] + kl[i + j];
      }
    }
    this.hasKl ||= kl !== undefined;
  }

  result(): LatentDimensions {
    const varianceOfMeans = this.squares.map((square) => square / this.count);
    const isActive = Array.from(varianceOfMeans, (variance) => variance > ACTIVE_VARIANCE);
    return {
      kl: this.hasKl ? this.kl.map((sum) => sum / this.count) : undefined,
      varianceOfMeans,
      isActive,
      activeCount: isActive.filter(Boolean).length,
    };
  }
}
