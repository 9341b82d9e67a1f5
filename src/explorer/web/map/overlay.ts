import { INKS } from "../../../colors/index.js";
import { toDrawnPosition } from "./drawn-layout.js";
import { drawEllipse, drawSelectionEllipses } from "./overlay-ellipses.js";
import { drawImages } from "./overlay-images.js";
import { drawArrow, drawLabel, drawLasso, drawRing } from "./overlay-marks.js";
import { drawContours, drawNames } from "./overlay-names.js";
import { type MapGeometry, type OverlayCanvas, type OverlayScene, pixelsOf } from "./overlay-scene.js";

/**
 * Draws the layer above the points of a map: contours, images, names, ellipses, numbers, rings, the placed example and
 * the lasso.
 */
export function drawOverlay(context: CanvasRenderingContext2D, map: MapGeometry, scene: OverlayScene): void {
  context.lineJoin = "round";
  const canvas: OverlayCanvas = { context, map, scene, ink: INKS[scene.theme], imageSizes: new Map() };
  if (!map.isMoving) {
    drawContours(canvas);
    drawImages(canvas);
    drawSelectionEllipses(canvas);
    drawNames(canvas);
  }
  drawNumbers(canvas);
  drawChosen(canvas);
  if (!map.isMoving) drawPlacedExample(canvas);
  drawHovered(canvas);
  drawLasso(canvas);
}

const ringRadius = ({ map }: OverlayCanvas): number => map.dots.diameter / 2 + 3;

/** Draws numbers at the marked rows, as many as there is space for. */
function drawNumbers(canvas: OverlayCanvas): void {
  const { map, scene, imageSizes } = canvas;
  const radius = ringRadius(canvas);
  const count = Math.floor(Math.min(map.width, map.height) / 25);
  for (const [at, row] of scene.marks.slice(0, count).entries()) {
    drawRing(canvas, row, radius, 1.3);
    drawLabel(canvas, String(at + 1), pixelsOf(canvas, row), imageSizes.get(row) ?? radius);
  }
}

/** Marks the point that was clicked last. If another point was clicked before it, the two are labeled A and B. */
function drawChosen(canvas: OverlayCanvas): void {
  const { clicked, previousClicked } = canvas.scene;
  if (previousClicked !== undefined) drawPin(canvas, "A", previousClicked);
  if (clicked !== undefined) drawPin(canvas, previousClicked === undefined ? "" : "B", clicked);
}

function drawPin(canvas: OverlayCanvas, text: string, row: number): void {
  const radius = ringRadius(canvas) + 1;
  drawRing(canvas, row, radius, 2);
  if (text) drawLabel(canvas, text, pixelsOf(canvas, row), canvas.imageSizes.get(row) ?? radius);
}

function drawHovered(canvas: OverlayCanvas): void {
  const { map, scene } = canvas;
  if (scene.hovered === undefined) return;
  const radius = ringRadius(canvas);
  if (scene.elsewhere) {
    drawArrow(canvas, map.toPixels(scene.elsewhere(scene.hovered)), pixelsOf(canvas, scene.hovered), 2 * radius);
  }
  drawRing(canvas, scene.hovered, radius + 2, 2.4);
}

const EXAMPLE_SIDE = 44;

/** Draws the example of a search as a picture on a pin, with its uncertainty ellipse. */
function drawPlacedExample(canvas: OverlayCanvas): void {
  const { context, map, scene, ink } = canvas;
  const found = map.layout && scene.placedExample?.result.positions[map.layout.id];
  if (!map.layout || !found) return;
  const [x, y] = map.toPixels(toDrawnPosition(map.layout, found.x, found.y));
  if (found.covariance) {
    drawEllipse(context, [x, y], found.covariance, { scale: map.scale / map.layout.unit, color: ink.text, fill: 0.1 });
  }
  const [left, top] = [x - EXAMPLE_SIDE / 2, y - EXAMPLE_SIDE - 12];
  context.beginPath();
  context.roundRect(left - 3, top - 3, EXAMPLE_SIDE + 6, EXAMPLE_SIDE + 6, 6);
  context.moveTo(x - 7, y - 10);
  context.lineTo(x, y);
  context.lineTo(x + 7, y - 10);
  context.fillStyle = ink.text;
  context.fill();
  if (scene.placedImage) context.drawImage(scene.placedImage, left, top, EXAMPLE_SIDE, EXAMPLE_SIDE);
}
