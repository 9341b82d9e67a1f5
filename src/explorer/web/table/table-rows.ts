import { computed } from "@preact/signals";
import type { ColumnDescription } from "../../protocol.js";
import { filteredRows } from "../filters/filtered-rows.js";
import { selection } from "../map/coloring.js";
import { columnTexts, columnValues } from "../map/column-values.js";
import { description, showsSelectedRows, tableColumns, tableSort } from "../state.js";
import { sortRows } from "./sort-rows.js";

/** Number of columns that the table shows until the user has chosen columns. */
const FEW = 6;

/** The columns of the table, in the order of the file. */
export const shownColumns = computed<readonly ColumnDescription[]>(() => {
  const { columns = [] } = description.value ?? {};
  const chosen = tableColumns.value;
  if (chosen) return columns.filter(({ id }) => chosen.includes(id));
  const rank = ({ role }: ColumnDescription) => ["identifier", "label", "metadata", "data", "computed"].indexOf(role);
  const first = [...columns].sort((a, b) => rank(a) - rank(b)).slice(0, FEW);
  return columns.filter((column) => first.includes(column));
});

/** All rows in the order of the table; undefined without a sort column, or while it is being loaded. */
const sortedRows = computed<Uint32Array | undefined>(() => {
  const sort = tableSort.value;
  const column = description.value?.columns.find(({ id }) => id === sort?.column);
  if (!sort || !column) return undefined;
  const values = column.kind === "text" ? columnTexts(column) : columnValues(column);
  return values && sortRows(column, values, sort.isDescending);
});

/** The rows of the table that pass the filters. If the user wants, only selected rows are included. */
export const tableRows = computed<Uint32Array>(() => {
  const n = description.value?.n ?? 0;
  const { crossFilter, isFiltering } = filteredRows.value;
  const isSelected = showsSelectedRows.value ? selection.value : undefined;
  const sorted = sortedRows.value;
  const rows = new Uint32Array(n);
  let count = 0;
  for (let at = 0; at < n; at++) {
    const row = sorted ? sorted[at] : at;
    if ((isFiltering && crossFilter.failed[row] !== 0) || (isSelected && isSelected[row] === 0)) continue;
    rows[count++] = row;
  }
  return rows.subarray(0, count);
});
