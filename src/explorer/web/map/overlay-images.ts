import type { ThumbnailDescription } from "../../protocol.js";
import { camera } from "./camera.js";
import type { DrawnLayout, Position } from "./drawn-layout.js";
import { type OverlayCanvas, pixelsOf } from "./overlay-scene.js";
import { withThumbnails } from "./thumbnails.js";

/** Images are drawn on a map only if at most this many points are in sight, so that a good part of them has room. */
const MAX_IN_SIGHT = 2500;
const MAX_IMAGES = 900;
/** Smallest side of an image on a wall, in pixels. */
const MIN_TILE = 12;
const GAP = 8;

/** Draws the images of the points in sight: on a wall all of them, on a map as many as fit without overlap. */
export function drawImages(canvas: OverlayCanvas): void {
  const { images } = canvas.scene;
  const { layout } = canvas.map;
  if (!images || !layout) return;
  if (layout.kind === "wall") drawWallImages(canvas, images, layout);
  else drawMapImages(canvas, images);
}

function drawWallImages(canvas: OverlayCanvas, images: ThumbnailDescription, layout: DrawnLayout): void {
  const tile = layout.spacing * canvas.map.scale;
  if (tile < MIN_TILE) return;
  const rows = rowsInSight(canvas, tile);
  // The color of the cell stays visible as a frame if there is room for one.
  const side = tile - (tile > 18 ? Math.max(3, 0.12 * tile) : 1);
  if (rows) drawThumbnails(canvas, images, rows, { side, rim: 0 });
}

function drawMapImages(canvas: OverlayCanvas, images: ThumbnailDescription): void {
  const rows = rowsInSight(canvas, 0, MAX_IN_SIGHT);
  if (!rows) return;
  const side = Math.min(64, Math.max(32, 420 / Math.sqrt(Math.max(1, rows.length / 40))));
  const shown = withoutOverlap(canvas, rows, side);
  for (const row of shown) canvas.imageSizes.set(row, side / 2 + 4);
  drawThumbnails(canvas, images, shown, { side, rim: 2 });
}

/**
 * Rows in sight, the chosen ones first so that they get their images before others.
 *
 * @param margin around the map, in pixels
 * @returns undefined if there are more than `max`
 */
function rowsInSight(
  { map, scene }: OverlayCanvas,
  margin: number,
  max = Number.POSITIVE_INFINITY,
): number[] | undefined {
  const { x, y } = camera.peek();
  const { xy } = map;
  const [halfWidth, halfHeight] = [(map.width / 2 + margin) / map.scale, (map.height / 2 + margin) / map.scale];
  const isInSight = (row: number) =>
    Math.abs(xy[2 * row] - x) < halfWidth && Math.abs(xy[2 * row + 1] - y) < halfHeight;
  const rows = [scene.clicked, scene.previousClicked].filter((row) => row !== undefined).filter(isInSight);
  for (const row of scene.order) {
    if (!isInSight(row)) continue;
    rows.push(row);
    if (rows.length > max) return undefined;
  }
  return rows;
}

/** Rows whose images overlap none of the images of the rows before them, and lie completely within the map. */
function withoutOverlap(canvas: OverlayCanvas, rows: readonly number[], side: number): number[] {
  const distance = side + GAP;
  const { width, height } = canvas.map;
  const isWhole = ([x, y]: Position) =>
    x >= distance / 2 && y >= distance / 2 && x <= width - distance / 2 && y <= height - distance / 2;
  // Positions of chosen images by the cell of a grid, so that each new image is compared with its neighbors only.
  const cells = new Map<number, Position[]>();
  const keyOf = (column: number, line: number) => line * 4096 + column;
  const isFree = (column: number, line: number, [px, py]: Position) => {
    for (let at = 0; at < 9; at++) {
      const near = cells.get(keyOf(column + (at % 3) - 1, line + Math.floor(at / 3) - 1));
      if (near?.some(([x, y]) => Math.abs(x - px) < distance && Math.abs(y - py) < distance)) return false;
    }
    return true;
  };
  const chosen: number[] = [];
  for (const row of rows) {
    if (chosen.length >= MAX_IMAGES) break;
    const position = pixelsOf(canvas, row);
    const [column, line] = [Math.floor(position[0] / distance), Math.floor(position[1] / distance)];
    if (!isWhole(position) || !isFree(column, line, position)) continue;
    const cell = cells.get(keyOf(column, line));
    if (cell) cell.push(position);
    else cells.set(keyOf(column, line), [position]);
    chosen.push(row);
  }
  return chosen;
}

/** @param rim width of the frame in the color of the point, in pixels */
function drawThumbnails(
  canvas: OverlayCanvas,
  images: ThumbnailDescription,
  rows: readonly number[],
  { side, rim }: { side: number; rim: number },
): void {
  const { context, scene, ink } = canvas;
  const selected = scene.selected ? new Set(scene.selected) : undefined;
  const shrink = side / Math.max(images.tileWidth, images.tileHeight);
  const [width, height] = [images.tileWidth * shrink, images.tileHeight * shrink];
  context.imageSmoothingEnabled = shrink < 1.5;
  withThumbnails(images, rows, (row, bitmap, left, top, tileWidth, tileHeight) => {
    const [x, y] = pixelsOf(canvas, row);
    context.globalAlpha = selected && !selected.has(row) ? 0.2 : 1;
    if (rim > 0) {
      context.fillStyle = scene.colorOf(row);
      context.beginPath();
      context.roundRect(x - width / 2 - rim, y - height / 2 - rim, width + 2 * rim, height + 2 * rim, 4);
      context.fill();
    }
    context.fillStyle = ink.background;
    context.fillRect(x - width / 2, y - height / 2, width, height);
    context.drawImage(bitmap, left, top, tileWidth, tileHeight, x - width / 2, y - height / 2, width, height);
  });
  context.globalAlpha = 1;
}
