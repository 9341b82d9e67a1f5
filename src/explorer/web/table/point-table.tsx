// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot leave out the rows that are out of sight
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and says which row is active
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the grid handles the keys of its rows
import { useEffect, useRef, useState } from "preact/hooks";
import type { ColumnDescription } from "../../protocol.js";
import { Toggle } from "../controls.js";
import controls from "../controls.module.css";
import { icons } from "../icons.js";
import { selection } from "../map/coloring.js";
import { ColumnValue } from "../map/column-value.js";
import { exactText, isColumnLoaded } from "../map/column-values.js";
import { goTo } from "../map/map-views.js";
import { visibleText } from "../map/visible-text.js";
import {
  click,
  clicked,
  description,
  hovered,
  isTableOpen,
  select,
  selected,
  showsSelectedRows,
  tableColumns,
  tableSort,
} from "../state.js";
import styles from "./point-table.module.css";
import { shownColumns, tableRows } from "./table-rows.js";
import { ROW_HEIGHT, scrollTopFor, visibleRows } from "./virtual-scroll.js";

const WIDTHS = { number: 110, date: 170, category: 150, text: 260 };
/** Widths in pixels of the columns for the check box and the row number. */
const [CHECK_WIDTH, ROW_WIDTH] = [36, 90];

/** A table of all points that pass the filters. It can be sorted by any column and is linked with the map. */
export function PointTable() {
  const rows = tableRows.value;
  const n = description.value?.n ?? 0;
  return (
    <section class={styles.table} aria-label="Table of the points">
      <header class={styles.bar}>
        <h2>Table</h2>
        <p class={controls.note} role="status">
          {rows.length === n
            ? `${n.toLocaleString("en")} rows`
            : `${rows.length.toLocaleString("en")} of ${n.toLocaleString("en")} rows`}
        </p>
        <span class={styles.spring} />
        {selected.value && (
          <Toggle
            label="Only selected"
            isOn={showsSelectedRows.value}
            onChange={(is) => (showsSelectedRows.value = is)}
          />
        )}
        <ColumnChooser />
        <button
          type="button"
          class={controls.plain}
          aria-label="Close the table"
          onClick={() => (isTableOpen.value = false)}
        >
          {icons.close}
        </button>
      </header>
      <Grid rows={rows} columns={shownColumns.value} />
    </section>
  );
}

function ColumnChooser() {
  const { columns = [] } = description.value ?? {};
  const shown = shownColumns.value.map(({ id }) => id);
  const menu = useRef<HTMLDetailsElement>(null);
  const choose = (id: string, isShown: boolean) => {
    tableColumns.value = isShown ? [...shown, id] : shown.filter((other) => other !== id);
  };
  if (columns.length === 0) return null;
  return (
    <details
      ref={menu}
      class={styles.chooser}
      onKeyDown={(event) => event.key === "Escape" && menu.current?.removeAttribute("open")}
    >
      <summary class={controls.plain}>Columns</summary>
      <div class={`${controls.toggles} ${styles.choices}`}>
        {columns.map(({ id, title }) => (
          <Toggle key={id} label={visibleText(title)} isOn={shown.includes(id)} onChange={(is) => choose(id, is)} />
        ))}
      </div>
    </details>
  );
}

function Grid({ rows, columns }: { rows: Uint32Array; columns: readonly ColumnDescription[] }) {
  const grid = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 400 });
  /** The row that the keyboard points at. */
  const [active, setActive] = useState<number>();
  const measure = () => {
    const element = grid.current;
    if (element) setScroll({ top: element.scrollTop, height: Math.max(ROW_HEIGHT, element.clientHeight - ROW_HEIGHT) });
  };
  const reveal = (at: number) => {
    const element = grid.current;
    if (element && at >= 0) element.scrollTop = scrollTopFor(at, rows.length, element.scrollTop, scroll.height);
  };
  useEffect(() => {
    measure();
    const resized = new ResizeObserver(measure);
    if (grid.current) resized.observe(grid.current);
    return () => resized.disconnect();
  }, []);
  // A point that the user clicked on the map is scrolled into view.
  useEffect(() => {
    if (clicked.value === undefined) return;
    setActive(clicked.value);
    reveal(rows.indexOf(clicked.value));
  }, [clicked.value]);
  const move = (event: KeyboardEvent) => {
    const at = active === undefined ? -1 : rows.indexOf(active);
    const target = targetOf(event.key, at, rows.length, Math.floor(scroll.height / ROW_HEIGHT));
    if (target !== undefined && rows.length > 0) {
      setActive(rows[target]);
      hovered.value = rows[target];
      reveal(target);
    } else if (event.key === "Enter" && at >= 0) choose(rows[at]);
    else if (event.key === " " && at >= 0) toggle(rows[at]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const { height, first, end, topOf } = visibleRows(rows.length, scroll.top, scroll.height);
  const template = `${CHECK_WIDTH}px ${ROW_WIDTH}px ${columns.map(({ kind }) => `${WIDTHS[kind]}px`).join(" ")}`;
  const width = CHECK_WIDTH + ROW_WIDTH + columns.reduce((sum, { kind }) => sum + WIDTHS[kind], 0);
  const place = (top: number) => (element: HTMLElement | null) => {
    if (element) {
      element.style.top = `${top}px`;
      element.style.gridTemplateColumns = template;
    }
  };
  const isActiveDrawn = active !== undefined && rows.subarray(first, end).includes(active);
  return (
    <div
      ref={grid}
      class={styles.grid}
      role="grid"
      aria-label="Points"
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + 2}
      aria-multiselectable="true"
      aria-activedescendant={isActiveDrawn ? `table-row-${active}` : undefined}
      tabIndex={0}
      onScroll={measure}
      onKeyDown={move}
    >
      <HeadRow columns={columns} place={place(0)} width={width} />
      <div
        role="rowgroup"
        class={styles.body}
        ref={(element) => {
          if (!element) return;
          element.style.height = `${height}px`;
          element.style.width = `${width}px`;
        }}
      >
        {Array.from(rows.subarray(first, end), (row, at) => (
          <Row
            key={row}
            row={row}
            index={first + at}
            columns={columns}
            isActive={row === active}
            place={place(topOf(first + at))}
          />
        ))}
      </div>
    </div>
  );
}

/** The list position that a key moves to; -1 is the position before the first row. */
function targetOf(key: string, at: number, count: number, page: number): number | undefined {
  const target = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: count - 1,
  }[key];
  return target === undefined ? undefined : Math.max(0, Math.min(count - 1, target));
}

function choose(row: number): void {
  click(row);
  goTo(row);
}

function toggle(row: number): void {
  if (selection.value?.[row]) select(selected.value?.filter((other) => other !== row) ?? []);
  else select([row], true);
}

function HeadRow({
  columns,
  place,
  width,
}: {
  columns: readonly ColumnDescription[];
  place: (element: HTMLElement | null) => void;
  width: number;
}) {
  const sort = tableSort.value;
  return (
    <div
      role="rowgroup"
      class={styles.head}
      ref={(element) => {
        if (element) element.style.width = `${width}px`;
      }}
    >
      <div role="row" aria-rowindex={1} class={styles.headRow} ref={place}>
        <span role="columnheader">
          <span class={styles.hidden}>Selected</span>
        </span>
        <HeadCell title="Row" sorting={sort ? undefined : "ascending"} onSort={() => (tableSort.value = undefined)} />
        {columns.map(({ id, title, kind }) => {
          const sorting = sort?.column !== id ? undefined : sort.isDescending ? "descending" : "ascending";
          return (
            <HeadCell
              key={id}
              title={visibleText(title)}
              isNumber={kind === "number"}
              sorting={sorting}
              onSort={() => (tableSort.value = { column: id, isDescending: sorting === "ascending" })}
            />
          );
        })}
      </div>
    </div>
  );
}

function HeadCell({
  title,
  isNumber = false,
  sorting,
  onSort,
}: {
  title: string;
  isNumber?: boolean;
  sorting: "ascending" | "descending" | undefined;
  onSort: () => void;
}) {
  return (
    <span role="columnheader" aria-sort={sorting ?? "none"} class={isNumber ? styles.number : undefined}>
      <button type="button" title={`Sort by ${title}`} onClick={onSort}>
        <span>{title}</span>
        {sorting && <span aria-hidden="true">{sorting === "ascending" ? "↑" : "↓"}</span>}
      </button>
    </span>
  );
}

function Row({
  row,
  index,
  columns,
  isActive,
  place,
}: {
  row: number;
  index: number;
  columns: readonly ColumnDescription[];
  isActive: boolean;
  place: (element: HTMLElement | null) => void;
}) {
  const isSelected = selection.value?.[row] === 1;
  const classes = [
    styles.row,
    isActive && styles.active,
    hovered.value === row && styles.hovered,
    clicked.value === row && styles.clicked,
  ];
  return (
    <div
      id={`table-row-${row}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      class={classes.filter(Boolean).join(" ")}
      ref={place}
      onPointerEnter={() => (hovered.value = row)}
      onPointerLeave={() => (hovered.value = undefined)}
      onClick={() => choose(row)}
    >
      <span role="gridcell" onClick={(event) => event.stopPropagation()}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Select row ${row}`}
          checked={isSelected}
          onChange={() => toggle(row)}
        />
      </span>
      <span role="gridcell">{row.toLocaleString("en")}</span>
      {columns.map((column) => (
        <Cell key={column.id} column={column} row={row} />
      ))}
    </div>
  );
}

function Cell({ column, row }: { column: ColumnDescription; row: number }) {
  const text = exactText(column, row);
  return (
    <span role="gridcell" class={column.kind === "number" ? styles.number : undefined} title={text}>
      <ColumnValue column={column} text={isColumnLoaded(column) ? text : undefined} isInList />
    </span>
  );
}
