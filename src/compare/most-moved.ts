import type { Matrix } from "../matrix.js";

/** Points at a smaller distance than this, in units of the root mean square radius, would overlap in a picture. */
const SPACING = 0.2;

/**
 * Returns the `count` points of largest displacement, in decreasing order, that are far enough from each other in both
 * maps. From a group that moved together, only the point that moved most is returned.
 *
 * @param first n x outputDimensions, centered as t-SNE returns it
 * @param second of the same shape, aligned to the first
 */
export function mostMoved(first: Matrix, second: Matrix, displacement: Float32Array, count: number): number[] {
  const order = Uint32Array.from(displacement.keys()).sort((i, j) => displacement[j] - displacement[i] || i - j);
  let squares = 0;
  for (const value of first.data) squares += value * value;
  const apart = (SPACING ** 2 * squares) / first.rows;
  const chosen: number[] = [];
  for (const i of order) {
    if (chosen.length >= count || displacement[i] === 0) break;
    if ([first, second].every((map) => chosen.every((j) => squaredDistance(map, i, j) > apart))) chosen.push(i);
  }
  return chosen;
}

function squaredDistance(map: Matrix, i: number, j: number): number {
  const other = map.row(j);
  let sum = 0;
  for (const [axis, value] of map.row(i).entries()) sum += (value - other[axis]) ** 2;
  return sum;
}
