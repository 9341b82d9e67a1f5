import type { Position } from "./drawn-layout.js";
import { type OverlayCanvas, pixelsOf } from "./overlay-scene.js";

const FONT = '"Inter Variable", system-ui, sans-serif';

/** Draws the current path in the text color with a rim in the background color, so that it is visible on any color. */
function stroke({ context, ink }: OverlayCanvas, width: number): void {
  context.strokeStyle = ink.background;
  context.lineWidth = width + 2.4;
  context.stroke();
  context.strokeStyle = ink.text;
  context.lineWidth = width;
  context.stroke();
}

/** Draws a ring around a point, or a frame around its image or its cell of a wall. */
export function drawRing(canvas: OverlayCanvas, row: number, radius: number, width: number): void {
  const { context, map, imageSizes } = canvas;
  const [x, y] = pixelsOf(canvas, row);
  const { diameter, roundness } = map.dots;
  const half = roundness === 0 ? diameter / 2 + 1 : imageSizes.get(row);
  context.beginPath();
  if (half === undefined) context.arc(x, y, radius, 0, 2 * Math.PI);
  else context.roundRect(x - half, y - half, 2 * half, 2 * half, 4);
  stroke(canvas, width);
}

/**
 * Draws a line from the position of a point in the other map to its position in this one, unless it is shorter than
 * `minLength`.
 */
export function drawArrow(canvas: OverlayCanvas, [x0, y0]: Position, [x, y]: Position, minLength: number): void {
  if (Math.hypot(x - x0, y - y0) < minLength) return;
  const { context } = canvas;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x, y);
  stroke(canvas, 1.2);
  context.beginPath();
  context.arc(x0, y0, 2, 0, 2 * Math.PI);
  stroke(canvas, 1);
}

/** @param distance between the position and the text, in pixels */
export function drawLabel({ context, ink }: OverlayCanvas, text: string, [x, y]: Position, distance: number): void {
  context.font = `600 12px ${FONT}`;
  context.textAlign = "left";
  context.strokeStyle = ink.background;
  context.lineWidth = 4;
  context.strokeText(text, x + distance + 2, y + 4);
  context.fillStyle = ink.text;
  context.fillText(text, x + distance + 2, y + 4);
}

export function drawLasso(canvas: OverlayCanvas): void {
  const { context, scene, ink } = canvas;
  if (scene.outline.length < 2) return;
  context.beginPath();
  for (const [x, y] of scene.outline) context.lineTo(x, y);
  context.closePath();
  context.globalAlpha = 0.1;
  context.fillStyle = ink.text;
  context.fill();
  context.globalAlpha = 1;
  context.setLineDash([5, 4]);
  stroke(canvas, 1.3);
  context.setLineDash([]);
}
