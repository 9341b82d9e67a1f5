import { binding } from "../binding.js";

/** From this number of values on, a call of the native addon is faster than the same computation in JavaScript. */
const LEAST_NATIVE = 256;

/**
 * The generator xoshiro128++ (Blackman & Vigna 2021), with an independent stream for each combination of seed, stream
 * and substream.
 */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private d = 0;

  /**
   * @param seed an integer from 0 to 2^53 - 1
   * @param stream an integer from 0 to 2^32 - 1, such as the number of a scene or an image
   * @param substream an integer from 0 to 2^32 - 1 that identifies the purpose of the random numbers, or a repetition
   */
  constructor(seed: number, stream: number, substream: number) {
    let hash = 0;
    const words = [seed >>> 0, Math.floor(seed / 2 ** 32), stream, substream, 1, 2, 3, 4];
    // The finalizer of MurmurHash3 is applied after every word. The four rounds after the last input give the four
    // words of the state.
    for (const word of words) {
      hash = Math.imul(hash + 0x9e3779b9, 0x85ebca6b) ^ word;
      hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
      hash ^= hash >>> 16;
      [this.a, this.b, this.c, this.d] = [this.b, this.c, this.d, hash];
    }
  }

  /** 32 random bits, as an integer >= 0. */
  private next(): number {
    const sum = (this.a + this.d) | 0;
    const result = ((sum << 7) | (sum >>> 25)) + this.a;
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result >>> 0;
  }

  /** A uniform number u, 0 < u < 1. */
  uniform(): number {
    return (this.next() + 0.5) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.uniform();
  }

  angle(): number {
    return this.between(0, 2 * Math.PI);
  }

  /** A random integer from 0 to `end` - 1. */
  integer(end: number): number {
    return Math.floor(this.uniform() * end);
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(this.angle());
  }

  /** Returns `length` standard normal numbers, computed with the polar method (Marsaglia & Bray 1964). */
  normals(length: number): Float32Array {
    const values = new Float32Array(length);
    if (length >= LEAST_NATIVE && binding.drawNormals) {
      const state = Int32Array.of(this.a, this.b, this.c, this.d);
      binding.drawNormals(state, values);
      [this.a, this.b, this.c, this.d] = state as unknown as [number, number, number, number];
      return values;
    }
    for (let i = 0; i < length; i += 2) {
      let x: number;
      let y: number;
      let square: number;
      do {
        x = this.next() * 2 ** -31 - 1;
        y = this.next() * 2 ** -31 - 1;
        square = x * x + y * y;
      } while (square >= 1 || square === 0);
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      values[i] = x * scale;
      // If the length is odd, the last index is beyond the end of the array, and the number is dropped.
      values[i + 1] = y * scale;
    }
    return values;
  }

  /** The integers from 0 to `length` - 1 in random order (Fisher & Yates). */
  permutation(length: number): Int32Array {
    const order = Int32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const other = order[j];
      order[j] = order[i];
      order[i] = other;
    }
    return order;
  }

  poisson(mean: number): number {
    return mean < 10 ? this.poissonByInversion(mean) : this.poissonByRejection(mean);
  }

  private poissonByInversion(mean: number): number {
    let probability = Math.exp(-mean);
    let rest = this.uniform() - probability;
    let count = 0;
    // The limit ends the loop if rounding leaves a small rest after the whole distribution has been used.
    while (rest > 0 && count < 100) {
      count++;
      probability *= mean / count;
      rest -= probability;
    }
    return count;
  }

  /**
   * Draws a Poisson number by transformed rejection with squeeze: algorithm PTRS of Hörmann 1993, "The transformed
   * rejection method".
   */
  private poissonByRejection(mean: number): number {
    const b = 0.931 + 2.53 * Math.sqrt(mean);
    const a = -0.059 + 0.02483 * b;
    for (;;) {
      const u = this.uniform() - 0.5;
      const v = this.uniform();
      const us = 0.5 - Math.abs(u);
      const count = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return count;
      if (count < 0 || (us < 0.013 && v > us)) continue;
      const inverse = 1.1239 + 1.1328 / (b - 3.4);
      const accepted = Math.log((v * inverse) / (a / (us * us) + b));
      if (accepted <= count * Math.log(mean) - mean - logFactorial(count)) return count;
    }
  }
}

/** Returns ln n!. For n >= 10, the function uses Stirling's series, whose error is below 1e-9 for these n. */
function logFactorial(n: number): number {
  if (n < 10) {
    let product = 1;
    for (let i = 2; i <= n; i++) product *= i;
    return Math.log(product);
  }
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * n) - 1 / (360 * n ** 3);
}
