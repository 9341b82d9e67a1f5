import { Matrix } from "../../src/matrix.js";

/** Values of wrong types or sizes, which are passed instead of expected values. */
const STRANGE: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => true,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => Number.NEGATIVE_INFINITY,
  () => -1,
  () => 0,
  () => -0,
  () => 0.5,
  () => 1e308,
  () => 5e-324,
  () => 2 ** 31,
  () => 2 ** 32,
  () => 2 ** 53,
  () => 10n,
  () => "",
  () => "1",
  () => "constructor",
  () => "x".repeat(1000),
  () => Symbol("strange"),
  () => [],
  () => [null],
  () => [[]],
  () => new Array(3),
  () => [[1, 2], [3]],
  () => ({}),
  () => ({ length: -1 }),
  () => ({ length: 1e9 }),
  () => ({ shape: [2, 2], dataSync: () => "no numbers" }),
  () => ({ data: new Float32Array(4), rows: 2 ** 32, cols: 2 ** 32 }),
  () => ({ data: new BigInt64Array(4), rows: 2, cols: 2 }),
  () => ({ data: new Uint8Array(4), shape: Uint32Array.of(2, 2) }),
  () => Object.create(null),
  () => Object.freeze({ toString: null }),
  () => () => 1,
  () => new Date(Number.NaN),
  () => new Float32Array(0),
  () => new Float64Array(3).fill(Number.NaN),
  () => new DataView(new ArrayBuffer(8)),
  () => new Map([["x", 1]]),
  () => Promise.resolve(1),
  () => new Proxy([], {}),
];

const NUMBERS = [0, -0, 1, -1, 0.5, 1e-45, 1e-30, 1e30, 3e38, 1e39, 1e150, 1e300, 5e-324, 2 ** 24 + 1];

/**
 * Converts bytes to choices, so that inputs of any kind can be stored, changed and repeated as bytes. After the last
 * byte, all further bytes are 0.
 */
export class Draws {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** An integer from `least` to `most`. The range has at most 256 integers. */
  integer(least: number, most: number): number {
    return least + (this.byte() % (most - least + 1));
  }

  /** Returns true in one of `times` cases. */
  once(times: number): boolean {
    return this.byte() % times === times - 1;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.byte() % choices.length];
  }

  /** A number from 0 to 1. */
  fraction(): number {
    return this.byte() / 255;
  }

  strange(): unknown {
    return this.pick(STRANGE)();
  }

  /** Returns the value that `draw` returns, or, in one of `times` cases, a strange value. */
  perhaps<T>(draw: () => T, times = 24): T {
    return this.once(times) ? (this.strange() as T) : draw();
  }

  /**
   * Draws values for some of the options with their functions. Sometimes a value is strange, or an option does not
   * exist.
   */
  options(all: Readonly<Record<string, () => unknown>>): Record<string, unknown> {
    const chosen = Object.entries(all).filter(() => this.once(3));
    const options = Object.fromEntries(chosen.map(([name, draw]) => [name, this.perhaps(draw)]));
    if (this.once(60)) options[this.pick(["perplexty", "", "__proto__", "constructor", "length"])] = this.strange();
    return options;
  }

  /**
   * Draws rows x cols numbers: bell-shaped, all equal, at few positions, or of every size. Sometimes one of them is not
   * finite.
   */
  matrix(rows: number, cols: number, isPositive = false): Matrix {
    const kind = this.integer(0, 4);
    const data = new Float64Array(rows * cols);
    const size = this.pick([1, 1, 1, ...NUMBERS.filter((value) => value > 0)]);
    const offset = isPositive ? 0 : this.pick([0, 0, 0, 1e6, -1e30]);
    for (let at = 0; at < data.length; at++) {
      if (kind === 0) data[at] = offset;
      else if (kind === 1) data[at] = (at % 3) * size;
      else if (kind === 2) data[at] = this.pick(NUMBERS);
      else data[at] = ((((at * 2654435761) >>> 0) % 1009) / 1009 + this.fraction()) * size + offset;
      if (isPositive) data[at] = Math.abs(data[at]);
    }
    if (this.once(16) && data.length > 0) {
      data[this.byte() % data.length] = this.pick([Number.NaN, Number.POSITIVE_INFINITY, -1, 1e308]);
    }
    return new Matrix(this.once(2) ? data : Float32Array.from(data), rows, cols);
  }

  /** Draws a matrix in one of the forms that functions accept. */
  matrixLike(rows: number, cols: number, isPositive = false): unknown {
    const matrix = this.matrix(rows, cols, isPositive);
    const { data } = matrix;
    switch (this.byte() % 12) {
      case 0:
        return matrix.toArrays();
      case 1:
        return { data, shape: [rows, cols] };
      case 2:
        return { shape: [rows, cols], dataSync: () => data };
      case 3:
        return Array.from({ length: rows }, (_, i) => matrix.row(i));
      case 4:
        return { data: Int32Array.from(data), rows, cols };
      default:
        return matrix;
    }
  }
}
