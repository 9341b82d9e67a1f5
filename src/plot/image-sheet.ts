import { type Context, font, openSurface, type PictureFormat, shorten } from "../canvas/index.js";
import { cleanText, INKS } from "../colors/index.js";
import { ArgumentError } from "../errors.js";

/** An image of a sheet, with a line or two below it. */
export interface SheetTile {
  /** height x width x channels values, 0 black to 1 white; images with others are stretched from their least to their most. */
  readonly pixels?: ArrayLike<number> | undefined;
  readonly caption: string;
  /** A second, quieter line. */
  readonly detail?: string | undefined;
}

/** An example and what belongs to it. */
export interface SheetRow {
  readonly example: SheetTile;
  readonly tiles: readonly SheetTile[];
}

/** The size of all images of a sheet. */
export interface SheetShape {
  readonly height: number;
  readonly width: number;
  /** 1 for gray values, 3 for colors, 4 with an alpha that is not looked at. */
  readonly channels: number;
}

/** Shown so large in pixels on their longer side: small images in whole multiples, so that their pixels stay squares. */
const TILE = 112;
const GAP = 12;
/** Between examples, with a line in its middle. */
const ROW_GAP = 28;
const MARGIN = 28;
/** Tiles in a line beside the example; more go on below. */
const COLUMNS = 10;

/**
 * Draws examples, each at the left of a line, with the images that belong to them beside it.
 *
 * @returns a PNG or SVG file
 */
export async function drawImageSheet(
  rows: readonly SheetRow[],
  shape: SheetShape,
  { title, subtitle, format }: { title: string; subtitle: string; format: PictureFormat },
): Promise<Uint8Array> {
  const ink = INKS.light;
  const scale = fitScale(Math.max(shape.height, shape.width));
  const [tileWidth, tileHeight] = [Math.round(shape.width * scale), Math.round(shape.height * scale)];
  const cell = { width: Math.max(tileWidth, 84) + GAP, height: tileHeight + 40 };
  const columns = Math.min(COLUMNS, Math.max(1, ...rows.map(({ tiles }) => tiles.length)));
  const lead = cell.width + 2 * GAP;
  const lines = rows.map(({ tiles }) => Math.max(1, Math.ceil(tiles.length / columns)));
  const blockHeight = (count: number) => count * (cell.height + GAP) - GAP;
  const head = MARGIN + 64;
  const width = Math.max(2 * MARGIN + lead + columns * cell.width - GAP, 420);
  const height = head + lines.reduce((sum, count) => sum + blockHeight(count), (rows.length - 1) * ROW_GAP) + MARGIN;
  if (height > 16384) {
    const accepted = `fewer examples or images: a sheet is at most 16384 pixels high, this one ${height}`;
    throw new ArgumentError("OUT_OF_RANGE", { argument: "rows", received: rows, accepted });
  }
  const surface = openSurface(width, height, format);
  const { context } = surface;
  context.fillStyle = ink.background;
  context.fillRect(0, 0, width, height);
  write(title, MARGIN, MARGIN + 16, width - 2 * MARGIN, font(20, 600), ink.text);
  write(subtitle, MARGIN, MARGIN + 40, width - 2 * MARGIN, font(14), ink.muted);
  let top = head;
  for (const [r, { example, tiles }] of rows.entries()) {
    if (r > 0) rule(top - ROW_GAP / 2);
    drawTile(example, MARGIN, top, true);
    for (const [t, tile] of tiles.entries()) {
      drawTile(
        tile,
        MARGIN + lead + (t % columns) * cell.width,
        top + Math.floor(t / columns) * (cell.height + GAP),
        false,
      );
    }
    top += blockHeight(lines[r]) + ROW_GAP;
  }
  return surface.encode(cleanText(title));

  function drawTile({ pixels, caption, detail }: SheetTile, left: number, y: number, isExample: boolean): void {
    if (pixels) {
      context.imageSmoothingEnabled = scale < 1;
      context.drawImage(toCanvas(pixels, shape), left, y, tileWidth, tileHeight);
    } else {
      write("no image", left + 8, y + tileHeight / 2 + 4, tileWidth - 12, font(12), ink.muted);
    }
    if (isExample) {
      context.strokeStyle = ink.single;
      context.lineWidth = 3;
      context.strokeRect(left - 3, y - 3, tileWidth + 6, tileHeight + 6);
    } else if (pixels) {
      context.strokeStyle = ink.line;
      context.lineWidth = 1;
      context.strokeRect(left - 0.5, y - 0.5, tileWidth + 1, tileHeight + 1);
    }
    const room = cell.width - 4;
    write(caption, left, y + tileHeight + 19, room, font(13, 600), ink.text);
    if (detail) write(detail, left, y + tileHeight + 35, room, font(12), ink.muted);
  }

  function rule(y: number): void {
    context.fillStyle = ink.line;
    context.fillRect(MARGIN, Math.round(y), width - 2 * MARGIN, 1);
  }

  function write(text: string, x: number, y: number, room: number, face: string, color: string): void {
    context.font = face;
    context.fillStyle = color;
    context.fillText(shorten(context, cleanText(text), room), x, y);
  }
}

function fitScale(side: number): number {
  return side <= TILE ? Math.max(1, Math.floor(TILE / side)) : (1.25 * TILE) / Math.max(side, 1.25 * TILE);
}

function toCanvas(pixels: ArrayLike<number>, { height, width, channels }: SheetShape): Context["canvas"] {
  const { context } = openSurface(width, height, "png");
  const image = context.createImageData(width, height);
  const [black, white] = findRange(pixels);
  for (let p = 0; p < height * width; p++) {
    for (let c = 0; c < 3; c++) {
      const value = pixels[p * channels + (channels >= 3 ? c : 0)];
      image.data[4 * p + c] = Math.round((255 * (value - black)) / (white - black));
    }
    image.data[4 * p + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return context.canvas;
}

/** What is shown black and white. */
function findRange(pixels: ArrayLike<number>): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let j = 0; j < pixels.length; j++) {
    const value = pixels[j];
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return least >= 0 && most <= 1 ? [0, 1] : most > least ? [least, most] : [least - 1, least + 1];
}
