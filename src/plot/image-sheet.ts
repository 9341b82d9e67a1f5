import { type Context, font, openSurface, type PictureFormat, shorten } from "../canvas/index.js";
import { cleanText, INKS } from "../colors/index.js";
import { ArgumentError } from "../errors.js";

/** An image of a sheet, with one or two lines of text below it. */
export interface SheetTile {
  /**
   * height x width x channels values, 0 is black and 1 is white. Images with other values are scaled from their
   * smallest to their largest value.
   */
  readonly pixels?: ArrayLike<number> | undefined;
  readonly caption: string;
  /** A second line in a lighter color. */
  readonly detail?: string | undefined;
}

/** An example and its images. */
export interface SheetRow {
  readonly example: SheetTile;
  readonly tiles: readonly SheetTile[];
}

/** The size of all images of a sheet. */
export interface SheetShape {
  readonly height: number;
  readonly width: number;
  /** 1 for gray values, 3 for colors, 4 for colors with an alpha channel that is ignored. */
  readonly channels: number;
}

/**
 * Longer side of an image in pixels. Small images are enlarged by whole multiples, so that their pixels stay squares.
 */
const TILE = 112;
const GAP = 12;
/** Gap between examples in pixels, with a line in its middle. */
const ROW_GAP = 28;
const MARGIN = 28;
/** Number of tiles per line beside the example. Further tiles continue in the next line. */
const COLUMNS = 10;

/**
 * Draws examples, each at the left of a line, followed by its images.
 *
 * @returns a PNG or SVG file
 */
export async function drawImageSheet(
  rows: readonly SheetRow[],
  shape: SheetShape,
  { title, subtitle, format }: { title: string; subtitle: string; format: PictureFormat },
): Promise<Uint8Array> {
  const layout = layOutSheet(rows, shape);
  const { width, height, cell, columns, lead, tops } = layout;
  if (height > 16384) {
    const accepted = `fewer examples or images: a sheet is at most 16384 pixels high, this one ${height}`;
    throw new ArgumentError("OUT_OF_RANGE", { argument: "rows", received: rows, accepted });
  }
  const surface = openSurface(width, height, format);
  const { context } = surface;
  context.fillStyle = INK.background;
  context.fillRect(0, 0, width, height);
  write(context, title, MARGIN, MARGIN + 16, width - 2 * MARGIN, font(20, 600), INK.text);
  write(context, subtitle, MARGIN, MARGIN + 40, width - 2 * MARGIN, font(14), INK.muted);
  for (const [r, { example, tiles }] of rows.entries()) {
    const top = tops[r];
    if (r > 0) {
      context.fillStyle = INK.line;
      context.fillRect(MARGIN, Math.round(top - ROW_GAP / 2), width - 2 * MARGIN, 1);
    }
    drawTile(context, example, MARGIN, top, true, shape, layout);
    for (const [t, tile] of tiles.entries()) {
      const left = MARGIN + lead + (t % columns) * cell.width;
      const y = top + Math.floor(t / columns) * (cell.height + GAP);
      drawTile(context, tile, left, y, false, shape, layout);
    }
  }
  return surface.encode(cleanText(title));
}

const INK = INKS.light;

/** Sizes in pixels. */
interface SheetLayout {
  readonly width: number;
  readonly height: number;
  /** Pixels of the sheet per pixel of an image. */
  readonly scale: number;
  /** The size of an image. */
  readonly tile: { readonly width: number; readonly height: number };
  /** An image with its lines of text and the gap to the next one. */
  readonly cell: { readonly width: number; readonly height: number };
  /** Number of images per line beside the example. */
  readonly columns: number;
  /** Width of the example and the gap after it. */
  readonly lead: number;
  /** The upper edge of each row. */
  readonly tops: readonly number[];
}

function layOutSheet(rows: readonly SheetRow[], shape: SheetShape): SheetLayout {
  const scale = fitScale(Math.max(shape.height, shape.width));
  const tile = { width: Math.round(shape.width * scale), height: Math.round(shape.height * scale) };
  const cell = { width: Math.max(tile.width, 84) + GAP, height: tile.height + 40 };
  const columns = Math.min(COLUMNS, Math.max(1, ...rows.map(({ tiles }) => tiles.length)));
  const lead = cell.width + 2 * GAP;
  const tops: number[] = [];
  let bottom = MARGIN + 64;
  for (const { tiles } of rows) {
    tops.push(bottom);
    const lines = Math.max(1, Math.ceil(tiles.length / columns));
    bottom += lines * (cell.height + GAP) - GAP + ROW_GAP;
  }
  const width = Math.max(2 * MARGIN + lead + columns * cell.width - GAP, 420);
  return { width, height: bottom - ROW_GAP + MARGIN, scale, tile, cell, columns, lead, tops };
}

function drawTile(
  context: Context,
  { pixels, caption, detail }: SheetTile,
  left: number,
  y: number,
  isExample: boolean,
  shape: SheetShape,
  { scale, tile, cell }: SheetLayout,
): void {
  if (pixels) {
    context.imageSmoothingEnabled = scale < 1;
    context.drawImage(toCanvas(pixels, shape), left, y, tile.width, tile.height);
  } else {
    write(context, "no image", left + 8, y + tile.height / 2 + 4, tile.width - 12, font(12), INK.muted);
  }
  if (isExample) {
    context.strokeStyle = INK.single;
    context.lineWidth = 3;
    context.strokeRect(left - 3, y - 3, tile.width + 6, tile.height + 6);
  } else if (pixels) {
    context.strokeStyle = INK.line;
    context.lineWidth = 1;
    context.strokeRect(left - 0.5, y - 0.5, tile.width + 1, tile.height + 1);
  }
  const width = cell.width - 4;
  write(context, caption, left, y + tile.height + 19, width, font(13, 600), INK.text);
  if (detail) write(context, detail, left, y + tile.height + 35, width, font(12), INK.muted);
}

function write(context: Context, text: string, x: number, y: number, width: number, face: string, color: string): void {
  context.font = face;
  context.fillStyle = color;
  context.fillText(shorten(context, cleanText(text), width), x, y);
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

/** The values that are shown as black and white. */
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
