import type { Position } from "./drawn-layout.js";
import { type OverlayCanvas, pixelsOf } from "./overlay-scene.js";

const MAX_ELLIPSES = 120;
/** Half axes of the ellipses in standard deviations, chosen so that an ellipse contains 95 % of a Gaussian. */
const DEVIATIONS = Math.sqrt(-2 * Math.log(0.05));

/** Draws the uncertainty of the selected points. If there are many, it draws every k-th of them. */
export function drawSelectionEllipses(canvas: OverlayCanvas): void {
  const { context, map, scene } = canvas;
  const { covariances, selected } = scene;
  if (!covariances || !selected || !map.layout) return;
  const step = Math.max(1, Math.ceil(selected.length / MAX_ELLIPSES));
  // The more ellipses there are, the more transparent they become.
  const fill = Math.min(0.14, (1.4 * step) / selected.length);
  const scale = map.scale / map.layout.unit;
  for (let at = 0; at < selected.length; at += step) {
    const row = selected[at];
    const [xx, xy, yy] = covariances.subarray(3 * row, 3 * row + 3);
    drawEllipse(context, pixelsOf(canvas, row), [xx, xy, yy], { scale, color: scene.colorOf(row), fill });
  }
}

/**
 * Draws the ellipse that contains 95 % of a Gaussian.
 *
 * @param scale pixels per unit of the covariance
 * @param fill opacity of the area
 */
export function drawEllipse(
  context: CanvasRenderingContext2D,
  [x, y]: Position,
  [xx, xy, yy]: readonly [number, number, number],
  { scale, color, fill }: { scale: number; color: string; fill: number },
): void {
  // Eigenvalues of the covariance.
  const [mean, half] = [(xx + yy) / 2, Math.hypot((xx - yy) / 2, xy)];
  if (!Number.isFinite(mean)) return;
  const axis = (variance: number) => Math.max(1, DEVIATIONS * scale * Math.sqrt(Math.max(0, variance)));
  context.beginPath();
  // The angle is negative because the second axis of the screen points down.
  context.ellipse(x, y, axis(mean + half), axis(mean - half), -0.5 * Math.atan2(2 * xy, xx - yy), 0, 2 * Math.PI);
  context.globalAlpha = fill;
  context.fillStyle = color;
  context.fill();
  context.globalAlpha = 0.75;
  context.strokeStyle = color;
  context.lineWidth = 1.2;
  context.stroke();
  context.globalAlpha = 1;
}
