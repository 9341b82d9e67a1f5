import { ArgumentError, DataError } from "../errors.js";

/** The labels of the points, either as classes or as a quantity. In `indices`, -1 marks a point without a label. */
export type Labels =
  | { readonly kind: "none" }
  | {
      readonly kind: "classes";
      /** Index in `names` for each point. */
      readonly indices: Int32Array;
      readonly names: readonly string[];
      /** Number of points in each class. */
      readonly counts: readonly number[];
      /**
       * Number of distinct labels that have no color of their own and share the color of "other". Points with these
       * labels have the index -1.
       */
      readonly otherClasses: number;
      /** Number of points without a class. */
      readonly rest: number;
    }
  | {
      readonly kind: "quantity";
      /** Value of each point; NaN for a point without a value. */
      readonly values: Float64Array;
      readonly least: number;
      readonly most: number;
      /** Number of points without a value. */
      readonly rest: number;
    };

/** Largest number of classes. More colors could neither be distinguished nor found in a legend. */
const MOST_CLASSES = 50;

/**
 * Converts the labels of `n` points to classes in natural order ("2" before "10"), or to a quantity.
 *
 * @throws {ArgumentError} SHAPE_MISMATCH if the number of labels is not n
 * @throws {DataError} INVALID_ARGUMENT with the row, if a label is neither a string nor a number
 */
export function readLabels(labels: ArrayLike<string | number> | undefined, n: number): Labels {
  if (labels === undefined) return { kind: "none" };
  checkLabels(labels, n);
  const counted = countLabels(labels, n);
  const isQuantity =
    counted.found.length > MOST_CLASSES && counted.found.every(({ name }) => Number.isFinite(Number(name)));
  return isQuantity ? toQuantity(counted) : toClasses(counted);
}

function checkLabels(labels: ArrayLike<string | number>, n: number): void {
  const isArray = Array.isArray(labels) || (ArrayBuffer.isView(labels) && !(labels instanceof DataView));
  if (!isArray) {
    const accepted = "an array of strings or numbers, one per point";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "labels", received: labels, accepted });
  }
  if (labels.length !== n) {
    const accepted = `${n} labels, one per point`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument: "labels", received: labels, accepted });
  }
}

/** The distinct labels in the order of their first points, and the index of each point's label, or -1. */
interface CountedLabels {
  readonly found: readonly { readonly name: string; readonly count: number }[];
  readonly indices: Int32Array;
}

function countLabels(labels: ArrayLike<string | number>, n: number): CountedLabels {
  const labelIndex = new Map<string | number, number>();
  const found: { name: string; count: number }[] = [];
  const indices = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const label: unknown = labels[i];
    if (typeof label !== "string" && typeof label !== "number") {
      const facts = { argument: "labels", received: label, accepted: "strings or numbers", row: i, column: 0 };
      throw new DataError("INVALID_ARGUMENT", facts);
    }
    let index = labelIndex.get(label);
    if (index === undefined) {
      const name = Number.isNaN(label) ? "" : cleanText(String(label));
      index = name === "" ? -1 : (labelIndex.get(name) ?? found.push({ name, count: 0 }) - 1);
      labelIndex.set(label, index).set(name, index);
    }
    indices[i] = index;
    const entry = found[index];
    if (entry) entry.count++;
  }
  return { found, indices };
}

function toQuantity({ found, indices }: CountedLabels): Labels {
  const sorted = found.map(({ name }) => Number(name)).sort((a, b) => a - b);
  return {
    kind: "quantity",
    values: Float64Array.from(indices, (index) => Number(found[index]?.name ?? Number.NaN)),
    least: sorted[0],
    most: sorted.at(-1) as number,
    rest: indices.reduce((sum, index) => sum + Number(index < 0), 0),
  };
}

/** Converts the most frequent labels to classes, in natural order. */
function toClasses({ found, indices }: CountedLabels): Labels {
  const byFrequency = [...found].sort((a, b) => b.count - a.count || byName(a.name, b.name));
  const kept = byFrequency
    .slice(0, found.length > MOST_CLASSES ? MOST_CLASSES - 1 : MOST_CLASSES)
    .sort((a, b) => byName(a.name, b.name));
  const indexOf = new Map(kept.map((entry, i) => [entry, i]));
  const counts = kept.map(({ count }) => count);
  return {
    kind: "classes",
    indices: indices.map((index) => indexOf.get(found[index]) ?? -1),
    names: kept.map(({ name }) => name),
    counts,
    otherClasses: found.length - kept.length,
    rest: indices.length - counts.reduce((sum, count) => sum + count, 0),
  };
}

/**
 * Converts the values of `n` points to a quantity with a scale from their 5th to their 95th percentile.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT if `values` is not an array of numbers, SHAPE_MISMATCH if its length is not
 *   n
 */
export function readValues(values: ArrayLike<number>, n: number): Labels {
  const numbers = readNumbers(values, "values", n);
  const known = numbers.filter((value) => Number.isFinite(value)).sort();
  const quantile = (share: number) => known[Math.round(share * (known.length - 1))];
  const [least, most] = known.length > 0 ? [quantile(0.05), quantile(0.95)] : [0, 1];
  return {
    kind: "quantity",
    values: numbers.map((value) => (Number.isFinite(value) ? value : Number.NaN)),
    least,
    // The scale must have a positive length even if all values are equal.
    most: most > least ? most : least + Math.max(1e-6, Math.abs(least) / 1000),
    rest: n - known.length,
  };
}

/**
 * @throws {ArgumentError} INVALID_ARGUMENT if `values` is not an array of numbers, SHAPE_MISMATCH if its length is not
 *   n
 */
export function readNumbers(values: ArrayLike<number>, argument: string, n: number): Float64Array {
  const isArray = Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView));
  if (!isArray || Array.from(values as ArrayLike<unknown>).some((value) => typeof value !== "number")) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument,
      received: values,
      accepted: "an array of numbers, one per point",
    });
  }
  if (values.length !== n) {
    throw new ArgumentError("SHAPE_MISMATCH", { argument, received: values, accepted: `${n} numbers, one per point` });
  }
  return Float64Array.from(values);
}

/**
 * Makes a single line and removes control characters and unpaired surrogates, which neither a font nor XML can
 * represent.
 */
export function cleanText(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cs}\uFFFE\uFFFF]+/gu, " ").trim();
}

const collator = new Intl.Collator("en", { numeric: true });

/** Compares numbers by value, including negative ones; other names come after them in natural order. */
function byName(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y || collator.compare(a, b);
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
  return collator.compare(a, b) || (a < b ? -1 : Number(a > b));
}
