/**
 * Rows in the order in which they are drawn, followed by ever smaller random subsets of them in the same order. While a map moves, a subset
 * is drawn in place of all rows, so that the map follows the pointer.
 */
export interface DrawOrder {
  /** All subsets, one after the other. The first one contains all rows. */
  readonly rows: Uint32Array;
  /** Where each subset begins, and where the last one ends. */
  readonly starts: readonly number[];
}

/** The subsets end with the first one that has at most this many rows, which every machine draws fast. */
const SMALLEST = 4000;

/** Halves the rows again and again. A row is part of a subset by its number alone, so that no subset prefers a color. */
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

/** Number of rows of a subset; 0 is all rows. */
export const countOf = ({ starts }: DrawOrder, level: number): number => starts[level + 1] - starts[level];

export const levelsOf = ({ starts }: DrawOrder): number => starts.length - 1;

/** A hash of 32 bits (the finalizer of MurmurHash3), by which rows are drawn at random but always in the same way. */
export function scatter(row: number): number {
  let hash = row + 1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
