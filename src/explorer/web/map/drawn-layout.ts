import type { LayoutDescription } from "../../protocol.js";

export type Position = readonly [number, number];

/**
 * A layout in drawn coordinates. It is shifted and scaled by one factor so that it lies within -1 to 1 and fills one
 * axis.
 */
export interface DrawnLayout {
  readonly id: string;
  readonly kind: LayoutDescription["kind"];
  /** n x 2, row by row. Rows without a position are far outside the map. */
  readonly xy: Float32Array;
  /** Center of the layout in its own coordinates, and the length of one drawn unit in these coordinates. */
  readonly middle: Position;
  readonly unit: number;
  /** Width of a cell of a wall; for other layouts the average distance between neighboring points. */
  readonly spacing: number;
}

const OUTSIDE = 1e6;

/** @param raw n x 2; NaN for rows without a position */
export function toDrawnLayout(id: string, kind: LayoutDescription["kind"], raw: Float32Array): DrawnLayout {
  const [left, right] = extent(raw, 0);
  const [bottom, top] = extent(raw, 1);
  const middle = [(left + right) / 2, (bottom + top) / 2] as const;
  const unit = Math.max(right - left, top - bottom) / 2 || 1;
  const xy = new Float32Array(raw.length);
  for (let at = 0; at < raw.length; at += 2) {
    const [x, y] = [(raw[at] - middle[0]) / unit, (raw[at + 1] - middle[1]) / unit];
    const hasPosition = Number.isFinite(x) && Number.isFinite(y);
    xy[at] = hasPosition ? x : OUTSIDE;
    xy[at + 1] = hasPosition ? y : OUTSIDE;
  }
  const area = Math.max(1e-9, (right - left) * (top - bottom)) / unit ** 2;
  const spacing = kind === "wall" ? cellWidth(xy) : Math.sqrt(area / Math.max(1, raw.length / 2));
  return { id, kind, xy, middle, unit, spacing };
}

function extent(raw: Float32Array, axis: 0 | 1): Position {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = axis; at < raw.length; at += 2) {
    const value = raw[at];
    if (value < least) least = value;
    if (value > most && value < Number.POSITIVE_INFINITY) most = value;
  }
  return least <= most ? [least, most] : [0, 0];
}

/** All cells are equal squares, so the smallest gap between two columns is the width of a cell. */
function cellWidth(xy: Float32Array): number {
  const columns = new Set<number>();
  for (let at = 0; at < xy.length; at += 2) if (xy[at] !== OUTSIDE) columns.add(Math.round(xy[at] * 1e5));
  const sorted = Float64Array.from(columns).sort();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < sorted.length; i++) {
    const gap = sorted[i] - sorted[i - 1];
    if (gap > 5) least = Math.min(least, gap);
  }
  return Number.isFinite(least) ? least / 1e5 : 1;
}

/** Converts the layout's own coordinates to drawn ones. */
export const toDrawnPosition = ({ middle, unit }: DrawnLayout, x: number, y: number): Position => [
  (x - middle[0]) / unit,
  (y - middle[1]) / unit,
];

/** Interpolates between two layouts, row by row; `progress` 0 returns the first layout. */
export function interpolatePositions(start: Float32Array, end: Float32Array, progress: number): Float32Array {
  if (progress === 0) return start;
  if (progress === 1) return end;
  return start.map((from, at) => from + (end[at] - from) * progress);
}
