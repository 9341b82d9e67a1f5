import { type Context, font } from "../canvas/index.js";
import type { Ink } from "../colors/index.js";
import type { Box, ProjectedPoints } from "./projection.js";

/**
 * Draws a ring around each marked point and its number beside it, beginning with 1. The number is on the side where it
 * fits into the box.
 */
export function drawMarks(
  context: Context,
  { x, y }: ProjectedPoints,
  marks: readonly number[],
  box: Box,
  diameter: number,
  em: number,
  ink: Ink,
): void {
  const radius = Math.max(0.42 * em, 0.5 * diameter + 0.22 * em);
  const size = 0.95 * em;
  context.save();
  context.font = font(size, 600);
  context.textAlign = "left";
  context.lineJoin = "round";
  for (const [index, row] of marks.entries()) {
    const [px, py] = [x[row], y[row]];
    const text = String(index + 1);
    const width = context.measureText(text).width;
    const beside = px + radius + 0.18 * em;
    const left = beside + width <= box.x + box.width ? beside : px - radius - 0.18 * em - width;
    context.beginPath();
    context.arc(px, py, radius, 0, 2 * Math.PI);
    for (const [color, lineWidth] of [
      [ink.background, 0.34 * em],
      [ink.text, 0.13 * em],
    ] as const) {
      context.strokeStyle = color;
      context.lineWidth = lineWidth;
      context.stroke();
    }
    context.strokeStyle = ink.background;
    context.lineWidth = 0.34 * size;
    context.strokeText(text, left, py + 0.36 * size);
    context.fillStyle = ink.text;
    context.fillText(text, left, py + 0.36 * size);
  }
  context.restore();
}
