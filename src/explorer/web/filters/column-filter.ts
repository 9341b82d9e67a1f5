import { visibleText } from "../map/visible-text.js";

/** A condition on the values of one column. All kinds are plain objects, so that they can be part of an address. */
export type ColumnFilter =
  /** Numbers, and dates in milliseconds, from `low` to `high`, both included. */
  | { readonly kind: "range"; readonly low: number; readonly high: number }
  /** Classes by name. The empty name means rows without a class. */
  | { readonly kind: "classes"; readonly names: readonly string[] }
  /** Texts and class names that contain a text, ignoring case. */
  | { readonly kind: "contains"; readonly text: string };

/** The filters in use, by the id of their column. */
export type Filters = Readonly<Record<string, ColumnFilter>>;

/** A short description of a filter. */
export function describeFilter(filter: ColumnFilter, format: (value: number) => string): string {
  if (filter.kind === "contains") return `contains “${visibleText(filter.text)}”`;
  if (filter.kind === "range") return `${format(filter.low)} to ${format(filter.high)}`;
  const names = filter.names.map((name) => (name === "" ? "none" : visibleText(name)));
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}
