/**
 * Measures how far values move from their original values in several random draws. The draws themselves are not stored.
 */
export class Displacement {
  private count = 0;
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;

  /** @param origin the original values, without a random change */
  constructor(private readonly origin: Float32Array) {
    this.sums = new Float64Array(origin.length);
    this.squares = new Float64Array(origin.length);
  }

  add(values: Float32Array): void {
    this.count++;
    for (let i = 0; i < values.length; i++) {
      const moved = values[i] - this.origin[i];
      this.sums[i] += moved;
      this.squares[i] += moved ** 2;
    }
  }

  /** Returns, for each value, the root mean square of its displacements. */
  rootMeanSquares(): Float32Array {
    return Float32Array.from(this.squares, (sum) => Math.sqrt(sum / this.count));
  }

  /** Returns the mean displacement of each value. */
  means(): Float32Array {
    return Float32Array.from(this.sums, (sum) => sum / this.count);
  }
}
