import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CategoryColumn, NumberColumn, TextColumn } from "../../src/explorer/protocol.js";
import { TextValues } from "../../src/explorer/text-values.js";
import { classBars, countAll, histogramOf } from "../../src/explorer/web/filters/bars.js";
import { CrossFilter, MAX_FILTERS } from "../../src/explorer/web/filters/cross-filter.js";
import { rowsContaining } from "../../src/explorer/web/search/find-text.js";
import { sortRows } from "../../src/explorer/web/table/sort-rows.js";
import { ROW_HEIGHT, scrollTopFor, visibleRows } from "../../src/explorer/web/table/virtual-scroll.js";

const shared = { id: "c", title: "c", name: "c", role: "metadata" } as const;
const numbers = (values: ArrayLike<number>): NumberColumn => {
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  const [min, max] = [Math.min(...known), Math.max(...known)];
  return {
    ...shared,
    kind: "number",
    type: "float64",
    isWhole: known.every(Number.isInteger),
    min,
    max,
    low: min,
    high: max,
    empty: values.length - known.length,
  };
};

describe("filters that combine", () => {
  it("determine the count of each bar, which is the number of rows that pass all other filters", () => {
    const n = 500;
    const values = [3, 5, 7].map((step) => Float64Array.from({ length: n }, (_, row) => (row * step) % 20));
    const bars = values.map((column) => histogramOf(numbers(column), column));
    const filter = new CrossFilter(n);
    const ranges = [[2, 11], [0, 9], undefined] as const;
    const passes = (column: number, row: number) => {
      const range = ranges[column];
      return (
        !range ||
        ((values[column] as Float64Array)[row] >= range[0] && (values[column] as Float64Array)[row] <= range[1])
      );
    };
    for (const column of [0, 1]) filter.set(String(column), (row) => passes(column, row));
    for (const [column, bar] of bars.entries()) {
      const expected = new Uint32Array(bar.count);
      for (let row = 0; row < n; row++) {
        if ([0, 1, 2].every((other) => other === column || passes(other, row))) expected[bar.barOf[row] as number]++;
      }
      expect(filter.countBars(String(column), bar)).toEqual(expected);
    }
    const all = Array.from({ length: n }, (_, row) => row).filter((row) => passes(0, row) && passes(1, row));
    expect(filter.countPassing()).toBe(all.length);
    filter.set("0", undefined);
    filter.set("1", undefined);
    expect(filter.countPassing()).toBe(n);
  });

  it("are rejected if there are more filters than bits in a number", () => {
    const filter = new CrossFilter(2);
    for (let at = 0; at < MAX_FILTERS; at++) filter.set(String(at), () => true);
    expect(() => filter.set("one more", () => true)).toThrow(`at most ${MAX_FILTERS} filters`);
    filter.set("0", undefined);
    filter.set("one more", (row) => row === 1);
    expect(filter.countPassing()).toBe(1);
  });
});

describe("the bars of a column", () => {
  it("contain every row once, with a separate bar for rows without a value", () => {
    const values = Float64Array.of(0, 0.5, 1, Number.NaN, 100, -3);
    const histogram = histogramOf({ ...numbers(values), low: 0, high: 1 }, values);
    expect(histogram.isCut).toBe(true);
    const counts = countAll(histogram);
    expect(counts.reduce((sum, count) => sum + count)).toBe(6);
    expect(counts[histogram.drawn]).toBe(1);
    expect([counts[0], counts[histogram.drawn - 1]]).toEqual([2, 2]);
  });

  it("are one per number if there are few different whole numbers", () => {
    const values = Float32Array.of(2, 3, 3, 7);
    const histogram = histogramOf(numbers(values), values);
    expect(histogram).toMatchObject({ drawn: 6, low: 1.5, high: 7.5 });
    expect(Array.from(countAll(histogram))).toEqual([1, 2, 0, 0, 0, 1, 0]);
  });

  it("exist for a single value, and for no value at all", () => {
    const same = Float32Array.of(0.5, 0.5);
    expect(Array.from(countAll(histogramOf(numbers(same), same)))).toEqual([2, 0]);
    const none = Float32Array.of(Number.NaN);
    expect(Array.from(countAll(histogramOf({ ...numbers(none), min: 0, max: 0, low: 0, high: 0 }, none)))).toEqual([
      0, 1,
    ]);
  });

  it("end with the rows without a class, for a class column", () => {
    const column = {
      ...shared,
      kind: "category",
      type: "uint16",
      missing: 0xffff,
      categories: ["a", "b"],
      format: "plain",
    };
    expect(Array.from(countAll(classBars(column as CategoryColumn, Uint16Array.of(1, 0xffff, 0, 1))))).toEqual([
      1, 2, 1,
    ]);
  });
});

describe("finding a text", () => {
  it("gives the same result as searching each row, in upper and lower case", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "B", "İ", "ß", "é", "", "\u{1f600}"), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), text, (texts, wanted) => {
        const found = rowsContaining(TextValues.from(texts), wanted);
        const expected = texts.map((one) => Number(one.toLowerCase().includes(wanted.toLowerCase())));
        expect(Array.from(found)).toEqual(expected);
      }),
    );
  });

  it("works after texts were encoded by the server and decoded by the page", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
        const copy = TextValues.decode(TextValues.from(texts).encode().buffer, texts.length);
        expect(texts.map((_, row) => copy.at(row))).toEqual(texts);
      }),
    );
    const begins = TextValues.decode(TextValues.from(["\ufeffa", "b"]).encode().buffer, 2);
    expect([begins.at(0), begins.at(1)]).toEqual(["\ufeffa", "b"]);
  });
});

describe("sorting rows", () => {
  const stable = <T>(values: readonly T[], isMissing: (value: T) => boolean, isDescending: boolean) =>
    values
      .map((value, row) => ({ value, row }))
      .sort((a, b) => {
        const missing = Number(isMissing(a.value)) - Number(isMissing(b.value));
        if (missing !== 0 || isMissing(a.value)) return missing;
        const order = a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
        return isDescending ? -order : order;
      })
      .map(({ row }) => row);

  it.each([false, true])("sorts numbers and puts missing ones last (descending: %s)", (isDescending) => {
    const number = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 }));
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), (values) => {
        const sorted = sortRows(numbers(values), Float64Array.from(values), isDescending);
        expect(Array.from(sorted)).toEqual(stable(values, Number.isNaN, isDescending));
      }),
    );
  });

  it.each([false, true])("sorts texts and puts empty ones last (descending: %s)", (isDescending) => {
    const column: TextColumn = { ...shared, kind: "text", type: "text", format: "plain", missing: 0 };
    const text = fc.string({ unit: fc.constantFrom("a", "b", "z", "é"), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (texts) => {
        const sorted = sortRows(column, TextValues.from(texts), isDescending);
        expect(Array.from(sorted)).toEqual(stable(texts, (one) => one === "", isDescending));
      }),
    );
  });
});

describe("the visible rows of a long table", () => {
  it.each([10, 10_000, 5_000_000])("can include the first and the last of %i rows and each row in between", (count) => {
    const view = 300;
    const { height } = visibleRows(count, 0, view);
    const last = visibleRows(count, Math.max(0, height - view), view);
    expect(last.end).toBe(count);
    if (height > view) expect(last.topOf(count - 1)).toBeCloseTo(height - ROW_HEIGHT, 3);
    for (const at of [0, 1, count >> 1, count - 1]) {
      const top = scrollTopFor(at, count, 0, view);
      const { first, end, topOf } = visibleRows(count, top, view);
      expect(first <= at && at < end).toBe(true);
      expect(topOf(at)).toBeGreaterThan(top - 2);
      expect(topOf(at)).toBeLessThan(top + view - ROW_HEIGHT + 2);
    }
  });
});
