import type { ColumnDescription } from "../../protocol.js";
import { EmptyState } from "../controls.js";
import controls from "../controls.module.css";
import { formatDate, formatNumber } from "../map/column-values.js";
import { visibleText } from "../map/visible-text.js";
import { description, filterColumns, filters, select } from "../state.js";
import { changeFilter } from "./change-filter.js";
import { ClassFilter } from "./class-filter.js";
import { describeFilter } from "./column-filter.js";
import { MAX_FILTERS } from "./cross-filter.js";
import { filteredRows } from "./filtered-rows.js";
import styles from "./filters-panel.module.css";
import { RangeFilter } from "./range-filter.js";
import { TextFilter } from "./text-filter.js";

/** Number of columns that are shown until the user has chosen columns. */
const FEW = 3;
/** Above this number of classes, the user searches for class names instead of choosing from a list. */
const MOST_LISTED = 1000;

/** The panel with histograms, bars and text boxes that filter the points. */
export function FiltersPanel() {
  const { columns = [], n = 0 } = description.value ?? {};
  const shown = shownColumns(columns);
  const { passing, isFiltering, isLoading } = filteredRows.value;
  const addable = columns.filter((column) => !shown.includes(column));
  return (
    <>
      <h2>Filters</h2>
      <p class={controls.note} role="status">
        {isFiltering
          ? `${passing.toLocaleString("en")} of ${n.toLocaleString("en")} points are shown.`
          : "All points are shown."}
        {isLoading && " Loading …"}
      </p>
      <div class={controls.buttons}>
        <button type="button" disabled={!isFiltering} onClick={() => (filters.value = {})}>
          Clear all filters
        </button>
        <button type="button" disabled={!isFiltering || passing === 0} onClick={selectPassing}>
          Select the shown points
        </button>
      </div>
      {columns.length === 0 && <EmptyState title="Nothing to filter by">These points have no columns.</EmptyState>}
      {shown.map((column) => (
        <FilterSection key={column.id} column={column} onRemove={() => remove(columns, column.id)} />
      ))}
      {addable.length > 0 && shown.length < MAX_FILTERS && (
        <label class={styles.add}>
          <span>Add a column</span>
          <select
            value=""
            onChange={({ currentTarget }) => {
              filterColumns.value = [...shown.map(({ id }) => id), currentTarget.value];
              currentTarget.value = "";
            }}
          >
            <option value="">Choose …</option>
            {addable.map(({ id, title }) => (
              <option key={id} value={id}>
                {visibleText(title)}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

/**
 * The columns that the user has chosen, and those with a filter. Without a choice: the labels and a few other columns
 * with a small display.
 */
function shownColumns(columns: readonly ColumnDescription[]): ColumnDescription[] {
  const chosen = filterColumns.value;
  if (chosen) return columns.filter(({ id }) => chosen.includes(id) || id in filters.value);
  const labels = columns.filter(({ role, kind }) => role === "label" && kind === "category");
  const others = columns.filter(({ kind, role }) => kind !== "text" && role === "metadata");
  const computed = columns.filter(({ kind, role }) => kind !== "text" && role === "computed");
  const first = [...labels, ...others, ...computed].slice(0, FEW);
  return columns.filter((column) => first.includes(column) || column.id in filters.value);
}

function remove(columns: readonly ColumnDescription[], id: string): void {
  filterColumns.value = shownColumns(columns)
    .map((column) => column.id)
    .filter((other) => other !== id);
  changeFilter(id, undefined);
}

function selectPassing(): void {
  const { crossFilter, passing } = filteredRows.value;
  const rows = new Uint32Array(passing);
  let at = 0;
  for (let row = 0; row < crossFilter.n; row++) if (crossFilter.failed[row] === 0) rows[at++] = row;
  select(rows);
}

function FilterSection({ column, onRemove }: { column: ColumnDescription; onRemove: () => void }) {
  const filter = filters.value[column.id];
  const title = visibleText(column.title);
  const format = column.kind === "date" ? (value: number) => formatDate(column, value) : formatNumber;
  return (
    <section class={styles.section} aria-label={`Filter by ${title}`}>
      <div class={styles.head}>
        <h3>{title}</h3>
        {filter && (
          <button type="button" class={styles.small} onClick={() => changeFilter(column.id, undefined)}>
            Clear
          </button>
        )}
        <button type="button" class={styles.small} aria-label={`Remove ${title} from the filters`} onClick={onRemove}>
          Remove
        </button>
      </div>
      {filter && <p class={styles.condition}>{describeFilter(filter, format)}</p>}
      {column.kind === "number" || column.kind === "date" ? (
        <RangeFilter column={column} />
      ) : column.kind === "category" && column.categories.length <= MOST_LISTED ? (
        <ClassFilter column={column} />
      ) : (
        <TextFilter column={column} />
      )}
    </section>
  );
}
