import { extent, ticks } from "d3-array";
import { formatNumber } from "../map/column-values.js";
import styles from "./curve.module.css";

const [WIDTH, HEIGHT] = [300, 76];

/** A line chart of a quantity over the iterations of a computation. */
export function Curve({ title, x, y }: { title: string; x: readonly number[]; y: readonly number[] }) {
  const known = [...x.keys()].filter((i) => Number.isFinite(y[i]));
  const last = known.at(-1);
  if (last === undefined) return null;
  const [left, right] = [x[known[0]], x[last]];
  const [least, most] = extent(known, (i) => y[i]) as [number, number];
  const column = (value: number) => (right > left ? ((value - left) / (right - left)) * WIDTH : WIDTH);
  const line = (value: number) =>
    HEIGHT - 4 - (most > least ? ((value - least) / (most - least)) * (HEIGHT - 12) : HEIGHT / 2);
  const path = known
    .map((i, at) => `${at === 0 ? "M" : "L"}${column(x[i]).toFixed(1)} ${line(y[i]).toFixed(1)}`)
    .join("");
  return (
    <figure class={styles.curve}>
      <figcaption>
        <span>{title}</span>
        <b>{formatNumber(y[last])}</b>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH + 44} ${HEIGHT}`}
        role="img"
        aria-label={`${title}: ${formatNumber(y[last])} at ${right}`}
      >
        {ticks(least, most, 2).map((tick) => (
          <g key={tick}>
            <line class={styles.grid} x1="0" x2={WIDTH} y1={line(tick)} y2={line(tick)} />
            <text x={WIDTH + 6} y={line(tick) + 3.5}>
              {formatNumber(tick)}
            </text>
          </g>
        ))}
        <path class={styles.line} d={path} />
        <circle class={styles.end} cx={column(right)} cy={line(y[last])} r="3" />
      </svg>
    </figure>
  );
}
