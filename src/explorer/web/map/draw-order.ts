/**
 * Rows in drawing order, followed by smaller and smaller random subsets of them in the same order. While a map moves,
 * only a subset is drawn, so that the map follows the pointer without delay.
 */
export interface DrawOrder {
  /** All subsets, one after the other. The first subset contains all rows. */
  readonly rows: Uint32Array;
  /** Start of each subset in `rows`, and the end of the last one. */
  readonly starts: readonly number[];
}

/** The smallest subset has at most this many points. Every machine draws them fast. */
const SMALLEST = 4000;

/**
 * Creates the subsets, each about half as large as the previous one. Only the number of a row decides whether it is in
 * a subset, so that no color is preferred.
 */
export function createDrawOrder(order: Uint32Array): DrawOrder {
  const rows = new Uint32Array(2 * order.length + 64 * Math.ceil(Math.sqrt(order.length)));
  rows.set(order);
  const starts = [0, order.length];
  for (let level = 1; starts[level] - starts[level - 1] > SMALLEST && level < 32; level++) {
    const [from, to] = [starts[level - 1], starts[level]];
    let end = to;
    for (let at = from; at < to; at++) {
      const row = rows[at];
      if (scatter(row) >>> (32 - level) === 0) rows[end++] = row;
    }
    starts.push(end);
  }
  return { rows: rows.subarray(0, starts.at(-1)), starts };
}

/** Number of rows of a subset. Level 0 contains all rows. */
export const countOf = ({ starts }: DrawOrder, level: number): number => starts[level + 1] - starts[level];

export const levelsOf = ({ starts }: DrawOrder): number => starts.length - 1;

/** A 32-bit hash (the finalizer of MurmurHash3). It selects rows at random, but always in the same way. */
export function scatter(row: number): number {
  let hash = row + 1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
