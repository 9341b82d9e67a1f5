import { filters } from "../state.js";
import type { ColumnFilter } from "./column-filter.js";

/** Sets the filter of a column, or removes it. */
export function changeFilter(column: string, filter: ColumnFilter | undefined): void {
  const { [column]: _, ...others } = filters.value;
  filters.value = filter ? { ...others, [column]: filter } : others;
}
