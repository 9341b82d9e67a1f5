import type { Position } from "./drawn-layout.js";

/** The row nearest to a position, among the rows that `accepts` allows, if its distance is below `reach`. */
export function nearest(
  xy: Float32Array,
  [x, y]: Position,
  reach: number,
  accepts: (row: number) => boolean,
): number | undefined {
  let least = reach * reach;
  let found: number | undefined;
  for (let at = 0; at < xy.length; at += 2) {
    const distance = (xy[at] - x) ** 2 + (xy[at + 1] - y) ** 2;
    if (distance < least && accepts(at / 2)) [least, found] = [distance, at / 2];
  }
  return found;
}

/** The nearest row within 45 degrees of a direction, among the rows that `accepts` allows. */
export function nextTowards(
  xy: Float32Array,
  from: number,
  [dx, dy]: Position,
  accepts: (row: number) => boolean,
): number | undefined {
  const [x0, y0] = [xy[2 * from], xy[2 * from + 1]];
  let least = Number.POSITIVE_INFINITY;
  let found: number | undefined;
  for (let at = 0; at < xy.length; at += 2) {
    const [x, y] = [xy[at] - x0, xy[at + 1] - y0];
    const along = x * dx + y * dy;
    const distance = x * x + y * y;
    const isNearest = along > 0 && 2 * along * along >= distance && distance < least;
    if (isNearest && accepts(at / 2)) [least, found] = [distance, at / 2];
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

/** Points closer than this distance look like one point on a map. */
const APART = 0.09;

/** The distance that each row moved. */
export function displacements(start: Float32Array, end: Float32Array): Float32Array {
  const moves = new Float32Array(start.length / 2);
  for (let i = 0; i < moves.length; i++) {
    const [x, y] = [2 * i, 2 * i + 1].map((at) => end[at] - start[at]) as [number, number];
    moves[i] = Math.hypot(x, y);
  }
  return moves;
}

/**
 * The `count` rows that moved most. From a group of neighbors that moved together, only the row that moved most is
 * included.
 */
export function mostMoved(start: Float32Array, end: Float32Array, count: number): number[] {
  const moves = displacements(start, end);
  const order = Uint32Array.from(moves.keys()).sort((i, j) => moves[j] - moves[i] || i - j);
  const chosen: number[] = [];
  const areApart = (xy: Float32Array, i: number, j: number) =>
    Math.hypot(xy[2 * i] - xy[2 * j], xy[2 * i + 1] - xy[2 * j + 1]) > APART;
  for (const i of order) {
    if (chosen.length >= count || moves[i] === 0) break;
    // Rows without a position in one of the layouts are far outside, so they seem to have moved this far.
    if (moves[i] > 4) continue;
    if (chosen.every((j) => areApart(start, i, j) && areApart(end, i, j))) chosen.push(i);
  }
  return chosen;
}
