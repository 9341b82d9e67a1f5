import type { Histogram } from "./messages.js";

const BUCKETS = 30;

/**
 * Counts the finite values in 30 intervals of equal length, as TensorFlow 2 does, or in a single interval if all values
 * are the same.
 */
export function countHistogram(values: ArrayLike<number>): Histogram {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [num, sum, sumSquares] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    num++;
    sum += value;
    sumSquares += value * value;
  }
  if (num === 0) return { min: 0, max: 0, num, sum, sumSquares, bucketLimit: [], bucket: [] };
  if (min === max) return { min, max, num, sum, sumSquares, bucketLimit: [max], bucket: [num] };
  const bucket: number[] = new Array(BUCKETS).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    const index = Math.min(BUCKETS - 1, Math.floor(((value - min) / (max - min)) * BUCKETS));
    bucket[index]++;
  }
  const bucketLimit = bucket.map((_, i) => (i === BUCKETS - 1 ? max : min + ((max - min) * (i + 1)) / BUCKETS));
  return { min, max, num, sum, sumSquares, bucketLimit, bucket };
}
