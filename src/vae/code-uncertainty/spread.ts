/** The standard deviation of each of some values over draws, without memory of the draws. */
export class Spread {
  private count = 0;
  /** The first draw, from which deviations are measured, so that nothing is lost to rounding. */
  private origin = new Float32Array();
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;

  constructor(length: number) {
    this.sums = new Float64Array(length);
    this.squares = new Float64Array(length);
  }

  add(values: Float32Array): void {
    if (this.count++ === 0) this.origin = values.slice();
    for (let i = 0; i < values.length; i++) {
      const deviation = values[i] - this.origin[i];
      this.sums[i] += deviation;
      this.squares[i] += deviation ** 2;
    }
  }

  /** With the unbiased estimate of the variance, of two or more draws. */
  standardDeviations(): Float32Array {
    return Float32Array.from(this.sums, (sum, i) => {
      const variance = (this.squares[i] - sum ** 2 / this.count) / (this.count - 1);
      return Math.sqrt(Math.max(0, variance));
    });
  }
}
