import { computed, signal } from "@preact/signals";
import { categoricalColors, INKS, sequentialColors } from "../../../colors/index.js";
import { shuffled } from "../../../shuffle.js";
import type { ColumnDescription } from "../../protocol.js";
import { fetchColumn } from "../server-requests.js";
import { coloredBy, description, failure, selected, theme } from "../state.js";

export type ColumnValues = Float32Array | Uint16Array | Uint32Array;

/** Columns as they have come, by id. */
const columns = signal<ReadonlyMap<string, ColumnValues>>(new Map());
const asked = new Set<string>();

/** Values of a column; undefined until they are here. Asks for them once. */
export function columnValues(column: ColumnDescription): ColumnValues | undefined {
  const values = columns.value.get(column.id);
  if (values === undefined && !asked.has(column.id)) {
    asked.add(column.id);
    fetchColumn(column.id, column.type)
      .then((come) => {
        columns.value = new Map([...columns.peek(), [column.id, come]]);
      })
      .catch((error: Error) => {
        asked.delete(column.id);
        failure.value = `“${column.title}” did not come: ${error.message}`;
      });
  }
  return values;
}

/** Throws away what was asked for when what is explored has changed. */
export function forgetColumns(): void {
  asked.clear();
  columns.value = new Map();
}

/** What a row's value in a column is called; empty where it has none. */
export function valueText(column: ColumnDescription, row: number): string {
  const value = columnValues(column)?.[row];
  if (value === undefined) return "";
  if (column.kind === "category") return value === column.missing ? "" : (column.categories[value] ?? "");
  return Number.isNaN(value) ? "" : formatNumber(value);
}

export const formatNumber = (value: number): string =>
  Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 }).replace("-", "\u2212");

export interface CategoryEntry {
  readonly code: number;
  readonly name: string;
  readonly count: number;
  readonly color: string;
}

/** What explains the colors. */
export type Key =
  | { readonly kind: "none" }
  | { readonly kind: "loading"; readonly title: string }
  | {
      readonly kind: "category";
      readonly title: string;
      readonly entries: readonly CategoryEntry[];
      /** Classes beyond those that have a color of their own, and points without any. */
      readonly others: number;
      readonly otherCount: number;
      readonly missing: number;
    }
  | {
      readonly kind: "number";
      readonly title: string;
      readonly shades: readonly string[];
      readonly low: number;
      readonly high: number;
      /** Whether values lie beyond the ends of the scale. */
      readonly isCutLow: boolean;
      readonly isCutHigh: boolean;
      readonly missing: number;
    };

/** Classes with a color of their own: more cannot be told apart. */
export const MAX_CLASSES = 50;
const SHADES = 64;

interface Coloring {
  readonly key: Key;
  /** The colors, and each row's place among them. */
  readonly colors: readonly string[];
  readonly colorOf: Uint8Array;
  /** Rows in the order they are drawn in. */
  readonly order: Uint32Array;
}

/** The order in which rows are drawn where no value asks for another. */
export const drawn = computed(() => shuffled(description.value?.n ?? 0));

export const currentColumn = computed(() => description.value?.columns.find(({ id }) => id === coloredBy.value));

export const coloring = computed<Coloring>(() => {
  const n = description.value?.n ?? 0;
  const column = currentColumn.value;
  const ink = INKS[theme.value];
  const plain = (key: Key): Coloring => ({
    key,
    colors: [ink.single],
    colorOf: new Uint8Array(n),
    order: drawn.value,
  });
  if (!column) return plain({ kind: "none" });
  const values = columnValues(column);
  if (!values) return plain({ kind: "loading", title: column.title });
  if (column.kind === "category") return byCategory(column, values);
  return byNumber(column, values);

  function byCategory(
    { title, categories, missing }: Extract<ColumnDescription, { kind: "category" }>,
    codes: ColumnValues,
  ): Coloring {
    const counts = new Uint32Array(categories.length);
    for (const code of codes) if (code !== missing) counts[code] = counts[code] + 1;
    // Of too many classes the most frequent are told apart.
    const shown =
      categories.length <= MAX_CLASSES
        ? [...categories.keys()]
        : [...categories.keys()]
            .sort((i, j) => counts[j] - counts[i] || i - j)
            .slice(0, MAX_CLASSES - 1)
            .sort((i, j) => i - j);
    const palette = categoricalColors(shown.length, theme.value);
    const rest = shown.length;
    const colorOfCode = new Uint8Array(categories.length).fill(rest);
    for (const [at, code] of shown.entries()) colorOfCode[code] = at;
    const entries = shown.map((code, at) => ({
      code,
      name: categories[code],
      count: counts[code],
      color: palette[at],
    }));
    const known = counts.reduce((sum, count) => sum + count, 0);
    return {
      key: {
        kind: "category",
        title,
        entries,
        others: categories.length - shown.length,
        otherCount: known - entries.reduce((sum, { count }) => sum + count, 0),
        missing: n - known,
      },
      colors: [...palette, ink.rest],
      colorOf: Uint8Array.from(codes, (code) => (code === missing ? rest : colorOfCode[code])),
      order: drawn.value,
    };
  }

  function byNumber(
    { title, low, high, min, max }: Extract<ColumnDescription, { kind: "number" }>,
    values: ColumnValues,
  ): Coloring {
    const shades = sequentialColors(SHADES, theme.value);
    const colorOf = new Uint8Array(n);
    let missing = 0;
    for (let i = 0; i < n; i++) {
      const value = values[i];
      const share = high > low ? (value - low) / (high - low) : 0.5;
      colorOf[i] = Number.isNaN(value) ? SHADES : Math.max(0, Math.min(SHADES - 1, Math.floor(share * SHADES)));
      if (Number.isNaN(value)) missing++;
    }
    // The greatest are drawn last, those without a value first.
    const rank = (i: number) => (colorOf[i] === SHADES ? -1 : colorOf[i]);
    return {
      key: { kind: "number", title, shades, low, high, isCutLow: min < low, isCutHigh: max > high, missing },
      colors: [...shades, ink.rest],
      colorOf,
      order: countingSort(drawn.value, rank, SHADES),
    };
  }
});

/** Stable, by ranks from -1 to `most - 1`. */
function countingSort(rows: Uint32Array, rank: (row: number) => number, most: number): Uint32Array {
  const starts = new Uint32Array(most + 2);
  for (const row of rows) starts[rank(row) + 2] = starts[rank(row) + 2] + 1;
  for (let at = 1; at < starts.length; at++) starts[at] = starts[at] + starts[at - 1];
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) {
    const at = rank(row) + 1;
    sorted[starts[at]] = row;
    starts[at] = starts[at] + 1;
  }
  return sorted;
}

const OPACITY = 215;
const UNSELECTED_OPACITY = 26;

/** Which rows are selected, 1 or 0; undefined where none is. */
export const selection = computed(() => {
  if (!selected.value) return undefined;
  const is = new Uint8Array(description.value?.n ?? 0);
  for (const row of selected.value) is[row] = 1;
  return is;
});

/** Red, green, blue and opacity of each row, and the order to draw them in: the selected above the others, which fade. */
export const tints = computed<{ tints: Uint8Array; order: Uint32Array }>(() => {
  const { colors, colorOf, order } = coloring.value;
  const is = selection.value;
  const rgb = colors.map((color) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)));
  const opacity = (row: number) => (is === undefined ? OPACITY : is[row] === 1 ? 255 : UNSELECTED_OPACITY);
  const bytes = new Uint8Array(4 * colorOf.length);
  for (let i = 0; i < colorOf.length; i++) {
    const [red, green, blue] = rgb[colorOf[i]] as [number, number, number];
    bytes[4 * i] = red;
    bytes[4 * i + 1] = green;
    bytes[4 * i + 2] = blue;
    bytes[4 * i + 3] = opacity(i);
  }
  return { tints: bytes, order: is ? countingSort(order, (row) => is[row], 2) : order };
});

/** The color of a row. */
export const colorOf = (row: number): string =>
  coloring.value.colors[coloring.value.colorOf[row]] ?? INKS[theme.value].single;
