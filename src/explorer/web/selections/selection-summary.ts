import type { CategoryColumn, ColumnDescription, DateColumn, NumberColumn } from "../../protocol.js";
import { columnValues } from "../map/column-values.js";
import { visibleText } from "../map/visible-text.js";
import { findOverRepresented } from "../statistics/over-representation.js";

/** A value and its frequency in a selection. */
export interface ValueShare {
  readonly name: string;
  readonly count: number;
  /** Share among the rows of the selection that have a value. */
  readonly share: number;
}

export interface CategorySummary {
  readonly kind: "category";
  readonly column: CategoryColumn;
  /** The most frequent values, in descending order. */
  readonly shares: readonly ValueShare[];
  /** Over-represented values. `lift` is the factor of the over-representation. */
  readonly over: readonly (ValueShare & { readonly lift: number })[];
}

export interface NumberSummary {
  readonly kind: "number";
  readonly column: NumberColumn | DateColumn;
  /** NaN if no row has a value. */
  readonly mean: number;
  /** Mean of all points. */
  readonly overall: number;
  readonly count: number;
}

export type ColumnSummary = CategorySummary | NumberSummary;

const MAX_SHARES = 5;
/** Columns with more different values than this, such as identifiers, do not describe a selection. */
const MAX_VALUES = 2000;

/**
 * Describes the values of rows in a column; undefined while the column is being loaded, and if the column does not
 * describe groups.
 */
export function summarizeColumn(column: ColumnDescription, rows: Uint32Array): ColumnSummary | undefined {
  if (column.kind === "text" || (column.kind === "category" && column.categories.length > MAX_VALUES)) return undefined;
  const values = columnValues(column);
  if (!values) return undefined;
  return column.kind === "category"
    ? summarizeCategories(column, values, rows)
    : summarizeNumbers(column, values, rows);
}

function summarizeCategories(column: CategoryColumn, values: ArrayLike<number>, rows: Uint32Array): CategorySummary {
  const counts = new Float64Array(column.categories.length);
  const totals = new Float64Array(column.categories.length);
  for (let row = 0; row < values.length; row++) if (values[row] < totals.length) totals[values[row]]++;
  for (const row of rows) if (values[row] < counts.length) counts[values[row]]++;
  const known = counts.reduce((sum, count) => sum + count, 0);
  const shareOf = (value: number): ValueShare => ({
    name: visibleText(column.categories[value]),
    count: counts[value],
    share: counts[value] / known,
  });
  const frequent = [...counts.keys()].filter((value) => counts[value] > 0);
  frequent.sort((a, b) => counts[b] - counts[a] || a - b);
  const over = findOverRepresented(counts, totals).slice(0, MAX_SHARES);
  return {
    kind: "category",
    column,
    shares: frequent.slice(0, MAX_SHARES).map(shareOf),
    over: over.map(({ value, lift }) => ({ ...shareOf(value), lift })),
  };
}

function summarizeNumbers(
  column: NumberColumn | DateColumn,
  values: ArrayLike<number>,
  rows: Uint32Array,
): NumberSummary {
  let [sum, count, all, allCount] = [0, 0, 0, 0];
  for (const row of rows) {
    if (Number.isNaN(values[row])) continue;
    sum += values[row];
    count++;
  }
  for (let row = 0; row < values.length; row++) {
    if (Number.isNaN(values[row])) continue;
    all += values[row];
    allCount++;
  }
  return { kind: "number", column, mean: sum / count, overall: all / allCount, count };
}
