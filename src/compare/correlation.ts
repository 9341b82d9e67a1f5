import { setImmediate } from "node:timers/promises";
import { abortError } from "../abort.js";

/** A rank correlation of two quantities of the points. */
export interface Correlation {
  /** Spearman's rho, -1 to 1; equal values share their mean rank. */
  rho: number;
  /**
   * 95 % bootstrap interval: the 2.5 % and 97.5 % percentiles over 1000 resamples of the points with unchanged ranks.
   * The interval is too narrow for two reasons: neighboring points move together, and it does not include the variation
   * between different initial embeddings or seeds.
   */
  interval: [number, number];
  /** Number of points in the correlation. */
  count: number;
}

const RESAMPLES = 1000;
/** Number of draws after which the event loop gets a turn. */
const DRAWS_AT_ONCE = 2_000_000;

/**
 * Spearman's correlation of two quantities of the same points. Points with a NaN are left out. Returns `null` for fewer
 * than 3 points, or if one of the quantities is constant.
 *
 * @param seed seed of the resamples
 * @throws {AbortError} when the signal is aborted
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

  // A linear congruential generator. Its upper bits choose the points.
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

/** Computes ranks from 0 and centers them on 0. Equal values share their mean rank. */
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

/** Correlation of a resample of all points, each chosen by `choose`; NaN if one quantity is constant. */
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
