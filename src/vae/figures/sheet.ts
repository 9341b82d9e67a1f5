import { ArgumentError } from "../../errors.js";
import type { ImageShape } from "../models/images.js";

/** Options of {@link drawSheet}. All are optional. */
export interface SheetOptions {
  /** Images in a row, an integer >= 1. Default: as many as rows. */
  readonly columns?: number | undefined;
  readonly title?: string | undefined;
  readonly subtitle?: string | undefined;
  /** What stands before the rows; repeated where there are more rows than labels. */
  readonly rowLabels?: readonly string[] | undefined;
  /** What stands above the images, one an image. */
  readonly captions?: readonly string[] | undefined;
  /** Rows that belong together; a wider gap parts them from the next. Default 1. */
  readonly group?: number | undefined;
  /** Whether images touch each other, as those of a manifold do. Default false. */
  readonly seamless?: boolean | undefined;
  /** What stands below the sheet, and beside it from the bottom up. */
  readonly axes?: readonly [across: string, up: string] | undefined;
  /** Pixels a side that small images are magnified to, by whole numbers, > 0. Default 84, in rows of more than 12 images 56. */
  readonly side?: number | undefined;
  /** The values that become black and white. Default 0 and 1. */
  readonly range?: DisplayRange | undefined;
}

/** The values that become black and white. */
export type DisplayRange = readonly [black: number, white: number];

const SIDE = { columns: 12, few: 84, many: 56 };
/** Pixels a side that a sheet can have. */
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
 * @param images n images, values 0 to 1, one after the other; n >= 1
 * @throws {ArgumentError} SHAPE_MISMATCH for no images, or data that do not have their shape; OUT_OF_RANGE for more than a picture holds
 */
export async function drawSheet(
  images: Float32Array,
  shape: ImageShape,
  options: SheetOptions = {},
): Promise<Uint8Array> {
  const { height, width } = shape;
  const length = height * width * shape.channels;
  const count = images.length / length;
  if (!Number.isInteger(count) || count === 0) {
    const accepted = `images of ${height} x ${width} x ${shape.channels}, at least one`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument: "images", received: images, accepted });
  }
  const {
    columns = Math.ceil(Math.sqrt(count)),
    group = 1,
    seamless = false,
    rowLabels = [],
    captions = [],
    axes,
    range,
  } = options;
  const [{ createCanvas, ImageData }, { font, measuringContext, openSurface, shorten }, { INKS }] = await Promise.all([
    import("@napi-rs/canvas"),
    import("../../canvas/index.js"),
    import("../../colors/index.js"),
  ]);
  const ink = INKS.light;
  const rows = Math.ceil(count / columns);
  const { side = columns > SIDE.columns ? SIDE.many : SIDE.few } = options;
  const scale = Math.max(1, Math.round(side / Math.max(height, width)));
  const tile = { width: width * scale, height: height * scale };
  const gap = seamless ? 0 : Math.max(3, Math.round(tile.width / 16));
  const measure = measuringContext();
  measure.font = font(LABEL.size);
  const labelWidth = Math.max(0, ...rowLabels.map((label) => measure.measureText(label).width + LABEL.gap));
  const left = MARGIN + Math.ceil(labelWidth) + (axes ? AXIS_LINE : 0);
  const top =
    MARGIN + (options.title ? TITLE.line : 0) + (options.subtitle ? SUBTITLE.line : 0) + (options.title ? 8 : 0);
  const caption = captions.length > 0 ? CAPTION_LINE : 0;
  const yOf = (row: number) =>
    top + caption + row * (tile.height + gap + caption) + Math.floor(row / group) * (group > 1 ? 3 * gap : 0);
  const sheet = { width: columns * (tile.width + gap) - gap, height: yOf(rows - 1) + tile.height - top };
  measure.font = font(TITLE.size, 600);
  const titleWidth = options.title ? measure.measureText(options.title).width : 0;
  measure.font = font(SUBTITLE.size);
  const textWidth = Math.max(titleWidth, options.subtitle ? measure.measureText(options.subtitle).width : 0);
  const total = {
    width: Math.ceil(Math.max(left + sheet.width, MARGIN + Math.min(textWidth, 1000)) + MARGIN),
    height: top + sheet.height + MARGIN + (axes ? AXIS_LINE - 8 : 0),
  };
  if (Math.max(total.width, total.height) > MOST_PIXELS) {
    const accepted = `fewer images: a sheet has at most ${MOST_PIXELS} pixels a side`;
    throw new ArgumentError("OUT_OF_RANGE", { argument: "images", received: count, accepted });
  }
  const surface = openSurface(total.width, total.height, "png");
  const { context } = surface;
  context.fillStyle = ink.background;
  context.fillRect(0, 0, total.width, total.height);
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
  context.font = font(LABEL.size);
  context.fillStyle = ink.muted;
  for (let row = 0; row < rows && rowLabels.length > 0; row++) {
    const y = yOf(row) + tile.height / 2 + LABEL.size / 3;
    context.fillText(rowLabels[row % rowLabels.length], MARGIN, y);
  }
  context.imageSmoothingEnabled = false;
  const small = createCanvas(width, height);
  for (let i = 0; i < count; i++) {
    const pixels = toRgba(images.subarray(i * length, (i + 1) * length), shape, range);
    small.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
    const [x, y] = [left + (i % columns) * (tile.width + gap), yOf(Math.floor(i / columns))];
    context.fillText(shorten(context, captions[i] ?? "", tile.width), x, y - 8);
    context.drawImage(small, x, y, tile.width, tile.height);
  }
  if (axes) {
    context.textAlign = "center";
    context.fillText(axes[0], left + sheet.width / 2, top + sheet.height + AXIS_LINE - 6);
    context.translate(left - 12, top + sheet.height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(axes[1], 0, 0);
  }
  return surface.encode(options.title ?? "");
}

/** Three channels are colors; of another number the mean is a gray value. */
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

/** Share of the values beyond the display range at either end, and how little contrast is not magnified further. */
const DISPLAY = { beyond: 0.002, least: 0.2 };

/** The range between the extremes of images' values, few outliers left out, in which dim images can be seen. */
export function displayRange(images: Float32Array): DisplayRange {
  const sorted = images.slice().sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  const [black, white] = [at(DISPLAY.beyond), at(1 - DISPLAY.beyond)];
  const missing = Math.max(0, DISPLAY.least - (white - black)) / 2;
  return [black - missing, white + missing];
}
