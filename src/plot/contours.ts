import { blur2 } from "d3-array";
import { contours } from "d3-contour";
import type { Context } from "../canvas/index.js";
import type { Ink } from "../colors/index.js";
import type { Box, ProjectedPoints } from "./projection.js";

/** Shares of the points inside the lines, from the outermost to the innermost line. */
const SHARES = [0.95, 0.8, 0.6, 0.4, 0.2];
/** Cells along the longer side of the box. */
const CELLS = 256;
/** Standard deviation of the kernel in cells. The Gaussian kernel is approximated by three box blurs of this radius. */
const BANDWIDTH = 4;
/** Margin around the box in cells, for lines that cross its edge. */
const RIM = 3 * BANDWIDTH;

/**
 * Draws lines of equal point density, from a kernel density estimate. They enclose 20, 40, 60, 80 and 95 % of the
 * points.
 */
export function drawContours(context: Context, { x, y }: ProjectedPoints, box: Box, em: number, ink: Ink): void {
  const cell = Math.max(box.width, box.height) / CELLS;
  const [width, height] = [box.width, box.height].map((side) => Math.ceil(side / cell) + 1 + 2 * RIM) as [
    number,
    number,
  ];
  const data = new Float64Array(width * height);
  const cellOf = (i: number) => {
    const [column, row] = [(x[i] - box.x) / cell, (y[i] - box.y) / cell];
    return (Math.floor(row) + RIM) * width + Math.floor(column) + RIM;
  };
  for (let i = 0; i < x.length; i++) data[cellOf(i)] = data[cellOf(i)] + 1;
  blur2({ data, width, height }, BANDWIDTH);
  const densities = Float64Array.from(x, (_, i) => data[cellOf(i)]).sort();
  const levels = SHARES.map((share) => densities[Math.floor((1 - share) * (densities.length - 1))]);
  const lines = contours().size([width, height]);
  context.save();
  context.lineJoin = "round";
  context.beginPath();
  for (const level of new Set(levels)) {
    // If all points reach a level, its line would run along the outermost nonempty cells.
    for (const rings of lines.contour(data as unknown as number[], level).coordinates) {
      for (const ring of rings) {
        ring.forEach(([column = 0, row = 0], i) => {
          const at = [box.x + (column - RIM) * cell, box.y + (row - RIM) * cell] as const;
          if (i === 0) context.moveTo(...at);
          else context.lineTo(...at);
        });
        context.closePath();
      }
    }
  }
  for (const [color, lineWidth, opacity] of [
    [ink.background, 0.24 * em, 0.7],
    [ink.text, 0.08 * em, 0.9],
  ] as const) {
    context.globalAlpha = opacity;
    context.strokeStyle = color;
    context.lineWidth = Math.max(0.8, lineWidth);
    context.stroke();
  }
  context.restore();
}
