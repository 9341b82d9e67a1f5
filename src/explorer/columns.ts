import type { CategoryColumn, NumberColumn } from "./protocol.js";

/** What points can be colored by: n values and what is said of them. */
export type Column =
  | { readonly description: CategoryColumn; readonly values: Uint16Array | Uint32Array }
  | { readonly description: NumberColumn; readonly values: Float32Array };

/** A column of names; the empty one stands for none. */
export function categoryColumn(id: string, title: string, names: readonly string[]): Column {
  const found = [...new Set(names)].filter((name) => name !== "");
  const areNumbers = found.every((name) => Number.isFinite(Number(name)));
  const categories = found.sort(areNumbers ? (a, b) => Number(a) - Number(b) : compareNames);
  const isSmall = categories.length < 0xffff;
  const missing = isSmall ? 0xffff : 0xffffffff;
  const numbers = new Map(categories.map((name, number) => [name, number]));
  const values = new (isSmall ? Uint16Array : Uint32Array)(names.map((name) => numbers.get(name) ?? missing));
  return {
    description: { id, title, kind: "category", type: isSmall ? "uint16" : "uint32", missing, categories },
    values,
  };
}

const { compare: compareNames } = new Intl.Collator("en", { numeric: true });

/** A column of numbers; NaN and infinities stand for none. */
export function numberColumn(id: string, title: string, numbers: ArrayLike<number>): Column {
  const values = Float32Array.from(numbers, (value) => (Number.isFinite(value) ? value : Number.NaN));
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [min, low, high, max] = [at(0), at(0.02), at(0.98), at(1)];
  return { description: { id, title, kind: "number", type: "float32", min, max, low, high }, values };
}

/** What a column says of a point: its category's name, its number, or nothing. */
export function valueAt({ description, values }: Column, index: number): string | number | null {
  const value = values[index];
  if (description.kind === "category") return description.categories[value] ?? null;
  return Number.isNaN(value) ? null : value;
}

/** A column as a table holds it. */
export function columnOf(column: Column, indices: Uint32Array): Float32Array | string[] {
  const { description, values } = column;
  if (description.kind === "number") return Float32Array.from(indices, (index) => values[index]);
  return Array.from(indices, (index) => description.categories[values[index]] ?? "");
}
