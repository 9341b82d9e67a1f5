import { shortestFloat32 } from "../csv-cell.js";
import type { ReadColumn } from "../io/index.js";
import { dateText } from "./date-text.js";
import type { CategoryColumn, ColumnRole, DateColumn, NumberColumn, TextColumn } from "./protocol.js";
import { TextValues } from "./text-values.js";

/**
 * A property of the points, such as their labels or a measured number: one value per point, and the description of the
 * column.
 */
export type Column =
  | { readonly description: CategoryColumn; readonly values: Uint16Array | Uint32Array }
  | { readonly description: NumberColumn | DateColumn; readonly values: Float32Array | Float64Array }
  | { readonly description: TextColumn; readonly values: TextValues };

/** Names and role of a column. */
export interface ColumnNames {
  readonly id: string;
  readonly title: string;
  /** Name of the column in exported tables; by default the id. */
  readonly name?: string;
  readonly role?: ColumnRole;
  /** What the values mean, in a sentence or two. */
  readonly note?: string | undefined;
}

/** Largest number of classes. A column with more different texts is treated as plain texts. */
const MOST_CLASSES = 1000;
/** Smallest average number of rows per class. A column with fewer rows per distinct text is treated as plain texts. */
const ROWS_PER_CLASS = 3;
/** A column with at most this many different texts always counts as classes, so that small tables work too. */
const FEW_CLASSES = 20;
/** A column of labels with at most this many distinct labels is always treated as classes. */
const MOST_LABELS = 0xfffe;
/** Browsers limit a text to about 2^29 characters, and the page joins all texts of a column into one. */
const MOST_CHARACTERS = 2 ** 28;

/** Converts a column of a table for the explorer; its kind depends on the content of the column. */
export function tableColumn(names: ColumnNames, { holds, values }: Omit<ReadColumn, "name">): Column | TooLong {
  if (holds === "dates") return dateColumn(names, values as Float64Array);
  if (holds === "booleans") {
    const words = ["false", "true"];
    return categoryColumn(
      names,
      Array.from(values as ArrayLike<number>, (value) => words[value] ?? ""),
    );
  }
  if (!isTexts(values)) {
    // Whole numbers in a label column are class names.
    if (names.role !== "label") return numberColumn(names, values as ArrayLike<number>);
    return textColumn(
      names,
      Array.from(values as ArrayLike<number>, (value) => (Number.isNaN(value) ? "" : String(value))),
    );
  }
  return textColumn(names, values);
}

/** The reason why a column of texts is left out. */
export interface TooLong {
  readonly reason: string;
}

export const isTooLong = (column: Column | TooLong): column is TooLong => "reason" in column;

const isTexts = (values: ReadColumn["values"]): values is readonly string[] => Array.isArray(values);

/**
 * Chooses the kind of a text column: dates if all texts are dates, classes if the texts repeat, otherwise plain texts.
 */
function textColumn(names: ColumnNames, texts: readonly string[]): Column | TooLong {
  if (names.role !== "label") {
    const dates = parseDates(texts);
    if (dates) return dateColumn(names, dates);
  }
  const distinct = countDistinct(texts, MOST_LABELS);
  const areClasses =
    names.role === "label"
      ? distinct <= MOST_LABELS
      : names.role !== "identifier" &&
        distinct <= MOST_CLASSES &&
        distinct <= Math.max(FEW_CLASSES, texts.length / ROWS_PER_CLASS);
  if (areClasses) return categoryColumn(names, texts);
  const characters = texts.reduce((sum, { length }) => sum + length, 0);
  if (characters > MOST_CHARACTERS) {
    return {
      reason: `its texts have ${Math.round(characters / 1e6)} million characters, but at most 268 million can be shown`,
    };
  }
  const missing = texts.reduce((sum, text) => sum + Number(text === ""), 0);
  const description = { ...describe(names), kind: "text", type: "text", format: formatOf(texts), missing } as const;
  return { description, values: TextValues.from(texts) };
}

/** Counts the different texts without the empty text. Stops counting when the number exceeds `most`. */
function countDistinct(texts: readonly string[], most: number): number {
  const found = new Set<string>();
  for (const text of texts) {
    if (text !== "") found.add(text);
    if (found.size > most) break;
  }
  return found.size;
}

/** The labels of the points. */
export function labelColumn(labels: readonly string[], name = "label"): Column {
  const title = name.toLowerCase() === "label" ? "Label" : name;
  const names = { id: "label", title, name, role: "label" } as const;
  const column = textColumn(names, labels);
  return isTooLong(column) ? categoryColumn(names, labels) : column;
}

/** Creates a column of category names. An empty name means that the value is missing. */
export function categoryColumn(names: ColumnNames, values: readonly string[]): Column {
  const found = [...new Set(values)].filter((name) => name !== "");
  const areNumbers = found.every((name) => Number.isFinite(Number(name)));
  const categories = found.sort(areNumbers ? (a, b) => Number(a) - Number(b) : compareNames);
  const isSmall = categories.length < 0xffff;
  const missing = isSmall ? 0xffff : 0xffffffff;
  const numbers = new Map(categories.map((name, number) => [name, number]));
  const codes = new (isSmall ? Uint16Array : Uint32Array)(values.length);
  for (let i = 0; i < codes.length; i++) codes[i] = numbers.get(values[i]) ?? missing;
  return {
    description: {
      ...describe(names),
      kind: "category",
      type: isSmall ? "uint16" : "uint32",
      missing,
      categories,
      format: formatOf(categories),
    },
    values: codes,
  };
}

const { compare: compareNames } = new Intl.Collator("en", { numeric: true });

/** A column of numbers. NaN and infinities mean that the value is missing. */
export function numberColumn(names: ColumnNames, numbers: ArrayLike<number>): Column {
  const values = toFloats(numbers);
  const isWhole = values.every((value) => Number.isNaN(value) || Number.isInteger(value));
  const type = values instanceof Float32Array ? "float32" : "float64";
  return { description: { ...describe(names), kind: "number", type, isWhole, ...rangeOf(values) }, values };
}

/**
 * Converts numbers to float32 if this preserves every number exactly, or at least all decimal digits with which it was
 * written. Otherwise converts them to float64.
 */
function toFloats(numbers: ArrayLike<number>): Float32Array | Float64Array {
  const single = new Float32Array(numbers.length);
  let isExact = true;
  for (let i = 0; i < single.length; i++) {
    const value = numbers[i];
    single[i] = Number.isFinite(value) ? value : Number.NaN;
    isExact &&= !Number.isFinite(value) || single[i] === value || Number(shortestFloat32(single[i])) === value;
  }
  if (isExact) return single;
  return Float64Array.from(numbers, (value) => (Number.isFinite(value) ? value : Number.NaN));
}

/** A column of dates in milliseconds since 1970, UTC. NaN means that the date is missing. */
export function dateColumn(names: ColumnNames, milliseconds: Float64Array): Column {
  // A file may contain dates beyond the range of Date. They count as missing.
  const values = milliseconds.map((value) => (Math.abs(value) <= 8.64e15 ? value : Number.NaN));
  const isMultipleOf = (unit: number) => values.every((value) => Number.isNaN(value) || value % unit === 0);
  const precision = isMultipleOf(86_400_000) ? "day" : isMultipleOf(1000) ? "second" : "millisecond";
  return { description: { ...describe(names), kind: "date", type: "float64", precision, ...rangeOf(values) }, values };
}

function rangeOf(values: Float32Array | Float64Array): Pick<NumberColumn, "min" | "low" | "high" | "max" | "empty"> {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [min, low, high, max] = [at(0), at(0.02), at(0.98), at(1)];
  return { min, low, high, max, empty: values.length - sorted.length };
}

const describe = ({ id, title, name = id, role = "computed", note }: ColumnNames) => ({
  id,
  title,
  name,
  role,
  ...(note !== undefined && { note }),
});

/** Dates must begin with the year, as in ISO 8601 and most databases. A time without a time zone counts as UTC. */
const DATE =
  /^([+-]?\d{4,6})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/;
const MISSING_DATE = /^(?:|na|n\/a|nat|null|none|nan|-)$/i;

/**
 * Parses dates to milliseconds since 1970, UTC; `undefined` if a text is not a date, or if there are no dates at all.
 */
export function parseDates(texts: readonly string[]): Float64Array | undefined {
  const dates = new Float64Array(texts.length);
  let found = 0;
  for (let i = 0; i < texts.length; i++) {
    const date = MISSING_DATE.test(texts[i]) ? Number.NaN : parseDate(texts[i]);
    if (date === undefined) return undefined;
    if (!Number.isNaN(date)) found++;
    dates[i] = date;
  }
  return found > 0 ? dates : undefined;
}

function parseDate(text: string): number | undefined {
  const parts = DATE.exec(text);
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60) return undefined;
  const fraction = Number(`0.${parts[7] ?? 0}`);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, Math.floor(1000 * fraction));
  const [, sign, hours, minutes = "0"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(parts[8] ?? "") ?? [];
  const shift = sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (60 * Number(hours) + Number(minutes));
  return date.getTime() - 60_000 * shift;
}

const LINK = /^https?:\/\/[^\s]+$/i;
const IMAGE = /^[^\s].*\.(?:png|jpe?g|gif|webp|tiff?|bmp|avif)$/i;

/** The format that all non-empty texts have in common. */
function formatOf(texts: readonly string[]): TextColumn["format"] {
  const are = (form: RegExp) => {
    let found = false;
    for (const text of texts) {
      if (text === "") continue;
      if (!form.test(text)) return false;
      found = true;
    }
    return found;
  };
  return are(LINK) ? "link" : are(IMAGE) ? "image" : "plain";
}

/**
 * The value of a point: the name of its category, its number, its date in milliseconds or its text; null if the value
 * is missing.
 */
export function valueAt({ description, values }: Column, index: number): string | number | null {
  if (values instanceof TextValues) return values.at(index) || null;
  const value = values[index];
  if (description.kind === "category") return description.categories[value] ?? null;
  return Number.isNaN(value) ? null : value;
}

/** Values of a column for an exported table; dates become ISO 8601 texts. */
export function columnOf(column: Column, indices: Uint32Array): Float32Array | Float64Array | string[] {
  const { description, values } = column;
  if (values instanceof TextValues) return Array.from(indices, (index) => values.at(index));
  if (description.kind === "category") {
    return Array.from(indices, (index) => description.categories[values[index]] ?? "");
  }
  if (description.kind === "date") {
    return Array.from(indices, (index) => dateText(values[index], description.precision));
  }
  const taken = values instanceof Float32Array ? new Float32Array(indices.length) : new Float64Array(indices.length);
  for (let i = 0; i < taken.length; i++) taken[i] = values[indices[i]];
  return taken;
}
