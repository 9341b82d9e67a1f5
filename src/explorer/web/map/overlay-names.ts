import { REACH } from "../names/density.js";
import { cellWidth } from "../names/map-names.js";
import { placeNames } from "../names/place-names.js";
import type { OverlayCanvas } from "./overlay-scene.js";

const FONT = '"Inter Variable", system-ui, sans-serif';
/**
 * Minimum size of a grid cell in pixels. The contours of the finest grid with cells of at least this size are drawn.
 */
const MIN_CELL = 9;

/** Draws contours of the point density. The zoom level determines the grid. */
export function drawContours({ context, map, scene, ink }: OverlayCanvas): void {
  const all = scene.legend?.contours ?? [];
  const fitting = all.filter(({ cells }) => cellWidth(cells) * map.scale >= MIN_CELL);
  const shown = fitting.at(-1) ?? all[0];
  if (!shown) return;
  const unit = cellWidth(shown.cells) * map.scale;
  const [left, bottom] = map.toPixels([-REACH, -REACH]);
  context.save();
  // The second axis of the screen points down.
  context.transform(unit, 0, 0, -unit, left, bottom);
  context.lineWidth = 1 / unit;
  context.globalAlpha = 0.45;
  context.strokeStyle = ink.text;
  context.stroke(shown.path);
  context.restore();
}

/** Draws all names that fit without overlap. */
export function drawNames({ context, map, scene, ink }: OverlayCanvas): void {
  const { legend, areNamesOfClasses } = scene;
  if (!legend || legend.names.length === 0) return;
  const setFont = (size: number) => {
    context.font = `650 ${size}px ${FONT}`;
  };
  const measure = (text: string, size: number) => {
    setFont(size);
    return context.measureText(text).width;
  };
  context.save();
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  for (const { text, x, y, size } of placeNames(legend.names, map, measure, areNamesOfClasses)) {
    setFont(size);
    context.globalAlpha = 0.85;
    context.strokeStyle = ink.background;
    context.strokeText(text, x, y);
    context.globalAlpha = 1;
    context.fillStyle = ink.text;
    context.fillText(text, x, y);
  }
  context.restore();
}
