import type { Matrix } from "../../src/matrix.js";

const MASK = (1n << 64n) - 1n;
const ODD = 0x9e3779b97f4a7c15n;

const mix = (value: bigint): bigint => {
  let z = value & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
};

/** xoshiro256++, seeded by splitmix64. */
class Random {
  readonly #state: bigint[];

  constructor(seed: bigint) {
    this.#state = [1n, 2n, 3n, 4n].map((step) => mix(seed + step * ODD));
  }

  bits(): bigint {
    const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (64n - k))) & MASK;
    const [a, b, c, d] = this.#state as [bigint, bigint, bigint, bigint];
    const [third, fourth] = [c ^ a, d ^ b];
    this.#state.splice(0, 4, a ^ fourth, b ^ third, third ^ ((b << 17n) & MASK), rotate(fourth, 45n));
    return (rotate((a + d) & MASK, 23n) + a) & MASK;
  }

  normal(): number {
    const uniform = () => (Number(this.bits() >> 11n) + 1) * 2 ** -53;
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    return radius * Math.cos(2 * Math.PI * uniform());
  }
}

const bitsOf = (value: number): bigint => BigInt(new Uint32Array(Float32Array.of(value + 0).buffer)[0]);

/**
 * Center and scales with which the core stores the numbers: it subtracts the center of the fitted points and divides by
 * their spread and their largest sigma.
 */
function frameOf(data: Matrix, sigma: Matrix): { center: number[]; scale: number; sigmaScale: number } {
  const largest = Math.max(...Array.from(data.data, Math.abs));
  const center = new Array<number>(data.cols).fill(0);
  const each = (visit: (value: number, column: number) => void) =>
    data.data.forEach((value, at) => {
      visit(value / largest, at % data.cols);
    });
  each((value, k) => {
    center[k] = center[k] + value;
  });
  const means = center.map((sum) => sum / data.rows);
  let spread = 0;
  each((value, k) => {
    spread = Math.max(spread, Math.abs(value - means[k]));
  });
  return {
    center: means.map((mean) => mean * largest),
    scale: largest * spread,
    sigmaScale: Math.max(...Array.from(sigma.data)),
  };
}

/** Draws from the Gaussian of one point. The seed depends on the values of the point, not on its row. */
export function makeDraws(
  fitted: { data: Matrix; sigma: Matrix },
  mean: ArrayLike<number>,
  sigma: ArrayLike<number>,
  count: number,
  seed: number,
): number[][] {
  const { center, scale, sigmaScale } = frameOf(fitted.data, fitted.sigma);
  const packed = center.map((c, k) => Math.fround(mean[k] / scale - c / scale));
  const deviations = center.map((_, k) => Math.fround(sigma[k] / sigmaScale));
  let key = new Random(BigInt(seed)).bits();
  for (const [k, value] of packed.entries()) {
    for (const number of [value, deviations[k]]) key = mix(key + ODD + bitsOf(number));
  }
  const random = new Random(key);
  return Array.from({ length: count }, () =>
    packed.map((value, k) => {
      const offset = random.normal() * deviations[k] * (sigmaScale / scale);
      return center[k] + (value + offset) * scale;
    }),
  );
}
