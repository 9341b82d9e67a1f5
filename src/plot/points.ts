import { setImmediate } from "node:timers/promises";
import type { Context } from "../canvas/index.js";
import { fade } from "../colors/index.js";
import type { Box, ProjectedPoints } from "./projection.js";

/** How points look. */
export interface PointStyle {
  /** In pixels. */
  readonly diameter: number;
  /** 0 to 1. */
  readonly opacity: number;
  /** For each point a factor on the diameter; none where all are alike. */
  readonly factors?: Float64Array | undefined;
}

/**
 * The diameter in pixels at which `n` points spread evenly over the box would cover a third of it, within what can be seen well.
 *
 * @param em the size of the text, which bounds that of a point
 */
export function pointDiameter(n: number, box: Box, em: number): number {
  const even = 2 * Math.sqrt((box.width * box.height) / 3 / (Math.PI * n));
  return Math.min(0.55 * em, Math.max(1.2, 0.06 * em, even));
}

/** Cells along the longer side of the box in which points are counted to see how dense they stand. */
const CELLS = 64;
/** What shines through where as many points lie on each other as for the average point: less where colors must be told apart. */
const TRANSMITTANCE = { plain: 0.45, colored: 0.12 };

/**
 * The opacity at which the density of the points remains visible where they lie on each other.
 *
 * @param isPlain whether all points have one color, so that nothing but opacity shows where they are many
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
 * Overlapping points of one path do not add up, so as many paths of each color follow each other as can still be told apart
 * in a stack of translucent points.
 */
const LAYERS = 200;
/** The farthest points of a 3-D map: their size beside the nearest, and how far they fade into the ground. */
const FAR_SIZE = 0.55;
const FAR_FADE = 0.5;

/**
 * Draws the points in their order.
 *
 * @param colorOf for each point its index in `colors`
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
      // A line with round ends that is shorter than can be seen is a disc, and in an SVG much shorter than any other.
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

  /** Points of one color and size; they come in the order of their first point, so none is on top in every layer. */
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

/** Sizes that can be told apart, and the factors on the diameter of the least and the most of them. */
const SIZES = 8;
const SIZE_FACTORS = [0.5, 2.2] as const;

/** Factors on the diameter for which the area of a dot grows evenly with its value, up to the 99th percentile. */
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

/** Pixels: exact in float32 and short in decimal, and finer than can be seen. */
const GRID = 1 / 16;
const toGrid = (value: number): number => Math.round(value / GRID) * GRID;
