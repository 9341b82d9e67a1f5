import { useMemo, useRef } from "preact/hooks";
import type { DateColumn, NumberColumn } from "../../protocol.js";
import controls from "../controls.module.css";
import { columnValues, formatDate, formatNumber } from "../map/column-values.js";
import { scaleTicks } from "../map/value-scale.js";
import { filters } from "../state.js";
import { countAll, type Histogram, histogramOf } from "./bars.js";
import { changeFilter } from "./change-filter.js";
import { filteredRows } from "./filtered-rows.js";
import styles from "./filters-panel.module.css";

const [WIDTH, HEIGHT] = [340, 60];

/** A histogram on which the user draws a range, with the ends of the range as text. */
export function RangeFilter({ column }: { column: NumberColumn | DateColumn }) {
  const values = columnValues(column);
  const histogram = useMemo(() => values && histogramOf(column, values), [column, values]);
  if (!histogram) return <p class={controls.note}>Loading …</p>;
  if (histogram.barOf.length === column.empty) return <p class={controls.note}>No row has a value.</p>;
  return (
    <>
      <Chart column={column} histogram={histogram} />
      <Ends column={column} />
      {(column.empty > 0 || histogram.isCut) && (
        <p class={controls.note}>
          {histogram.isCut && "The first and the last bar also count all values beyond them. "}
          {column.empty > 0 && `${column.empty.toLocaleString("en")} points have no value.`}
        </p>
      )}
    </>
  );
}

function Chart({ column, histogram }: { column: NumberColumn | DateColumn; histogram: Histogram }) {
  const { low, high, drawn } = histogram;
  const all = useMemo(() => countAll(histogram), [histogram]);
  const passing = filteredRows.value.crossFilter.countBars(column.id, histogram);
  const most = Math.max(1, ...all.subarray(0, drawn));
  const filter = filters.value[column.id];
  const range = filter?.kind === "range" ? filter : undefined;
  const xOf = (value: number) => Math.max(0, Math.min(WIDTH, ((value - low) / (high - low || 1)) * WIDTH));
  const brush = useBrush((from, to) => changeFilter(column.id, brushed(column, histogram, from, to)));
  const bar = (counts: Uint32Array, style: string | undefined) =>
    Array.from({ length: drawn }, (_, at) => {
      const height = (counts[at] / most) * HEIGHT;
      return (
        <rect
          key={at}
          class={style}
          x={(at * WIDTH) / drawn}
          width={WIDTH / drawn - 0.8}
          y={HEIGHT - height}
          height={height}
        />
      );
    });
  const format = formatOf(column);
  return (
    <svg
      class={styles.histogram}
      viewBox={`0 0 ${WIDTH} ${HEIGHT + 18}`}
      role="img"
      aria-label={`Histogram from ${format(column.min)} to ${format(column.max)}. Drag over it to choose a range, or type its ends below.`}
      {...brush}
    >
      {bar(all, styles.all)}
      {bar(passing, styles.passing)}
      {range && (
        <rect
          class={styles.range}
          x={xOf(range.low)}
          width={Math.max(2, xOf(range.high) - xOf(range.low))}
          y={0}
          height={HEIGHT}
        />
      )}
      {scaleTicks(column, low, high, 4).map(({ value, text }) => (
        <text
          key={value}
          x={xOf(value)}
          y={HEIGHT + 14}
          text-anchor={xOf(value) < 20 ? "start" : xOf(value) > WIDTH - 30 ? "end" : "middle"}
        >
          {text}
        </text>
      ))}
    </svg>
  );
}

const formatOf = (column: NumberColumn | DateColumn): ((value: number) => string) =>
  column.kind === "date" ? (value) => formatDate(column, value) : formatNumber;

/**
 * Converts two positions on the histogram, as shares of its width, to a range. The outer bars extend to the smallest
 * and the largest value.
 */
function brushed(column: NumberColumn | DateColumn, { low, high }: Histogram, from: number, to: number) {
  const step = roundStep(column, high - low);
  const at = (share: number) => Number((Math.round((low + share * (high - low)) / step) * step).toPrecision(15));
  const [start, end] = [Math.min(from, to), Math.max(from, to)];
  // A click without dragging removes the range.
  if (end - start < 0.004) return undefined;
  return { kind: "range", low: start <= 0 ? column.min : at(start), high: end >= 1 ? column.max : at(end) } as const;
}

const UNITS = { day: 86_400_000, second: 1000, millisecond: 1 };

/**
 * The ends of a range are rounded to multiples of this step. It is much less than a pixel, but leaves only a readable
 * number of digits.
 */
function roundStep(column: NumberColumn | DateColumn, length: number): number {
  if (column.kind === "date") return UNITS[column.precision];
  const step = 10 ** Math.floor(Math.log10(length / 400));
  return column.isWhole ? Math.max(1, step) : step;
}

/** While the pointer drags, reports the start and end of the drag as shares of the width, at most once per frame. */
function useBrush(onBrush: (from: number, to: number) => void) {
  const state = useRef<{ from: number; to: number; frame: number } | undefined>(undefined);
  const shareOf = (event: PointerEvent) => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / width));
  };
  const report = () => {
    const drag = state.current;
    if (!drag) return;
    drag.frame = 0;
    onBrush(drag.from, drag.to);
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      const from = shareOf(event);
      state.current = { from, to: from, frame: 0 };
    },
    onPointerMove: (event: PointerEvent) => {
      const drag = state.current;
      if (!drag) return;
      drag.to = shareOf(event);
      drag.frame ||= requestAnimationFrame(report);
    },
    onPointerUp: () => {
      const drag = state.current;
      if (!drag) return;
      cancelAnimationFrame(drag.frame);
      report();
      state.current = undefined;
    },
    onPointerCancel: () => {
      if (state.current) cancelAnimationFrame(state.current.frame);
      state.current = undefined;
    },
  };
}

/** Text fields for the ends of the range. */
function Ends({ column }: { column: NumberColumn | DateColumn }) {
  const filter = filters.value[column.id];
  const { low, high } = filter?.kind === "range" ? filter : { low: column.min, high: column.max };
  const change = (end: "low" | "high") => (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    const value = column.kind === "date" ? Date.parse(`${input.value}Z`.replace("ZZ", "Z")) : Number(input.value);
    if (input.value === "" || Number.isNaN(value)) {
      input.value = textOf(column, end === "low" ? low : high);
      return;
    }
    const range = { low, high, [end]: value };
    const isAll = range.low <= column.min && range.high >= column.max;
    changeFilter(column.id, isAll ? undefined : { kind: "range", ...range });
  };
  const type = column.kind === "number" ? "number" : column.precision === "day" ? "date" : "datetime-local";
  return (
    <div class={styles.ends}>
      {(["low", "high"] as const).map((end) => (
        <label key={end}>
          <span>{end === "low" ? "From" : "To"}</span>
          <input
            type={type}
            step={column.kind === "number" ? "any" : column.precision === "day" ? undefined : "1"}
            value={textOf(column, end === "low" ? low : high)}
            onChange={change(end)}
          />
        </label>
      ))}
    </div>
  );
}

/** Formats a value for an input element of its kind. */
function textOf(column: NumberColumn | DateColumn, value: number): string {
  if (column.kind === "number") return String(Number(value.toPrecision(7)));
  const text = new Date(value).toISOString();
  return column.precision === "day" ? text.slice(0, 10) : text.slice(0, 19);
}
