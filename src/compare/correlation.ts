import { setImmediate } from "node:timers/promises";
import { abortError } from "../binding.js";

/** A rank correlation over points. */
export interface Correlation {
  /** Spearman's rho, -1 to 1; equal values share their mean rank. */
  rho: number;
  /**
   * 95 % bootstrap interval: the 2.5 % and 97.5 % percentiles over 1000 resamples of the points, whose ranks among all are kept. It is too
   * narrow: points that lie together move together, and another start or seed gives other maps, which it does not count.
   */
  interval: [number, number];
  /** Points that it is taken over. */
  count: number;
}

const RESAMPLES = 1000;
/** Draws between two turns of the event loop. */
const DRAWS_AT_ONCE = 2_000_000;

/**
 * Spearman's correlation of two quantities of the same points, those left out where either is NaN; `null` where there are fewer than 3
 * points or one of the quantities is the same for all.
 *
 * @param seed of the resamples
 * @throws {AbortError} once the signal is aborted
 */
export async function correlateRanks(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  seed: number,
  signal?: AbortSignal,
): Promise<Correlation | null> {
  const known = Array.from({ length: x.length }, (_, i) => i).filter((i) => !Number.isNaN(x[i]) && !Number.isNaN(y[i]));
  const count = known.length;
  const [rx, ry] = [x, y].map((values) => ranks(Float64Array.from(known, (i) => values[i]))) as [
    Float64Array,
    Float64Array,
  ];
  const rho = pearson(rx, ry, (i) => i);
  if (count < 3 || Number.isNaN(rho)) return null;

  // A linear congruential generator whose upper bits choose the points.
  let state = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
  const resampled = new Float64Array(RESAMPLES);
  for (let done = 0, drawn = 0; done < RESAMPLES; done++, drawn += count) {
    if (drawn >= DRAWS_AT_ONCE) {
      await setImmediate();
      if (signal?.aborted) throw abortError(signal);
      drawn = 0;
    }
    const again = pearson(rx, ry, draw);
    resampled[done] = Number.isNaN(again) ? rho : again;
  }
  resampled.sort();
  const percentile = (share: number) => resampled[Math.round(share * (RESAMPLES - 1))];
  return { rho, interval: [percentile(0.025), percentile(0.975)], count };
}

/** Ranks from 0, centered on 0; equal values share their mean. */
function ranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((i, j) => values[i] - values[j]);
  const result = new Float64Array(values.length);
  const center = (values.length - 1) / 2;
  for (let start = 0, end = 0; start < order.length; start = end) {
    const value = values[order[start]];
    while (end < order.length && values[order[end]] === value) end++;
    for (let at = start; at < end; at++) result[order[at]] = (start + end - 1) / 2 - center;
  }
  return result;
}

/** The correlation of as many points as there are, each chosen by `choose`; NaN if one quantity is constant. */
function pearson(x: Float64Array, y: Float64Array, choose: (i: number) => number): number {
  let [sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0];
  const n = x.length;
  for (let i = 0; i < n; i++) {
    const at = choose(i);
    const [a, b] = [x[at], y[at]];
    sx += a;
    sy += b;
    sxx += a * a;
    syy += b * b;
    sxy += a * b;
  }
  const [vx, vy] = [sxx - (sx * sx) / n, syy - (sy * sy) / n];
  return vx > 0 && vy > 0 ? Math.max(-1, Math.min(1, (sxy - (sx * sy) / n) / Math.sqrt(vx * vy))) : Number.NaN;
}
