import { computed } from "@preact/signals";
import type { ColumnDescription } from "../../protocol.js";
import { TextValues } from "../../text-values.js";
import type { ColumnValues } from "../coded-values.js";
import { columnTexts, columnValues } from "../map/column-values.js";
import { rowsContaining } from "../search/find-text.js";
import { description, filters } from "../state.js";
import type { ColumnFilter } from "./column-filter.js";
import { CrossFilter } from "./cross-filter.js";

/** The filters with their result. */
export interface FilteredRows {
  readonly crossFilter: CrossFilter;
  /** Whether any filter is in use. */
  readonly isFiltering: boolean;
  /** Whether the column of a filter is still being loaded, so that the filter has no effect yet. */
  readonly isLoading: boolean;
  /** Number of rows that pass all filters. */
  readonly passing: number;
}

let crossFilter = new CrossFilter(0);
const applied = new Map<string, { filter: ColumnFilter; values: ColumnValues | TextValues }>();

/** The rows that pass all filters. Each change creates a new object, although the arrays inside are reused. */
export const filteredRows = computed<FilteredRows>(() => {
  const { n = 0, columns = [] } = description.value ?? {};
  if (crossFilter.n !== n) {
    crossFilter = new CrossFilter(n);
    applied.clear();
  }
  const wanted = filters.value;
  for (const id of applied.keys()) {
    if (id in wanted) continue;
    crossFilter.set(id, undefined);
    applied.delete(id);
  }
  let isLoading = false;
  for (const [id, filter] of Object.entries(wanted)) {
    const column = columns.find((one) => one.id === id);
    const values = column && (column.kind === "text" ? columnTexts(column) : columnValues(column));
    if (!values) {
      isLoading = true;
      continue;
    }
    const known = applied.get(id);
    if (known?.filter === filter && known.values === values) continue;
    crossFilter.set(id, conditionOf(column, filter, values));
    applied.set(id, { filter, values });
  }
  const isFiltering = applied.size > 0;
  return { crossFilter, isFiltering, isLoading, passing: isFiltering ? crossFilter.countPassing() : n };
});

/** Whether a row passes all filters. */
export const isShown = (row: number): boolean => filteredRows.value.crossFilter.failed[row] === 0;

function conditionOf(
  column: ColumnDescription,
  filter: ColumnFilter,
  values: ColumnValues | TextValues,
): (row: number) => boolean {
  if (values instanceof TextValues) {
    if (filter.kind !== "contains") return () => true;
    const found = rowsContaining(values, filter.text);
    return (row) => found[row] === 1;
  }
  if (filter.kind === "range") {
    const { low, high } = filter;
    // A missing value is NaN and therefore outside every range.
    return (row) => values[row] >= low && values[row] <= high;
  }
  if (column.kind !== "category") return () => true;
  const { categories, missing } = column;
  const text = filter.kind === "contains" ? filter.text.toLowerCase() : "";
  const names = new Set(filter.kind === "classes" ? filter.names : []);
  const passes = Uint8Array.from(categories, (name) =>
    Number(filter.kind === "contains" ? name.toLowerCase().includes(text) : names.has(name)),
  );
  const isMissingShown = names.has("");
  return (row) => (values[row] === missing ? isMissingShown : passes[values[row]] === 1);
}
