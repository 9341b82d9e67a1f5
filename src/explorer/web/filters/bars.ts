import type { CategoryColumn, DateColumn, NumberColumn } from "../../protocol.js";
import type { ColumnValues } from "../coded-values.js";
import type { Bars } from "./cross-filter.js";

/**
 * Bars of a histogram. `count` is one more than the number of drawn bars, because the last bar is for rows without a
 * value.
 */
export interface Histogram extends Bars {
  /** Lower end of the first bar and upper end of the last one. */
  readonly low: number;
  readonly high: number;
  /** Number of bars that are drawn. */
  readonly drawn: number;
  /** Whether the first and the last bar also contain values beyond the ends. */
  readonly isCut: boolean;
}

const BARS = 40;
/**
 * If the full range is this many times larger than the range of the middle 96 %, most bars would be empty, so the
 * histogram is cut.
 */
const FAR = 8;

/** Bars of equal width over numbers or dates. If there are only a few different whole numbers, each has its own bar. */
export function histogramOf(column: NumberColumn | DateColumn, values: ColumnValues): Histogram {
  const { min, max, low: from, high: to } = column;
  const isCounted = column.kind === "number" && column.isWhole && max - min < BARS;
  const isCut = !isCounted && to > from && max - min > FAR * (to - from);
  const margin = 0.02 * (to - from);
  const low = isCounted ? min - 0.5 : isCut ? Math.max(min, from - margin) : min;
  const high = isCounted ? max + 0.5 : isCut ? Math.min(max, to + margin) : max;
  const drawn = isCounted ? max - min + 1 : high > low ? BARS : 1;
  const scale = drawn / (high - low || 1);
  const barOf = new Uint8Array(values.length);
  for (let row = 0; row < barOf.length; row++) {
    const value = values[row];
    barOf[row] = Number.isNaN(value) ? drawn : Math.max(0, Math.min(drawn - 1, Math.floor((value - low) * scale)));
  }
  return { barOf, count: drawn + 1, drawn, low, high, isCut };
}

/** One bar per class, and a last bar for rows without a class. */
export function classBars({ categories, missing }: CategoryColumn, values: ColumnValues): Bars {
  const barOf = new (categories.length < 0xffff ? Uint16Array : Uint32Array)(values.length);
  for (let row = 0; row < barOf.length; row++) {
    const code = values[row];
    barOf[row] = code === missing ? categories.length : code;
  }
  return { barOf, count: categories.length + 1 };
}

/** Number of rows in each bar, without any filter. */
export function countAll({ barOf, count }: Bars): Uint32Array {
  const counts = new Uint32Array(count);
  for (let row = 0; row < barOf.length; row++) counts[barOf[row]]++;
  return counts;
}
