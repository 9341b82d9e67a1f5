import { setImmediate } from "node:timers/promises";
import type { Context } from "../canvas/index.js";
import { fade } from "../colors/index.js";
import type { Box, ProjectedPoints } from "./projection.js";

/** The appearance of points. */
export interface PointStyle {
  /** In pixels. */
  readonly diameter: number;
  /** 0 to 1. */
  readonly opacity: number;
  /** Factor by which the diameter of each point is multiplied; undefined if all points have the same size. */
  readonly factors?: Float64Array | undefined;
}

/**
 * The diameter in pixels at which `n` evenly spread points would cover a third of the box, limited to sizes that are
 * clearly visible.
 *
 * @param em text size, which limits the size of a point
 */
export function pointDiameter(n: number, box: Box, em: number): number {
  const even = 2 * Math.sqrt((box.width * box.height) / 3 / (Math.PI * n));
  return Math.min(0.55 * em, Math.max(1.2, 0.06 * em, even));
}

/** Number of cells along the longer side of the box. The point density is counted in these cells. */
const CELLS = 64;
/**
 * Share of the background that remains visible through overlapping points, if as many points overlap as at the average
 * point. The share is smaller for colored points, because their colors must be distinguishable.
 */
const TRANSMITTANCE = { plain: 0.45, colored: 0.12 };

/**
 * The opacity at which the density of overlapping points remains visible.
 *
 * @param isPlain whether all points have one color, so that only opacity shows the density
 */
export function pointOpacity({ x, y }: ProjectedPoints, box: Box, diameter: number, isPlain: boolean): number {
  const cell = Math.max(box.width, box.height) / CELLS;
  const counts = new Float64Array((CELLS + 1) ** 2);
  x.forEach((px, i) => {
    const at = Math.floor((y[i] - box.y) / cell) * (CELLS + 1) + Math.floor((px - box.x) / cell);
    counts[at] = counts[at] + 1;
  });
  const pairs = counts.reduce((sum, count) => sum + count * (count - 1), 0);
  const neighbors = pairs / x.length;
  const overlapping = (neighbors * Math.PI * (diameter / 2) ** 2) / cell ** 2;
  const opacity = 1 - (isPlain ? TRANSMITTANCE.plain : TRANSMITTANCE.colored) ** (1 / overlapping);
  return Math.min(isPlain ? 0.6 : 0.88, Math.max(0.04, opacity));
}

/**
 * Maximum number of paths per color. Overlapping points of the same path do not add up in opacity, so the points of a
 * color are distributed over many paths. More layers of translucent points could not be distinguished.
 */
const LAYERS = 200;
/**
 * The farthest points of a 3-D map: their size relative to the nearest points, and the share by which they fade into
 * the background.
 */
const FAR_SIZE = 0.55;
const FAR_FADE = 0.5;

/**
 * Draws the points in their order.
 *
 * @param colorOf index in `colors` for each point
 */
export async function drawPoints(
  context: Context,
  { x, y, depth, order }: ProjectedPoints,
  { diameter, opacity, factors }: PointStyle,
  colorOf: Int32Array,
  colors: readonly string[],
  ground: string,
): Promise<void> {
  const layers = Math.min(order.length, LAYERS);
  context.save();
  context.globalAlpha = opacity;
  context.lineCap = "round";
  for (let layer = 0; layer < layers; layer++) {
    const start = Math.floor((layer * order.length) / layers);
    const end = Math.floor(((layer + 1) * order.length) / layers);
    const nearness = depth?.[order[(start + end) >> 1]] ?? 1;
    for (const members of alike(order.subarray(start, end))) {
      const first = members[0];
      const color = colorOf[first];
      context.lineWidth = diameter * (FAR_SIZE + (1 - FAR_SIZE) * nearness) * (factors?.[first] ?? 1);
      context.strokeStyle = fade(colors[color], ground, FAR_FADE * (1 - nearness));
      context.beginPath();
      // A very short line with round ends looks like a disc, and its text in an SVG is much shorter than that of any
      // other disc.
      for (const i of members) {
        const [px, py] = [toGrid(x[i]), toGrid(y[i])];
        context.moveTo(px, py);
        context.lineTo(px + GRID, py);
      }
      context.stroke();
    }
    await setImmediate();
  }
  context.restore();

  /**
   * Groups points by color and size. The groups are in the order of their first point, so that no group is on top in
   * every layer.
   */
  function alike(members: Uint32Array): Iterable<number[]> {
    const groups = new Map<string, number[]>();
    for (const i of members) {
      const look = `${colorOf[i]} ${factors?.[i] ?? 1}`;
      const group = groups.get(look);
      if (group) group.push(i);
      else groups.set(look, [i]);
    }
    return groups.values();
  }
}

/**
 * Number of distinguishable sizes, and the factors by which the diameter is multiplied for the smallest and the largest
 * size.
 */
const SIZES = 8;
const SIZE_FACTORS = [0.5, 2.2] as const;

/**
 * Factors by which diameters are multiplied to make the area of a dot grow linearly with its value, up to the 99th
 * percentile.
 */
export function diameterFactors(sizes: Float64Array): Float64Array {
  const sorted = sizes.filter((value) => value >= 0).sort();
  const most = sorted[Math.round(0.99 * (sorted.length - 1))] ?? 0;
  const [least, largest] = SIZE_FACTORS;
  return sizes.map((value) => {
    const share = most > 0 && value >= 0 ? Math.min(1, value / most) : 0;
    const step = Math.round(share * (SIZES - 1)) / (SIZES - 1);
    return Math.sqrt(least ** 2 + (largest ** 2 - least ** 2) * step);
  });
}

/**
 * Coordinates are rounded to this fraction of a pixel. This fraction is exact in float32, has few decimal digits, and
 * is too small to be visible.
 */
const GRID = 1 / 16;
const toGrid = (value: number): number => Math.round(value / GRID) * GRID;
