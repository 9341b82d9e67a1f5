/**
 * Stability of a group of points when an embedding is computed again. Both values are fractions, 0 to 1, over all
 * repetitions.
 */
export interface GroupStability {
  /** Fraction of the pairs of points of this group that are in one group again in a repetition. */
  together: number;
  /**
   * Consider all pairs of a point of this group and another point that is in one group with it in a repetition. This is
   * the fraction of these pairs in which the other point comes from another group.
   */
  mixed: number;
}

/** Used instead of a group number: the point is in no group. */
export const NO_GROUP = -1;
/** Used instead of a group number: the point was not part of this repetition. */
export const LEFT_OUT = -2;

/**
 * Counts pairs. Let N_gc be the number of points of group g in group c of a repetition, and N_c the number of all
 * points in c. Then g has N_gc (N_gc - 1) ordered pairs together in c, and N_gc (N_c - N_gc) mixed pairs. A point
 * without a group in a repetition is together with no other point.
 *
 * @param groupOf n: the group of each point, from 0 to `count` - 1, or a negative number for points without one
 * @param again n numbers per repetition, one repetition after the other: the group of each point in it, {@link
 *   NO_GROUP} or {@link LEFT_OUT}
 * @returns one entry per group; NaN if no repetition has two points of the group
 */
export function measureStability(groupOf: Int32Array, count: number, again: Int32Array): GroupStability[] {
  const n = groupOf.length;
  const pairs = new Float64Array(count);
  const together = new Float64Array(count);
  const mixed = new Float64Array(count);
  for (let first = 0; first < again.length; first += n) {
    const now = again.subarray(first, first + n);
    const kept = new Float64Array(count);
    let found = 0;
    for (const group of now) found = Math.max(found, group + 1);
    const sizes = new Float64Array(found);
    const shared = new Map<number, number>();
    for (let i = 0; i < n; i++) {
      if (now[i] === LEFT_OUT) continue;
      const group = groupOf[i];
      if (group >= 0) kept[group]++;
      if (now[i] === NO_GROUP) continue;
      sizes[now[i]]++;
      if (group >= 0) shared.set(group * found + now[i], (shared.get(group * found + now[i]) ?? 0) + 1);
    }
    for (let group = 0; group < count; group++) pairs[group] += kept[group] * (kept[group] - 1);
    for (const [key, size] of shared) {
      const group = Math.floor(key / found);
      together[group] += size * (size - 1);
      mixed[group] += size * (sizes[key % found] - size);
    }
  }
  return Array.from({ length: count }, (_, group) => ({
    together: pairs[group] > 0 ? together[group] / pairs[group] : Number.NaN,
    mixed: together[group] + mixed[group] > 0 ? mixed[group] / (together[group] + mixed[group]) : Number.NaN,
  }));
}

/**
 * For each point, computes the mean fraction of the other points of its group that share a group with it again in a
 * repetition. The mean is over the repetitions that include the point.
 *
 * @returns n fractions; NaN for points without a group, and for points that never occur in a repetition together with
 *   another point of their group
 */
export function measureStaying(groupOf: Int32Array, count: number, again: Int32Array): Float32Array {
  const n = groupOf.length;
  const sum = new Float64Array(n);
  const times = new Float64Array(n);
  for (let first = 0; first < again.length; first += n) {
    const now = again.subarray(first, first + n);
    const kept = new Float64Array(count);
    const shared = new Map<number, number>();
    const keyOf = (i: number) => now[i] * count + groupOf[i];
    for (let i = 0; i < n; i++) {
      if (groupOf[i] < 0 || now[i] === LEFT_OUT) continue;
      kept[groupOf[i]]++;
      if (now[i] !== NO_GROUP) shared.set(keyOf(i), (shared.get(keyOf(i)) ?? 0) + 1);
    }
    for (let i = 0; i < n; i++) {
      if (groupOf[i] < 0 || now[i] === LEFT_OUT || kept[groupOf[i]] < 2) continue;
      times[i]++;
      if (now[i] !== NO_GROUP) sum[i] += ((shared.get(keyOf(i)) as number) - 1) / (kept[groupOf[i]] - 1);
    }
  }
  return Float32Array.from(sum, (value, i) => (times[i] > 0 ? value / times[i] : Number.NaN));
}
