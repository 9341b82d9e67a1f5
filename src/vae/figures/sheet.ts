import type { SKRSContext2D as Context } from "@napi-rs/canvas";
import type { Ink } from "../../colors/index.js";
import { ArgumentError } from "../../errors.js";
import type { ImageShape } from "../models/images.js";

/** Options of {@link drawSheet}. All are optional. */
export interface SheetOptions {
  /** Images per row, an integer >= 1. Default: equal to the number of rows. */
  readonly columns?: number | undefined;
  readonly title?: string | undefined;
  readonly subtitle?: string | undefined;
  /** Labels to the left of the rows. The labels are repeated if there are more rows than labels. */
  readonly rowLabels?: readonly string[] | undefined;
  /** Captions above the images, one per image. */
  readonly captions?: readonly string[] | undefined;
  /** Number of rows in a group. A wider gap separates the groups. Default 1. */
  readonly group?: number | undefined;
  /** Whether the images are drawn without gaps between them, as in the figure of a manifold. Default false. */
  readonly seamless?: boolean | undefined;
  /** Labels of the axes: below the sheet, and to the left of it from bottom to top. */
  readonly axes?: readonly [across: string, up: string] | undefined;
  /**
   * Size, in pixels per side, to which small images are magnified by an integer factor; a number > 0. Default 84, or 56
   * in rows of more than 12 images.
   */
  readonly side?: number | undefined;
  /** The value that is displayed as black and the value that is displayed as white. Default 0 and 1. */
  readonly range?: DisplayRange | undefined;
}

/** The value that is displayed as black and the value that is displayed as white. */
export type DisplayRange = readonly [black: number, white: number];

const SIDE = { columns: 12, few: 84, many: 56 };
/** Largest number of pixels per side of a sheet. */
const MOST_PIXELS = 16_384;
const MARGIN = 28;
const TITLE = { size: 24, line: 34 };
const SUBTITLE = { size: 15, line: 24 };
const LABEL = { size: 15, gap: 14 };
const AXIS_LINE = 30;
const CAPTION_LINE = 26;

/**
 * Draws images row after row on one sheet, as a PNG file.
 *
 * @param images n images, one after the other, with values 0 to 1; n >= 1
 * @throws {ArgumentError} SHAPE_MISMATCH if there are no images or the number of values does not fit `shape`;
 *   OUT_OF_RANGE if the sheet would be too large
 */
export async function drawSheet(
  images: Float32Array,
  shape: ImageShape,
  options: SheetOptions = {},
): Promise<Uint8Array> {
  const { height, width, channels } = shape;
  const count = images.length / (height * width * channels);
  if (!Number.isInteger(count) || count === 0) {
    const accepted = `images of ${height} x ${width} x ${channels}, at least one`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument: "images", received: images, accepted });
  }
  const [{ openSurface }, { INKS }] = await Promise.all([
    import("../../canvas/index.js"),
    import("../../colors/index.js"),
  ]);
  const layout = await layOut(count, shape, options);
  const { total } = layout;
  if (Math.max(total.width, total.height) > MOST_PIXELS) {
    const accepted = `fewer images: a sheet has at most ${MOST_PIXELS} pixels per side`;
    throw new ArgumentError("OUT_OF_RANGE", { argument: "images", received: count, accepted });
  }
  const surface = openSurface(total.width, total.height, "png");
  const { context } = surface;
  const ink = INKS.light;
  context.fillStyle = ink.background;
  context.fillRect(0, 0, total.width, total.height);
  await drawHeading(context, layout, options, ink);
  const { font } = await import("../../canvas/index.js");
  context.font = font(LABEL.size);
  context.fillStyle = ink.muted;
  drawRowLabels(context, layout, options.rowLabels ?? []);
  await drawImages(context, layout, images, shape, options);
  if (options.axes) drawAxes(context, layout, options.axes);
  return surface.encode(options.title ?? "");
}

/** Positions and sizes on a sheet, in pixels. */
interface SheetLayout {
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
  readonly tile: { readonly width: number; readonly height: number };
  readonly gap: number;
  /** Left and upper edge of the area that contains the images and captions. */
  readonly left: number;
  readonly top: number;
  /** Size of the images together with the gaps between them. */
  readonly sheet: { readonly width: number; readonly height: number };
  readonly total: { readonly width: number; readonly height: number };
  /** Returns the vertical position of the upper edge of a row of images. */
  yOf(row: number): number;
}

async function layOut(count: number, { height, width }: ImageShape, options: SheetOptions): Promise<SheetLayout> {
  const { title, subtitle, axes, rowLabels = [], captions = [], group = 1, seamless = false } = options;
  const { columns = Math.ceil(Math.sqrt(count)) } = options;
  const { side = columns > SIDE.columns ? SIDE.many : SIDE.few } = options;
  const { font, measuringContext } = await import("../../canvas/index.js");
  const measure = measuringContext();
  const widthOf = (text: string, style: { size: number }, weight?: 600) => {
    measure.font = font(style.size, weight);
    return measure.measureText(text).width;
  };
  const rows = Math.ceil(count / columns);
  const scale = Math.max(1, Math.round(side / Math.max(height, width)));
  const tile = { width: width * scale, height: height * scale };
  const gap = seamless ? 0 : Math.max(3, Math.round(tile.width / 16));
  const labelWidth = Math.max(0, ...rowLabels.map((label) => widthOf(label, LABEL) + LABEL.gap));
  const left = MARGIN + Math.ceil(labelWidth) + (axes ? AXIS_LINE : 0);
  const top = MARGIN + (title ? TITLE.line : 0) + (subtitle ? SUBTITLE.line : 0) + (title ? 8 : 0);
  const caption = captions.length > 0 ? CAPTION_LINE : 0;
  const yOf = (row: number) =>
    top + caption + row * (tile.height + gap + caption) + Math.floor(row / group) * (group > 1 ? 3 * gap : 0);
  const sheet = { width: columns * (tile.width + gap) - gap, height: yOf(rows - 1) + tile.height - top };
  const textWidth = Math.max(title ? widthOf(title, TITLE, 600) : 0, subtitle ? widthOf(subtitle, SUBTITLE) : 0);
  const total = {
    width: Math.ceil(Math.max(left + sheet.width, MARGIN + Math.min(textWidth, 1000)) + MARGIN),
    height: top + sheet.height + MARGIN + (axes ? AXIS_LINE - 8 : 0),
  };
  return { count, columns, rows, tile, gap, left, top, sheet, total, yOf };
}

async function drawHeading(context: Context, { total }: SheetLayout, options: SheetOptions, ink: Ink): Promise<void> {
  const { font, shorten } = await import("../../canvas/index.js");
  let baseline = MARGIN;
  for (const [text, style, weight, color] of [
    [options.title, TITLE, 600, ink.text],
    [options.subtitle, SUBTITLE, 400, ink.muted],
  ] as const) {
    if (!text) continue;
    context.font = font(style.size, weight);
    context.fillStyle = color;
    context.fillText(shorten(context, text, total.width - 2 * MARGIN), MARGIN, baseline + style.size);
    baseline += style.line;
  }
}

function drawRowLabels(context: Context, { rows, tile, yOf }: SheetLayout, labels: readonly string[]): void {
  for (let row = 0; row < rows && labels.length > 0; row++) {
    context.fillText(labels[row % labels.length], MARGIN, yOf(row) + tile.height / 2 + LABEL.size / 3);
  }
}

async function drawImages(
  context: Context,
  { count, columns, tile, gap, left, yOf }: SheetLayout,
  images: Float32Array,
  shape: ImageShape,
  { captions = [], range }: SheetOptions,
): Promise<void> {
  const [{ createCanvas, ImageData }, { shorten }] = await Promise.all([
    import("@napi-rs/canvas"),
    import("../../canvas/index.js"),
  ]);
  const { height, width, channels } = shape;
  const length = height * width * channels;
  const small = createCanvas(width, height);
  context.imageSmoothingEnabled = false;
  for (let i = 0; i < count; i++) {
    const pixels = toRgba(images.subarray(i * length, (i + 1) * length), shape, range);
    small.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
    const [x, y] = [left + (i % columns) * (tile.width + gap), yOf(Math.floor(i / columns))];
    context.fillText(shorten(context, captions[i] ?? "", tile.width), x, y - 8);
    context.drawImage(small, x, y, tile.width, tile.height);
  }
}

function drawAxes(
  context: Context,
  { left, top, sheet }: SheetLayout,
  [across, up]: readonly [across: string, up: string],
): void {
  context.textAlign = "center";
  context.fillText(across, left + sheet.width / 2, top + sheet.height + AXIS_LINE - 6);
  context.translate(left - 12, top + sheet.height / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(up, 0, 0);
}

/**
 * Converts an image to RGBA. Three channels are red, green and blue. With any other number of channels, each pixel is
 * gray: the mean of its channels.
 */
export function toRgba(
  image: Float32Array,
  { height, width, channels }: ImageShape,
  [black, white]: DisplayRange = [0, 1],
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(height * width * 4).fill(255);
  for (let i = 0; i < height * width; i++) {
    const values = image.subarray(i * channels, (i + 1) * channels);
    const gray = channels === 3 ? 0 : values.reduce((sum, value) => sum + value, 0) / channels;
    for (let c = 0; c < 3; c++) {
      rgba[i * 4 + c] = (255 * ((channels === 3 ? values[c] : gray) - black)) / (white - black);
    }
  }
  return rgba;
}

/**
 * `beyond`: fraction of the values that are below the display range, and also fraction of the values that are above it.
 * `least`: smallest width of the display range, which limits how much the contrast of faint images is increased.
 */
const DISPLAY = { beyond: 0.002, least: 0.2 };

/**
 * Chooses the display range from the smallest to the largest value of the images, ignoring a few outliers, so that dim
 * images are visible.
 */
export function displayRange(images: Float32Array): DisplayRange {
  const sorted = images.slice().sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  const [black, white] = [at(DISPLAY.beyond), at(1 - DISPLAY.beyond)];
  const missing = Math.max(0, DISPLAY.least - (white - black)) / 2;
  return [black - missing, white + missing];
}
