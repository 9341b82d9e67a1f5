import { type Context, font, shorten } from "../canvas/index.js";
import type { Ink } from "../colors/index.js";
import type { Box, ProjectedPoints } from "./projection.js";

/** Maximum number of class names. More names would hide the map. */
const MOST_NAMES = 20;
/** Minimum number of points of a named class. The name of a smaller class would hide the points of the class. */
const FEWEST_POINTS = 30;
/** Minimum width of a map with names, in units of the text size. */
const NARROWEST = 20;
/**
 * Number of cells along the longer side of the box. The points of each class are counted in blocks of three by three
 * cells to find the class with the most points around a name.
 */
const CELLS = 40;

/**
 * Writes the name of each class at the median of its points. A name is left out if most points around it belong to
 * other classes, or if it would overlap the name of a larger class.
 */
export function drawNames(
  context: Context,
  { x, y }: ProjectedPoints,
  indices: Int32Array,
  names: readonly string[],
  box: Box,
  em: number,
  ink: Ink,
): void {
  if (names.length < 2 || names.length > MOST_NAMES || Math.min(box.width, box.height) < NARROWEST * em) return;
  const members = names.map((): number[] => []);
  indices.forEach((index, i) => {
    members[index]?.push(i);
  });
  const countAround = countByCell({ x, y }, indices, names.length, box);
  const size = 1.15 * em;
  context.save();
  context.font = font(size, 600);
  context.textAlign = "center";
  context.lineJoin = "round";
  context.lineWidth = 0.32 * size;
  const drawn: Box[] = [];
  const bySize = names.map((_, index) => index).sort((a, b) => members[b].length - members[a].length);
  for (const index of bySize) {
    const own = members[index];
    if (own.length < FEWEST_POINTS) continue;
    const [px, py] = [median(own, x), median(own, y)];
    const around = names.reduce((sum, _, other) => sum + countAround(other, px, py), 0);
    if (countAround(index, px, py) < around / 2) continue;
    const text = shorten(context, names[index], 10 * size);
    const width = context.measureText(text).width;
    const left = Math.min(Math.max(px - width / 2, box.x), box.x + box.width - width);
    const label = { x: left, y: py - size / 2, width, height: size };
    if (drawn.some((other) => overlap(label, other))) continue;
    drawn.push(label);
    writeOutlined(context, text, left + width / 2, py + 0.36 * size, ink);
  }
  context.restore();
}

/**
 * Counts the points of each class in the cells of a grid. Returns a function that gives the count of a class in the
 * three by three cells around a pixel.
 */
function countByCell(
  { x, y }: Pick<ProjectedPoints, "x" | "y">,
  indices: Int32Array,
  classes: number,
  box: Box,
): (index: number, px: number, py: number) => number {
  const cell = Math.max(box.width, box.height) / CELLS;
  const cellOf = (px: number, py: number) =>
    Math.floor((py - box.y) / cell) * (CELLS + 1) + Math.floor((px - box.x) / cell);
  const counts = Array.from({ length: classes }, () => new Map<number, number>());
  indices.forEach((index, i) => {
    const own = counts[index];
    const at = cellOf(x[i], y[i]);
    own?.set(at, (own.get(at) ?? 0) + 1);
  });
  return (index, px, py) => {
    const at = cellOf(px, py);
    let sum = 0;
    for (const row of [-1, 0, 1]) {
      for (const column of [-1, 0, 1]) sum += counts[index]?.get(at + row * (CELLS + 1) + column) ?? 0;
    }
    return sum;
  };
}

function writeOutlined(context: Context, text: string, center: number, baseline: number, ink: Ink): void {
  context.globalAlpha = 0.85;
  context.strokeStyle = ink.background;
  context.strokeText(text, center, baseline);
  context.globalAlpha = 1;
  context.fillStyle = ink.text;
  context.fillText(text, center, baseline);
}

function median(members: readonly number[], values: Float64Array): number {
  return Float64Array.from(members, (i) => values[i]).sort()[members.length >> 1];
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
