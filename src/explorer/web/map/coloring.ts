import { computed } from "@preact/signals";
import { categoricalColors, INKS, sequentialColors } from "../../../colors/index.js";
import { shuffled } from "../../../shuffle.js";
import type { CategoryColumn, CodedColumn, DateColumn, NumberColumn } from "../../protocol.js";
import type { ColumnValues } from "../coded-values.js";
import { filteredRows } from "../filters/filtered-rows.js";
import { coloredBy, description, selected, theme } from "../state.js";
import { columnTexts, columnValues, formatDate, formatNumber } from "./column-values.js";
import { MISSING_TEXT, mostFrequentTexts } from "./text-categories.js";
import { scaleTicks, type Tick } from "./value-scale.js";
import { visibleText } from "./visible-text.js";

export interface CategoryEntry {
  readonly category: number;
  readonly name: string;
  readonly count: number;
  readonly color: string;
}

export interface CategoryLegend {
  readonly kind: "category";
  readonly title: string;
  readonly entries: readonly CategoryEntry[];
  /** Number of classes without their own color, and number of points in these classes. */
  readonly others: number;
  readonly otherCount: number;
  /** Number of points without a class. */
  readonly missing: number;
}

export interface NumberLegend {
  readonly kind: "number";
  readonly title: string;
  readonly shades: readonly string[];
  readonly low: number;
  readonly high: number;
  /** Whether some values are beyond the ends of the scale. */
  readonly isCutLow: boolean;
  readonly isCutHigh: boolean;
  readonly missing: number;
  /** Round values on the scale. */
  readonly ticks: readonly Tick[];
  /** Formats a value on the scale. */
  readonly format: (value: number) => string;
}

/** The meaning of the colors. */
export type Legend =
  | { readonly kind: "none" }
  | { readonly kind: "loading"; readonly title: string }
  | CategoryLegend
  | NumberLegend;

/** Maximum number of classes with their own color. More colors could not be distinguished. */
export const MAX_CLASSES = 50;
const SHADES = 64;

interface Coloring {
  readonly legend: Legend;
  /** The colors, and the index of the color of each row. */
  readonly colors: readonly string[];
  readonly colorOf: Uint8Array;
  /** Rows in the order in which they are drawn. */
  readonly order: Uint32Array;
}

/** The default order in which rows are drawn. */
export const drawn = computed(() => shuffled(description.value?.n ?? 0));

export const currentColumn = computed(() => description.value?.columns.find(({ id }) => id === coloredBy.value));

/**
 * The column that colors the points, with its values. A text column is replaced by classes of its most frequent texts.
 */
export const coloredColumn = computed<{ column: CodedColumn; values: ColumnValues | undefined } | undefined>(() => {
  const column = currentColumn.value;
  if (!column) return undefined;
  if (column.kind !== "text") return { column, values: columnValues(column) };
  const texts = columnTexts(column);
  const { categories, values } = texts
    ? mostFrequentTexts(texts, MAX_CLASSES - 1)
    : { categories: [], values: undefined };
  return { column: { ...column, kind: "category", type: "uint16", missing: MISSING_TEXT, categories }, values };
});

export const coloring = computed<Coloring>(() => {
  const shown = coloredColumn.value;
  if (!shown) return colorUniformly({ kind: "none" });
  const { column, values } = shown;
  if (!values) return colorUniformly({ kind: "loading", title: column.title });
  return column.kind === "category" ? colorByCategory(column, values) : colorByNumber(column, values);
});

function colorUniformly(legend: Legend): Coloring {
  const colorOf = new Uint8Array(drawn.value.length);
  return { legend, colors: [INKS[theme.value].single], colorOf, order: drawn.value };
}

function colorByCategory({ title, categories, missing }: CategoryColumn, values: ColumnValues): Coloring {
  const counts = new Uint32Array(categories.length);
  for (const category of values) if (category !== missing) counts[category]++;
  const shown = mostFrequent(counts);
  const palette = categoricalColors(shown.length, theme.value);
  // The color after the last class is used for all other points.
  const rest = shown.length;
  const colorOfCategory = new Uint8Array(categories.length).fill(rest);
  for (const [at, category] of shown.entries()) colorOfCategory[category] = at;
  const entries = shown.map((category, at) => ({
    category,
    name: visibleText(categories[category]),
    count: counts[category],
    color: palette[at],
  }));
  const known = counts.reduce((sum, count) => sum + count, 0);
  return {
    legend: {
      kind: "category",
      title,
      entries,
      others: categories.length - shown.length,
      otherCount: known - entries.reduce((sum, { count }) => sum + count, 0),
      missing: values.length - known,
    },
    colors: [...palette, INKS[theme.value].rest],
    colorOf: Uint8Array.from(values, (category) => (category === missing ? rest : colorOfCategory[category])),
    order: drawn.value,
  };
}

/** The classes with their own color, in their original order: all classes, or only the most frequent ones. */
function mostFrequent(counts: Uint32Array): number[] {
  const categories = [...counts.keys()];
  if (categories.length <= MAX_CLASSES) return categories;
  return categories
    .sort((i, j) => counts[j] - counts[i] || i - j)
    .slice(0, MAX_CLASSES - 1)
    .sort((i, j) => i - j);
}

function colorByNumber(column: NumberColumn | DateColumn, values: ColumnValues): Coloring {
  const { title, low, high, min, max } = column;
  const format = column.kind === "date" ? (value: number) => formatDate(column, value) : formatNumber;
  const shades = sequentialColors(SHADES, theme.value);
  const colorOf = new Uint8Array(values.length);
  let missing = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const share = high > low ? (value - low) / (high - low) : 0.5;
    colorOf[i] = Number.isNaN(value) ? SHADES : Math.max(0, Math.min(SHADES - 1, Math.floor(share * SHADES)));
    if (Number.isNaN(value)) missing++;
  }
  // Rows without a value are drawn first, the greatest values last.
  const rank = (row: number) => (colorOf[row] === SHADES ? 0 : 1 + colorOf[row]);
  return {
    legend: {
      kind: "number",
      title,
      shades,
      low,
      high,
      isCutLow: min < low,
      isCutHigh: max > high,
      missing,
      ticks: scaleTicks(column, low, high, 4),
      format,
    },
    colors: [...shades, INKS[theme.value].rest],
    colorOf,
    order: sortByRank(drawn.value, rank, SHADES + 1),
  };
}

/** A stable counting sort by ranks from 0 to `ranks - 1`. */
function sortByRank(rows: Uint32Array, rank: (row: number) => number, ranks: number): Uint32Array {
  const starts = new Uint32Array(ranks + 1);
  for (const row of rows) starts[rank(row) + 1]++;
  for (let at = 1; at < starts.length; at++) starts[at] += starts[at - 1];
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) sorted[starts[rank(row)]++] = row;
  return sorted;
}

const OPACITY = 215;
const UNSELECTED_OPACITY = 40;

/** 1 for selected rows, 0 for other rows; undefined if no row is selected. */
export const selection = computed(() => {
  if (!selected.value) return undefined;
  const isSelected = new Uint8Array(description.value?.n ?? 0);
  for (const row of selected.value) isSelected[row] = 1;
  return isSelected;
});

/**
 * Red, green, blue and opacity of each row. If some rows are selected, all others become gray, so that the selection
 * stands out.
 */
export const tints = computed<Uint8Array>(() => {
  const { colors, colorOf } = coloring.value;
  const isSelected = selection.value;
  const rgba = colors.map((color) => [...toRgb(color), isSelected ? 255 : OPACITY]);
  const faded = [...toRgb(INKS[theme.value].rest), UNSELECTED_OPACITY];
  const bytes = new Uint8Array(4 * colorOf.length);
  for (let i = 0; i < colorOf.length; i++) {
    const color = isSelected && isSelected[i] === 0 ? faded : rgba[colorOf[i]];
    for (let channel = 0; channel < 4; channel++) bytes[4 * i + channel] = color[channel];
  }
  return bytes;
});

/** All rows in drawing order: selected rows are drawn above the others. */
const wholeOrder = computed<Uint32Array>(() => {
  const { order } = coloring.value;
  const isSelected = selection.value;
  return isSelected ? sortByRank(order, (row) => isSelected[row], 2) : order;
});

/** The rows that pass the filters, in drawing order. */
export const drawnOrder = computed<Uint32Array>(() => {
  const { isFiltering, passing, crossFilter } = filteredRows.value;
  const order = wholeOrder.value;
  const { failed } = crossFilter;
  if (!isFiltering || failed.length !== order.length) return order;
  const shown = new Uint32Array(passing);
  let at = 0;
  for (let rank = 0; rank < order.length; rank++) if (failed[order[rank]] === 0) shown[at++] = order[rank];
  return shown;
});

/** @param color `#rrggbb` */
const toRgb = (color: string): number[] => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

/** The color of a row. */
export const colorOf = (row: number): string =>
  coloring.value.colors[coloring.value.colorOf[row]] ?? INKS[theme.value].single;
