import type { Matrix } from "../matrix.js";
import { shuffled } from "../shuffle.js";

/** A rectangle of a picture in pixels, given by its upper left corner and size. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The points of a map in pixels of a picture. */
export interface ProjectedPoints {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Pixels per unit of the map. */
  readonly scale: number;
  /** For three-dimensional maps: depth from 0 for the farthest points to 1 for the nearest. */
  readonly depth: Float64Array | undefined;
  /**
   * Order in which the points are drawn: random, so that no class covers another because it comes later in the file;
   * for three-dimensional maps, from far to near.
   */
  readonly order: Uint32Array;
}

/** The viewing direction of 3-D maps: they are rotated about the vertical axis, then tilted toward the viewer. */
const AZIMUTH = (35 * Math.PI) / 180;
const ELEVATION = (22 * Math.PI) / 180;

/**
 * Fits a map into `box` with the same scale along both axes and the second dimension upwards.
 *
 * @param points n x 1, n x 2 or n x 3, finite
 * @param diameter diameter of a point in pixels. No point crosses the edge of the box. The points of a one-dimensional
 *   map are stacked in steps of this size.
 * @param reach largest coordinate that the box shows in all directions from the origin, at least the largest coordinate
 *   of the points, which {@link reachOf} computes; default: the box fits the points
 */
export function projectPoints(points: Matrix, box: Box, diameter: number, reach?: number): ProjectedPoints {
  const order = shuffled(points.rows);
  const inner = inset(box, Math.min(diameter / 2, box.width / 2, box.height / 2));
  const unit = largestMagnitude(points);
  const [first, second, third] = unitColumns(points, unit);
  const view = reach === undefined ? undefined : Math.max(reach / unit, Number.MIN_VALUE);
  if (first === undefined || second === undefined) {
    return { ...stackStrip(first, unit, order, inner, diameter, view), depth: undefined, order };
  }
  if (third === undefined) return { ...fitPlane(first, second, unit, inner, view), depth: undefined, order };

  const [cosA, sinA, cosE, sinE] = [Math.cos(AZIMUTH), Math.sin(AZIMUTH), Math.cos(ELEVATION), Math.sin(ELEVATION)];
  const across = new Float64Array(points.rows);
  const up = new Float64Array(points.rows);
  const toward = new Float64Array(points.rows);
  for (let i = 0; i < points.rows; i++) {
    const [x, y, z] = [first[i], second[i], third[i]];
    const away = sinA * x + cosA * y;
    across[i] = cosA * x - sinA * y;
    up[i] = cosE * z + sinE * away;
    toward[i] = sinE * z - cosE * away;
  }
  order.sort((i, j) => toward[i] - toward[j]);
  // Quantiles are used so that a single far point does not make all others look equally near.
  const quantile = (q: number) => toward[order[Math.round(q * (points.rows - 1))]];
  const [far, near] = [quantile(0.01), quantile(0.99)];
  const depth = toward.map((value) => (near > far ? Math.min(1, Math.max(0, (value - far) / (near - far))) : 1));
  return { ...fitPlane(across, up, unit, inner, view), depth, order };
}

/** Shrinks `box` by `rim` pixels on each side. */
export function inset(box: Box, rim: number): Box {
  return { x: box.x + rim, y: box.y + rim, width: box.width - 2 * rim, height: box.height - 2 * rim };
}

/**
 * Largest distance of the points from the origin along any axis of the picture. For three-dimensional points, the
 * distance is valid for every viewing direction.
 */
export function reachOf(points: Matrix): number {
  if (points.cols < 3) return largestMagnitude(points);
  let reach = 0;
  for (let i = 0; i < points.rows; i++) reach = Math.max(reach, Math.hypot(...points.row(i)));
  return reach || 1;
}

function largestMagnitude(points: Matrix): number {
  let largest = 0;
  for (const value of points.data) largest = Math.max(largest, Math.abs(value));
  return largest || 1;
}

/** The columns divided by the largest magnitude of all values, so that differences cannot overflow. */
function unitColumns(points: Matrix, largest: number): Float64Array[] {
  return Array.from({ length: points.cols }, (_, j) =>
    Float64Array.from({ length: points.rows }, (_, i) => points.at(i, j) / largest),
  );
}

function fitPlane(across: Float64Array, up: Float64Array, unit: number, box: Box, reach: number | undefined) {
  const [left, right] = extent(across, reach);
  const [bottom, top] = extent(up, reach);
  const fitting = Math.min(box.width / (right - left), box.height / (top - bottom));
  const scale = Number.isFinite(fitting) ? fitting : 0;
  const [centerX, centerY] = [box.x + box.width / 2, box.y + box.height / 2];
  return {
    x: across.map((value) => centerX + scale * (value - (left + right) / 2)),
    y: up.map((value) => centerY - scale * (value - (bottom + top) / 2)),
    scale: scale / unit,
  };
}

/** Arranges dots along a line. Dots that would overlap are stacked on both sides of it. */
function stackStrip(
  along: Float64Array,
  unit: number,
  order: Uint32Array,
  box: Box,
  diameter: number,
  reach: number | undefined,
) {
  const [left, right] = extent(along, reach);
  const scale = right > left ? box.width / (right - left) : 0;
  const x = along.map((value) => box.x + box.width / 2 + scale * (value - (left + right) / 2));
  // Very small dots are stacked if they are within a hundredth of a pixel.
  const bin = Math.max(diameter, 0.01);
  const height = new Uint32Array(Math.floor(box.width / bin) + 1);
  // Rounding may place the outermost points slightly beyond the box.
  const binOf = (i: number) => Math.min(height.length - 1, Math.max(0, Math.floor((x[i] - box.x) / bin)));
  for (const i of order) height[binOf(i)]++;
  const step = Math.min(diameter, box.height / height.reduce((a, b) => Math.max(a, b), 1));
  const stacked = new Uint32Array(height.length);
  const y = new Float64Array(along.length);
  for (const i of order) {
    const column = binOf(i);
    const level = stacked[column]++;
    y[i] = box.y + box.height / 2 + (level - (height[column] - 1) / 2) * step;
  }
  return { x, y, scale: scale / unit };
}

function extent(values: Float64Array, reach?: number): [number, number] {
  if (reach !== undefined) return [-reach, reach];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}
