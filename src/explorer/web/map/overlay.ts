import { INKS } from "../../../colors/index.js";
import type { ThumbnailDescription } from "../../protocol.js";
import type { PlacedExample, Theme } from "../state.js";
import { camera } from "./camera.js";
import { type Position, within } from "./drawn-layout.js";
import type { MapView } from "./map-view.js";
import { withThumbnails } from "./thumbnails.js";

/** What lies above the points of a map. */
export interface OverlayScene {
  readonly theme: Theme;
  readonly hovered: number | undefined;
  readonly clicked: number | undefined;
  readonly previousClicked: number | undefined;
  readonly selected: Uint32Array | undefined;
  /** Rows that are numbered. */
  readonly marks: readonly number[];
  /** Where a row is in the other map; undefined where there is none. */
  readonly elsewhere: ((row: number) => Position) | undefined;
  readonly images: ThumbnailDescription | undefined;
  readonly colorOf: (row: number) => string;
  /** Rows in the order in which their images are drawn where they would hide each other. */
  readonly order: Uint32Array;
  /** n x 3, in squared units of the layout's own coordinates. */
  readonly covariances: Float32Array | undefined;
  readonly placedExample: PlacedExample | undefined;
  /** Its picture, once it is loaded. */
  readonly placedImage: CanvasImageSource | undefined;
  /** Of a lasso that is being drawn, in pixels. */
  readonly outline: readonly Position[];
}

/** Images are shown when so few points are in sight that a good part of them has room. */
const MAX_IN_SIGHT = 2500;
const MAX_IMAGES = 900;
/** Least side of an image on a wall, in pixels. */
const MIN_TILE = 12;
const MAX_ELLIPSES = 120;
/** Half axes of the ellipses in standard deviations: they hold 95 %. */
const DEVIATIONS = Math.sqrt(-2 * Math.log(0.05));

const FONT = '"Inter Variable", system-ui, sans-serif';

export function drawOverlay(context: CanvasRenderingContext2D, view: MapView, scene: OverlayScene): void {
  const ink = INKS[scene.theme];
  context.lineJoin = "round";
  const { diameter, roundness } = view.dots;
  const isWall = roundness === 0;
  const radius = diameter / 2 + 3;
  /** Rows whose images are drawn, and half the side of each. */
  const framed = new Map<number, number>();

  if (scene.images && !view.isMoving) drawImages(scene.images);
  if (scene.covariances && scene.selected) drawEllipses(scene.covariances, scene.selected);
  const room = Math.floor(Math.min(view.width, view.height) / 25);
  for (const [at, row] of scene.marks.slice(0, room).entries()) {
    ringRow(row, radius, 1.3);
    label(String(at + 1), pixelsOf(row), framed.get(row) ?? radius);
  }
  if (scene.previousClicked !== undefined) pin("A", scene.previousClicked);
  if (scene.clicked !== undefined) pin(scene.previousClicked === undefined ? "" : "B", scene.clicked);
  if (scene.placedExample) drawPlaced(scene.placedExample);
  if (scene.hovered !== undefined) {
    const here = pixelsOf(scene.hovered);
    if (scene.elsewhere) arrow(view.toPixels(scene.elsewhere(scene.hovered)), here);
    ringRow(scene.hovered, radius + 2, 2.4);
  }
  drawOutline();

  function pixelsOf(row: number): Position {
    return view.toPixels(view.positionOf(row));
  }

  /** A line in the ink with a rim of the ground, so that it stands out from any color. */
  function stroke(width: number): void {
    context.strokeStyle = ink.background;
    context.lineWidth = width + 2.4;
    context.stroke();
    context.strokeStyle = ink.text;
    context.lineWidth = width;
    context.stroke();
  }

  /** Around a point, its image, or its cell of a wall. */
  function ringRow(row: number, size: number, width: number): void {
    const [x, y] = pixelsOf(row);
    const half = isWall ? diameter / 2 + 1 : framed.get(row);
    context.beginPath();
    if (half === undefined) context.arc(x, y, size, 0, 2 * Math.PI);
    else context.roundRect(x - half, y - half, 2 * half, 2 * half, 4);
    stroke(width);
  }

  function arrow([x0, y0]: Position, [x, y]: Position): void {
    if (Math.hypot(x - x0, y - y0) < 2 * radius) return;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x, y);
    stroke(1.2);
    context.beginPath();
    context.arc(x0, y0, 2, 0, 2 * Math.PI);
    stroke(1);
  }

  function label(text: string, [x, y]: Position, away: number): void {
    context.font = `600 12px ${FONT}`;
    context.textAlign = "left";
    context.strokeStyle = ink.background;
    context.lineWidth = 4;
    context.strokeText(text, x + away + 2, y + 4);
    context.fillStyle = ink.text;
    context.fillText(text, x + away + 2, y + 4);
  }

  function pin(text: string, row: number): void {
    ringRow(row, radius + 1, 2);
    if (text) label(text, pixelsOf(row), framed.get(row) ?? radius + 1);
  }

  function drawImages(images: ThumbnailDescription): void {
    const places = view.places;
    if (!places) return;
    const { xy } = view;
    const tile = places.kind === "wall" ? places.spacing * view.scale : 0;
    if (places.kind === "wall" && tile < MIN_TILE) return;
    const { x, y } = camera.peek();
    const [halfWidth, halfHeight] = [view.width / 2 / view.scale, view.height / 2 / view.scale];
    const margin = (places.kind === "wall" ? tile : 32) / view.scale;
    const isInSight = (row: number) =>
      Math.abs(xy[2 * row] - x) < halfWidth + margin && Math.abs(xy[2 * row + 1] - y) < halfHeight + margin;
    // What was chosen has its image before all others.
    const rows = [scene.clicked, scene.previousClicked].filter(
      (row): row is number => row !== undefined && isInSight(row),
    );
    for (const row of scene.order) {
      if (!isInSight(row)) continue;
      rows.push(row);
      if (places.kind !== "wall" && rows.length > MAX_IN_SIGHT) return;
    }
    const side =
      places.kind === "wall" ? tile : Math.min(64, Math.max(32, 420 / Math.sqrt(Math.max(1, rows.length / 40))));
    const shown = places.kind === "wall" ? rows : pickApart(rows, side);
    if (places.kind !== "wall") for (const row of shown) framed.set(row, side / 2 + 4);
    const isFaded = scene.selected ? new Set(scene.selected) : undefined;
    // On a wall the cell's color stays as a frame, where there is room for one.
    const inner = places.kind === "wall" ? side - (tile > 18 ? Math.max(3, 0.12 * tile) : 1) : side;
    const shrink = inner / Math.max(images.tileWidth, images.tileHeight);
    const [width, height] = [images.tileWidth * shrink, images.tileHeight * shrink];
    const rim = places.kind === "wall" ? 0 : 2;
    context.imageSmoothingEnabled = shrink < 1.5;
    withThumbnails(images, shown, (row, bitmap, left, top, tileWidth, tileHeight) => {
      const [px, py] = pixelsOf(row);
      context.globalAlpha = isFaded && !isFaded.has(row) ? 0.2 : 1;
      if (rim > 0) {
        context.fillStyle = scene.colorOf(row);
        context.beginPath();
        context.roundRect(px - width / 2 - rim, py - height / 2 - rim, width + 2 * rim, height + 2 * rim, 4);
        context.fill();
      }
      context.fillStyle = ink.background;
      context.fillRect(px - width / 2, py - height / 2, width, height);
      context.drawImage(bitmap, left, top, tileWidth, tileHeight, px - width / 2, py - height / 2, width, height);
    });
    context.globalAlpha = 1;
  }

  /** Rows whose images do not touch those of the rows before them. */
  function pickApart(rows: readonly number[], side: number): number[] {
    const gap = side + 8;
    const cells = new Map<number, Position[]>();
    const chosen: number[] = [];
    for (const row of rows) {
      if (chosen.length >= MAX_IMAGES) break;
      const [px, py] = pixelsOf(row);
      const [column, line] = [Math.floor(px / gap), Math.floor(py / gap)];
      let isFree = true;
      for (let at = 0; at < 9 && isFree; at++) {
        const near = cells.get((line + Math.floor(at / 3) - 1) * 4096 + column + (at % 3) - 1);
        isFree = near?.every(([x, y]) => Math.abs(x - px) >= gap || Math.abs(y - py) >= gap) ?? true;
      }
      if (!isFree) continue;
      const key = line * 4096 + column;
      const inCell = cells.get(key);
      if (inCell) inCell.push([px, py]);
      else cells.set(key, [[px, py]]);
      chosen.push(row);
    }
    return chosen;
  }

  function drawEllipses(covariances: Float32Array, rows: Uint32Array): void {
    const places = view.places;
    if (!places || view.isMoving) return;
    const every = Math.max(1, Math.ceil(rows.length / MAX_ELLIPSES));
    // Many of them hide nothing.
    const fill = Math.min(0.14, (1.4 * every) / rows.length);
    for (let at = 0; at < rows.length; at += every) {
      const row = rows[at];
      const [xx, xy, yy] = covariances.subarray(3 * row, 3 * row + 3) as unknown as [number, number, number];
      ellipse(pixelsOf(row), [xx, xy, yy], view.scale / places.unit, scene.colorOf(row), fill);
    }
  }

  function ellipse(
    [x, y]: Position,
    [xx, xy, yy]: readonly [number, number, number],
    scale: number,
    color: string,
    fill: number,
  ): void {
    const [mean, half] = [(xx + yy) / 2, Math.hypot((xx - yy) / 2, xy)];
    if (!Number.isFinite(mean)) return;
    const axis = (variance: number) => Math.max(1, DEVIATIONS * scale * Math.sqrt(Math.max(0, variance)));
    context.beginPath();
    // The second axis of the screen points down.
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

  function drawPlaced({ result }: PlacedExample): void {
    const places = view.places;
    const found = places && result.positions[places.id];
    if (!found || view.isMoving) return;
    const here = view.toPixels(within(places, found.x, found.y));
    if (found.covariance) ellipse(here, found.covariance, view.scale / places.unit, ink.text, 0.1);
    const side = 44;
    const [left, top] = [here[0] - side / 2, here[1] - side - 12];
    context.beginPath();
    context.roundRect(left - 3, top - 3, side + 6, side + 6, 6);
    context.moveTo(here[0] - 7, here[1] - 10);
    context.lineTo(here[0], here[1]);
    context.lineTo(here[0] + 7, here[1] - 10);
    context.fillStyle = ink.text;
    context.fill();
    if (scene.placedImage) context.drawImage(scene.placedImage, left, top, side, side);
  }

  function drawOutline(): void {
    if (scene.outline.length < 2) return;
    context.beginPath();
    for (const [x, y] of scene.outline) context.lineTo(x, y);
    context.closePath();
    context.globalAlpha = 0.1;
    context.fillStyle = ink.text;
    context.fill();
    context.setLineDash([5, 4]);
    stroke(1.3);
    context.setLineDash([]);
  }
}
