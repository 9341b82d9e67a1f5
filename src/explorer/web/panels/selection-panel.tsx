import { isSelectionTooLarge } from "../address/address-fields.js";
import { EmptyState } from "../controls.js";
import controls from "../controls.module.css";
import { saveSelection, savesVerbatim, selectionFormats } from "../export/selection.js";
import { coloredColumn, coloring } from "../map/coloring.js";
import { formatDate, formatNumber } from "../map/column-values.js";
import { goToSelected } from "../map/map-views.js";
import { Swatch } from "../map/swatch.js";
import { visibleText } from "../map/visible-text.js";
import { canRedo, canUndo, redoSelection, undoSelection } from "../selections/history.js";
import { NamedSelections } from "../selections/named-selections.js";
import { description, select, selected } from "../state.js";
import { PointGrid } from "./point-panel.js";
import styles from "./selection-panel.module.css";

const MAX_SHOWN = 24;

/** The panel with the selected points and their export. */
export function SelectionPanel() {
  const rows = selected.value;
  const n = description.value?.n ?? 0;
  if (!rows) {
    return (
      <>
        <h2>Selection</h2>
        <Steps />
        <EmptyState title="Nothing selected">
          Draw a lasso: hold ⇧ and drag around points, or switch to the lasso with L. A click on a class in the legend
          selects its points.
        </EmptyState>
        <NamedSelections />
      </>
    );
  }
  // The shown rows are spread evenly over the selection, so that they are representative.
  const some = Array.from(
    { length: Math.min(MAX_SHOWN, rows.length) },
    (_, i) => rows[Math.floor((i * rows.length) / Math.min(MAX_SHOWN, rows.length))],
  );
  return (
    <>
      <h2>
        {rows.length.toLocaleString("en")} <small>of {n.toLocaleString("en")} points</small>
      </h2>
      <div class={controls.buttons}>
        <button type="button" onClick={goToSelected}>
          Show them on the map
        </button>
        <button type="button" onClick={() => select([])}>
          Clear
        </button>
        <Steps />
      </div>
      {isSelectionTooLarge.value && (
        <p class={controls.note}>
          This selection is too large for the address of the page. Save it under a name below; the address then contains
          this name.
        </p>
      )}
      <Shares rows={rows} />
      <h3>Save</h3>
      <div class={controls.buttons}>
        {selectionFormats.map((format) => (
          <button key={format} type="button" onClick={() => saveSelection(format)}>
            {format === "csv" ? "CSV" : "Parquet"}
          </button>
        ))}
      </div>
      <label
        class={controls.note}
        title="A spreadsheet runs texts that begin with =, +, - or @ as formulas. By default, such texts in CSV files begin with an apostrophe."
      >
        <input
          type="checkbox"
          checked={savesVerbatim.value}
          onChange={({ currentTarget }) => {
            savesVerbatim.value = currentTarget.checked;
          }}
        />{" "}
        Write texts that look like formulas unchanged (CSV)
      </label>
      <h3>{some.length < rows.length ? "Some of the selected points" : "The selected points"}</h3>
      <PointGrid rows={some} />
      <NamedSelections />
    </>
  );
}

/** Buttons for undoing and redoing changes of the selection. */
function Steps() {
  return (
    <span class={styles.steps}>
      <button
        type="button"
        disabled={!canUndo.value}
        title="Undo the last change of the selection (Ctrl Z)"
        onClick={undoSelection}
      >
        Undo
      </button>
      <button
        type="button"
        disabled={!canRedo.value}
        title="Redo the change of the selection (Ctrl Y)"
        onClick={redoSelection}
      >
        Redo
      </button>
    </span>
  );
}

const MAX_SHARES = 8;

/** The composition of the selection by the values of the color column. */
function Shares({ rows }: { rows: Uint32Array }) {
  const { column, values } = coloredColumn.value ?? {};
  const { legend, colors } = coloring.value;
  if (!column || !values) return null;
  if (column.kind !== "category") {
    const known = Array.from(rows, (row) => values[row]).filter((value) => !Number.isNaN(value));
    if (known.length === 0) return null;
    const format = column.kind === "date" ? (value: number) => formatDate(column, value) : formatNumber;
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    return (
      <p class={controls.note}>
        {column.title}: mean {format(mean)}, from {format(known.reduce((a, b) => Math.min(a, b)))} to{" "}
        {format(known.reduce((a, b) => Math.max(a, b)))}
      </p>
    );
  }
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(values[row], (counts.get(values[row]) ?? 0) + 1);
  const colorByCategory = new Map(
    legend.kind === "category" ? legend.entries.map(({ category, color }) => [category, color]) : [],
  );
  const shares = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const shown = shares.slice(0, MAX_SHARES);
  const others = shares.slice(MAX_SHARES).reduce((sum, [, count]) => sum + count, 0);
  const most = shares[0]?.[1] ?? 1;
  return (
    <>
      <h3>{column.title}</h3>
      <ul class={styles.shares}>
        {shown.map(([code, count]) => {
          const color = colorByCategory.get(code) ?? (colors.at(-1) as string);
          return (
            <li key={code}>
              <Swatch color={color} />
              <span class={controls.name}>{visibleText(column.categories[code] ?? "none")}</span>
              <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                <rect width={(100 * count) / most} height="6" rx="1" fill={color} />
              </svg>
              <small>{count.toLocaleString("en")}</small>
            </li>
          );
        })}
      </ul>
      {others > 0 && <p class={controls.note}>{others.toLocaleString("en")} of other classes</p>}
    </>
  );
}
