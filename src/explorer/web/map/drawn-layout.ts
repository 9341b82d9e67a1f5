import type { LayoutDescription } from "../../protocol.js";

export type Position = readonly [number, number];

/** A layout as it is drawn: moved and scaled alike along both axes so that it lies within -1 to 1 and fills one of them. */
export interface DrawnLayout {
  readonly id: string;
  readonly kind: LayoutDescription["kind"];
  /** n x 2, row after row. Rows without a place lie far outside. */
  readonly xy: Float32Array;
  /** Of the layout's own coordinates: what lies in the middle, and how many of its units are one of ours. */
  readonly middle: Position;
  readonly unit: number;
  /** Width of a cell of a wall; of other layouts about what a point has for itself. */
  readonly spacing: number;
}

const OUTSIDE = 1e6;

/** @param raw n x 2; NaN where a row has no place */
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
  const spacing = kind === "wall" ? cellOf(xy) : Math.sqrt(area / Math.max(1, raw.length / 2));
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

/** Cells are alike and square: the least gap between their columns. */
function cellOf(xy: Float32Array): number {
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

/** Where a place of a layout's own coordinates is drawn. */
export const within = ({ middle, unit }: DrawnLayout, x: number, y: number): Position => [
  (x - middle[0]) / unit,
  (y - middle[1]) / unit,
];

/** What lies between two layouts, row by row; `progress` 0 is the first. */
export function between(start: Float32Array, end: Float32Array, progress: number): Float32Array {
  if (progress === 0) return start;
  if (progress === 1) return end;
  return start.map((from, at) => from + (end[at] - from) * progress);
}

/** The row nearest to a place, if it is nearer than `reach`. */
export function nearest(xy: Float32Array, [x, y]: Position, reach: number): number | undefined {
  let least = reach * reach;
  let found: number | undefined;
  for (let at = 0; at < xy.length; at += 2) {
    const distance = (xy[at] - x) ** 2 + (xy[at + 1] - y) ** 2;
    if (distance < least) [least, found] = [distance, at / 2];
  }
  return found;
}

/** The nearest row in a direction, which lies within 45 degrees of it. */
export function nextTowards(xy: Float32Array, from: number, [dx, dy]: Position): number | undefined {
  const [x0, y0] = [xy[2 * from], xy[2 * from + 1]];
  let least = Number.POSITIVE_INFINITY;
  let found: number | undefined;
  for (let at = 0; at < xy.length; at += 2) {
    const [x, y] = [xy[at] - x0, xy[at + 1] - y0];
    const along = x * dx + y * dy;
    const distance = x * x + y * y;
    if (along > 0 && 2 * along * along >= distance && distance < least) [least, found] = [distance, at / 2];
  }
  return found;
}

/** Rows within a polygon, ascending. */
export function enclosed(xy: Float32Array, corners: readonly Position[]): number[] {
  const span = (axis: 0 | 1) => corners.map((corner) => corner[axis]);
  const [left, right] = [Math.min(...span(0)), Math.max(...span(0))];
  const [bottom, top] = [Math.min(...span(1)), Math.max(...span(1))];
  const inside: number[] = [];
  for (let at = 0; at < xy.length; at += 2) {
    const [x, y] = [xy[at], xy[at + 1]];
    if (x < left || x > right || y < bottom || y > top) continue;
    let isInside = false;
    let [bx, by] = corners.at(-1) as Position;
    for (const [ax, ay] of corners) {
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
      [bx, by] = [ax, ay];
    }
    if (isInside) inside.push(at / 2);
  }
  return inside;
}

/** Nearer to each other than this, points cannot be told apart in a map. */
const APART = 0.09;

/** How far each row moved. */
export function displacements(start: Float32Array, end: Float32Array): Float32Array {
  const moves = new Float32Array(start.length / 2);
  for (let i = 0; i < moves.length; i++) {
    const [x, y] = [2 * i, 2 * i + 1].map((at) => end[at] - start[at]) as [number, number];
    moves[i] = Math.hypot(x, y);
  }
  return moves;
}

/** The `count` rows that moved most and stand apart in both layouts: of a group that moved together the one that moved most. */
export function mostMoved(start: Float32Array, end: Float32Array, count: number): number[] {
  const moves = displacements(start, end);
  const order = Uint32Array.from(moves.keys()).sort((i, j) => moves[j] - moves[i] || i - j);
  const chosen: number[] = [];
  const areApart = (xy: Float32Array, i: number, j: number) =>
    Math.hypot(xy[2 * i] - xy[2 * j], xy[2 * i + 1] - xy[2 * j + 1]) > APART;
  for (const i of order) {
    if (chosen.length >= count || moves[i] === 0) break;
    // Without a place in one of the two it has not moved.
    if (moves[i] > 4) continue;
    if (chosen.every((j) => areApart(start, i, j) && areApart(end, i, j))) chosen.push(i);
  }
  return chosen;
}
