import type { ThumbnailDescription } from "../../protocol.js";
import { isShown } from "../filters/filtered-rows.js";
import { camera } from "./camera.js";
import { scatter } from "./draw-order.js";
import type { DrawnLayout, Position } from "./drawn-layout.js";
import { type OverlayCanvas, pixelsOf } from "./overlay-scene.js";
import { singleImage } from "./single-images.js";
import { rowsWithin, spatialIndexOf } from "./spatial-index.js";
import { cancelThumbnails, loadThumbnails, withThumbnails } from "./thumbnails.js";

/** Images are drawn on a map only if at most this many points are visible, so that there is space for many of them. */
const MAX_IN_SIGHT = 2500;
const MAX_IMAGES = 900;
/** Smallest side of an image on a wall, in pixels. */
const MIN_TILE = 12;
const GAP = 8;
/**
 * If at most this many images are visible and they are displayed larger than thumbnails, their original files are
 * shown.
 */
const MAX_SINGLE = 60;

/** Draws the images of the visible points: on a wall all of them, on a map as many as fit without overlap. */
export function drawImages(canvas: OverlayCanvas): void {
  const { images } = canvas.scene;
  const { layout } = canvas.map;
  if (!images || !layout) {
    cancelThumbnails(canvas.context.canvas);
    return;
  }
  const missing = layout.kind === "wall" ? drawWallImages(canvas, images, layout) : drawMapImages(canvas, images);
  loadThumbnails(images, canvas.context.canvas, missing);
}

/** @returns the rows whose images are not loaded yet, those in the middle first */
function drawWallImages(canvas: OverlayCanvas, images: ThumbnailDescription, layout: DrawnLayout): number[] {
  const tile = layout.spacing * canvas.map.scale;
  if (tile < MIN_TILE) return [];
  const rows = rowsInSight(canvas, tile) ?? [];
  // The color of the cell stays visible as a frame if there is space for one.
  const side = tile - (tile > 18 ? Math.max(3, 0.12 * tile) : 1);
  const missing = drawThumbnails(canvas, images, rows, { side, rim: 0 });
  drawEmptyFrames(canvas, missing, 0.5 * side);
  const { x, y } = camera.peek();
  const { xy } = canvas.map;
  const distance = (row: number) => Math.max(Math.abs(xy[2 * row] - x), Math.abs(xy[2 * row + 1] - y));
  return missing.sort((a, b) => distance(a) - distance(b));
}

/** Draws squares in the cells whose images are being loaded. */
function drawEmptyFrames({ context, map, ink }: OverlayCanvas, rows: readonly number[], side: number): void {
  context.globalAlpha = 0.35;
  context.fillStyle = ink.background;
  for (const row of rows) {
    const [x, y] = map.toPixels(map.positionOf(row));
    context.fillRect(x - side / 2, y - side / 2, side, side);
  }
  context.globalAlpha = 1;
}

function drawMapImages(canvas: OverlayCanvas, images: ThumbnailDescription): number[] {
  const rows = rowsInSight(canvas, 0, MAX_IN_SIGHT);
  if (!rows) return [];
  const side = Math.min(64, Math.max(32, 420 / Math.sqrt(Math.max(1, rows.length / 40))));
  // The order is always the same, so that the same images stay visible when the map moves.
  const inOrder = rows.sort((a, b) => scatter(a) - scatter(b));
  const { clicked, previousClicked } = canvas.scene;
  const chosen = [clicked, previousClicked].filter((row) => row !== undefined && rows.includes(row)) as number[];
  const shown = withoutOverlap(canvas, [...chosen, ...inOrder.filter((row) => !chosen.includes(row))], side);
  for (const row of shown) canvas.imageSizes.set(row, side / 2 + 4);
  return drawThumbnails(canvas, images, shown, { side, rim: 2 });
}

/**
 * The visible rows in no particular order.
 *
 * @param margin margin around the map in pixels
 * @returns undefined if there are more than `max`
 */
function rowsInSight({ map }: OverlayCanvas, margin: number, max = Number.POSITIVE_INFINITY): number[] | undefined {
  const { x, y } = camera.peek();
  const [halfWidth, halfHeight] = [(map.width / 2 + margin) / map.scale, (map.height / 2 + margin) / map.scale];
  const sight = { left: x - halfWidth, right: x + halfWidth, bottom: y - halfHeight, top: y + halfHeight };
  return rowsWithin(spatialIndexOf(map.xy), sight, max)?.filter(isShown);
}

/** Rows whose images are completely within the map and do not overlap the image of an earlier row. */
function withoutOverlap(canvas: OverlayCanvas, rows: readonly number[], side: number): number[] {
  const distance = side + GAP;
  const { width, height } = canvas.map;
  const isWhole = ([x, y]: Position) =>
    x >= distance / 2 && y >= distance / 2 && x <= width - distance / 2 && y <= height - distance / 2;
  // Positions of the chosen images, by cell of a grid, so that each new image is only compared with nearby images.
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

/**
 * @param rim width of the frame in the color of the point, in pixels
 * @returns the rows whose thumbnails are not loaded yet
 */
function drawThumbnails(
  canvas: OverlayCanvas,
  images: ThumbnailDescription,
  rows: readonly number[],
  { side, rim }: { side: number; rim: number },
): number[] {
  const { context, scene, ink } = canvas;
  const selected = scene.selected ? new Set(scene.selected) : undefined;
  const shrink = side / Math.max(images.tileWidth, images.tileHeight);
  const [width, height] = [images.tileWidth * shrink, images.tileHeight * shrink];
  context.imageSmoothingEnabled = shrink < 1.5;
  const isFine =
    rows.length <= MAX_SINGLE && side * window.devicePixelRatio > images.tileWidth && images.width > images.tileWidth;
  const missing = withThumbnails(images, rows, (row, bitmap, left, top, tileWidth, tileHeight) => {
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
    const single = isFine ? singleImage(row) : undefined;
    if (single) drawFitted(context, single, [x, y], side);
    else context.drawImage(bitmap, left, top, tileWidth, tileHeight, x - width / 2, y - height / 2, width, height);
  });
  context.globalAlpha = 1;
  return missing;
}

/** Draws an image so that it fits into a square. */
function drawFitted(context: CanvasRenderingContext2D, image: ImageBitmap, [x, y]: Position, side: number): void {
  const shrink = side / Math.max(image.width, image.height);
  const [width, height] = [image.width * shrink, image.height * shrink];
  context.imageSmoothingEnabled = shrink < 1.5;
  context.drawImage(image, x - width / 2, y - height / 2, width, height);
}
