/**
 * Maximum number of filters, because each filter is a bit of a 32-bit number. Bit 31 would make the number negative.
 */
export const MAX_FILTERS = 31;

/** The bar of each row in a column, and the number of bars. */
export interface Bars {
  readonly barOf: Uint8Array | Uint16Array | Uint32Array;
  readonly count: number;
}

/**
 * Combines filters. Each row has a number with one bit per filter, which is set if the row fails that filter. Changing
 * a filter therefore only changes its own bit. Rows with the number 0 pass all filters. To count rows without the
 * filter of one column, the bit of that filter is ignored.
 */
export class CrossFilter {
  /** For each row, one bit per filter that it fails. */
  readonly failed: Uint32Array;
  readonly #bits = new Map<string, number>();

  constructor(readonly n: number) {
    this.failed = new Uint32Array(n);
  }

  /** Number of filters in use. */
  get size(): number {
    return this.#bits.size;
  }

  /**
   * Sets or removes the filter with this name.
   *
   * @param passes whether a row passes; undefined removes the filter
   * @throws {RangeError} if there would be more than {@link MAX_FILTERS} filters
   */
  set(name: string, passes: ((row: number) => boolean) | undefined): void {
    const bit = this.#bits.get(name) ?? (passes ? this.#freeBit() : 0);
    if (bit === 0) return;
    const { failed } = this;
    if (passes) {
      this.#bits.set(name, bit);
      for (let row = 0; row < failed.length; row++) {
        failed[row] = passes(row) ? failed[row] & ~bit : failed[row] | bit;
      }
      return;
    }
    this.#bits.delete(name);
    for (let row = 0; row < failed.length; row++) failed[row] = failed[row] & ~bit;
  }

  #freeBit(): number {
    const used = new Set(this.#bits.values());
    for (let place = 0; place < MAX_FILTERS; place++) if (!used.has(1 << place)) return 1 << place;
    throw new RangeError(`at most ${MAX_FILTERS} filters can be combined`);
  }

  /** Number of rows in each bar that pass all filters except that of `name`. */
  countBars(name: string, { barOf, count }: Bars): Uint32Array {
    const counts = new Uint32Array(count);
    const others = ~(this.#bits.get(name) ?? 0);
    const { failed } = this;
    for (let row = 0; row < failed.length; row++) if ((failed[row] & others) === 0) counts[barOf[row]]++;
    return counts;
  }

  /** Number of rows that pass all filters. */
  countPassing(): number {
    let count = 0;
    for (let row = 0; row < this.failed.length; row++) if (this.failed[row] === 0) count++;
    return count;
  }
}
