import type { ColumnDescription } from "../../protocol.js";
import { Select, Toggle } from "../controls.js";
import controls from "../controls.module.css";
import { type CategoryLegend, coloredColumn, coloring, type Legend, type NumberLegend } from "../map/coloring.js";
import { Swatch } from "../map/swatch.js";
import { visibleText } from "../map/visible-text.js";
import { NamesOptions } from "../names/names-options.js";
import {
  coloredBy,
  description,
  hasChosenHoverColumns,
  hoverColumns,
  select,
  selected,
  showsEllipses,
  showsImages,
  showsMoved,
  view,
} from "../state.js";
import styles from "./colors-panel.module.css";

/** The panel for the color column, its legend, and other drawing options. */
export function ColorsPanel() {
  const explored = description.value;
  if (!explored) return null;
  const choices = [...explored.columns.map(({ id, title }) => ({ value: id, title })), { value: "", title: "Nothing" }];
  return (
    <>
      <h2>Colors</h2>
      <Select
        label="Color by"
        value={coloredBy.value}
        choices={choices}
        onChoose={(id) => {
          coloredBy.value = id;
        }}
      />
      <LegendView legend={coloring.value.legend} />
      <ColumnNote columns={explored.columns} />
      <h3>Show</h3>
      <NamesOptions />
      <div class={controls.toggles}>
        {explored.images && (
          <Toggle
            label="Images, if zoomed in far enough"
            isOn={showsImages.value}
            onChange={(is) => (showsImages.value = is)}
          />
        )}
        {explored.abilities.uncertainty && (
          <Toggle
            label="Uncertainty of selected points"
            isOn={showsEllipses.value}
            onChange={(is) => (showsEllipses.value = is)}
          />
        )}
        {view.value !== "one" && (
          <Toggle
            label="Numbers of the points that moved most"
            isOn={showsMoved.value}
            onChange={(is) => (showsMoved.value = is)}
          />
        )}
      </div>
      <HoverColumns columns={explored.columns} />
      {explored.notices.map((notice) => (
        <p key={notice} class={controls.note}>
          {visibleText(notice)}
        </p>
      ))}
      {explored.abilities.uncertainty && showsEllipses.value && (
        <p class={controls.note}>
          {selected.value
            ? "Each ellipse contains a selected point with a probability of 95 %."
            : "Select points to see how uncertain their positions are."}
        </p>
      )}
    </>
  );
}

/** The explanation of the color column. */
function ColumnNote({ columns }: { columns: readonly ColumnDescription[] }) {
  const note = columns.find(({ id }) => id === coloredBy.value)?.note;
  return note === undefined ? null : <p class={controls.note}>{visibleText(note)}</p>;
}

/** Chooses the columns that the card at the pointer shows. */
function HoverColumns({ columns }: { columns: readonly ColumnDescription[] }) {
  const choose = (id: string, isShown: boolean) => {
    hasChosenHoverColumns.value = true;
    hoverColumns.value = isShown ? [...hoverColumns.value, id] : hoverColumns.value.filter((other) => other !== id);
  };
  if (columns.length < 2) return null;
  return (
    <details class={styles.hoverColumns}>
      <summary>Columns shown at the pointer</summary>
      <div class={controls.toggles}>
        {columns.map(({ id, title }) => (
          <Toggle key={id} label={title} isOn={hoverColumns.value.includes(id)} onChange={(isOn) => choose(id, isOn)} />
        ))}
      </div>
    </details>
  );
}

function LegendView({ legend }: { legend: Legend }) {
  if (legend.kind === "none") return <p class={controls.note}>All points have one color.</p>;
  if (legend.kind === "loading") {
    return (
      <p class={controls.note} role="status">
        <span class={controls.spinner} /> Loading “{legend.title}” …
      </p>
    );
  }
  if (legend.kind === "category") return <Classes legend={legend} />;
  return <Scale legend={legend} />;
}

function Classes({ legend }: { legend: CategoryLegend }) {
  const rest = coloring.value.colors.at(-1) as string;
  const choose = (category: number, isAdding: boolean) => {
    const values = coloredColumn.value?.values;
    if (!values) return;
    const rows: number[] = [];
    for (let row = 0; row < values.length; row++) if (values[row] === category) rows.push(row);
    select(rows, isAdding);
  };
  return (
    <>
      <ul class={legend.entries.length > 14 ? `${styles.classes} ${styles.many}` : styles.classes}>
        {legend.entries.map(({ category, name, count, color }) => (
          <li key={category}>
            <button
              type="button"
              title={`Select “${name}” (⇧ adds)`}
              onClick={(event) => choose(category, event.shiftKey)}
            >
              <Swatch color={color} />
              <span class={controls.name}>{name}</span>
              <small>{count.toLocaleString("en")}</small>
            </button>
          </li>
        ))}
      </ul>
      {legend.others > 0 && (
        <p class={controls.note}>
          <Swatch color={rest} /> {legend.others.toLocaleString("en")} rarer classes,{" "}
          {legend.otherCount.toLocaleString("en")} points
        </p>
      )}
      {legend.missing > 0 && (
        <p class={controls.note}>
          <Swatch color={rest} /> {legend.missing.toLocaleString("en")} without a class
        </p>
      )}
    </>
  );
}

const [WIDTH, CHART, BAR] = [300, 56, 12];
const BINS = 60;

/** A color scale with round numbers below it and a histogram of the values above it. */
function Scale({ legend }: { legend: NumberLegend }) {
  const { low, high, shades, isCutLow, isCutHigh, format } = legend;
  const values = coloredColumn.value?.values;
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values ?? []) {
    const bin = Math.floor(((value - low) / (high - low || 1)) * BINS);
    if (bin >= 0 && bin < BINS) counts[bin] = counts[bin] + 1;
  }
  const most = Math.max(1, ...counts);
  const at = (value: number) => (high > low ? ((value - low) / (high - low)) * WIDTH : WIDTH / 2);
  return (
    <figure class={styles.scale}>
      <svg
        viewBox={`-8 0 ${WIDTH + 16} ${CHART + BAR + 24}`}
        role="img"
        aria-label={`Colors from ${format(low)} to ${format(high)}`}
      >
        {counts.map((count, bin) => (
          <rect
            key={bin}
            class={styles.bin}
            x={(bin * WIDTH) / BINS + 0.4}
            width={WIDTH / BINS - 0.8}
            y={CHART - (count / most) * (CHART - 4)}
            height={(count / most) * (CHART - 4)}
          />
        ))}
        {shades.map((shade, place) => (
          <rect
            key={shade}
            x={(place * WIDTH) / shades.length}
            y={CHART + 2}
            width={WIDTH / shades.length + 0.5}
            height={BAR}
            fill={shade}
          />
        ))}
        {legend.ticks.map(({ value, text }) => (
          <g key={value}>
            <line class={styles.tick} x1={at(value)} x2={at(value)} y1={CHART + BAR + 2} y2={CHART + BAR + 6} />
            <text x={at(value)} y={CHART + BAR + 18} text-anchor="middle">
              {text}
            </text>
          </g>
        ))}
      </svg>
      {(isCutLow || isCutHigh) && (
        <figcaption class={controls.note}>
          The scale goes from the 2nd to the 98th percentile. Values beyond it have the color of the nearer end.
        </figcaption>
      )}
      {legend.missing > 0 && (
        <p class={controls.note}>
          <Swatch color={coloring.value.colors.at(-1) as string} /> {legend.missing.toLocaleString("en")} without a
          value
        </p>
      )}
    </figure>
  );
}
