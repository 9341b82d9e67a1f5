import { extname } from "node:path";
import { rejectUnknown, requireOptions, shapeMismatch, tooFewPoints } from "../arguments.js";
import type { PictureFormat } from "../canvas/index.js";
import { type Labels, readLabels, readNumbers, readValues } from "../colors/index.js";
import { ArgumentError, DataError } from "../errors.js";
import { checkImageCount } from "../images/index.js";
import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { checkEllipses } from "./ellipses.js";
import type { SheetRow, SheetShape } from "./image-sheet.js";
import {
  type AnimationOptions,
  checkPanel,
  type MapOptions,
  type MapPanel,
  PICTURE_FORMATS,
  resolveAnimationOptions,
  resolveMapOptions,
} from "./options.js";

export type { PictureFormat } from "../canvas/index.js";
export { THEMES, type Theme } from "../colors/index.js";
export type { ImageSource } from "../images/index.js";
export type { MapEllipses } from "./ellipses.js";
export type { SheetRow, SheetShape, SheetTile } from "./image-sheet.js";
export {
  type AnimationOptions,
  IMAGE_OPTIONS,
  type MapImages,
  type MapOptions,
  type MapPanel,
  PICTURE_FORMATS,
  PICTURE_OPTIONS,
} from "./options.js";

/**
 * Draws a map as a PNG or SVG picture. The same input always gives the same bytes. Both axes have the same scale. The
 * points are drawn in a fixed random order. Labels give colors and a legend: up to 50 classes, or a color bar for more
 * than 50 distinct numbers. Three-dimensional maps are drawn from a fixed direction, in which nearer points are larger
 * and less faded. A one-dimensional map becomes a strip of dots, which are stacked where they would overlap.
 *
 * @param points n x 1, n x 2 or n x 3, finite, n >= 1
 * @returns the bytes of the file
 * @throws {ArgumentError} SHAPE_MISMATCH for another number of columns or labels; TOO_FEW_POINTS without points;
 *   UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE for options
 * @throws {DataError} NOT_FINITE with the row, for NaN and infinities
 */
export async function drawMap(points: MatrixLike, options: MapOptions = {}): Promise<Uint8Array> {
  const settings = resolveMapOptions(options);
  const matrix = checkPoints(points, "points");
  const labels = readColors(options, matrix.rows);
  const sizes = readSizes(options, matrix.rows);
  const ellipses = checkEllipses(options.ellipses, matrix, "ellipses");
  checkMarks(settings.marks, matrix.rows);
  if (settings.images) checkImageCount(settings.images.images, "images.images", matrix.rows);
  const { drawPicture } = await import("./picture.js");
  return drawPicture([{ points: matrix, title: "", subtitle: "", ellipses }], labels, settings, sizes);
}

/**
 * Draws several maps of the same points side by side, for example standard and sigma-aware t-SNE, with one common
 * legend and title. Each map has its own scale, because lengths in two runs of t-SNE are not comparable.
 *
 * @param panels the maps, at least one. Each has points as in {@link drawMap}; labels for all of them are in `options`
 * @param options as for {@link drawMap}. Without `height`, the height is chosen so that the panels are square.
 * @throws the same errors as {@link drawMap}
 */
export async function drawMapsSideBySide(panels: readonly MapPanel[], options: MapOptions = {}): Promise<Uint8Array> {
  const settings = resolveMapOptions(options);
  if (!Array.isArray(panels) || panels.length === 0) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "panels",
      received: panels,
      accepted: "an array of at least one {points, title, subtitle}",
    });
  }
  const maps = panels.map((panel: MapPanel, i) => {
    checkPanel(panel, `panels[${i}]`);
    const points = checkPoints(panel.points, `panels[${i}].points`);
    return {
      points,
      ellipses: checkEllipses(panel.ellipses, points, `panels[${i}].ellipses`),
      title: panel.title ?? "",
      subtitle: panel.subtitle ?? "",
    };
  });
  const rows = maps.map((map) => map.points.rows);
  if (options.ellipses !== undefined) {
    const facts = {
      argument: "ellipses",
      received: options.ellipses,
      accepted: "to be left out in the shared options, because ellipses belong to one panel: set them there",
    };
    throw new ArgumentError("INVALID_ARGUMENT", facts);
  }
  const isShared = [options.labels, options.values, options.sizes, options.images].some((one) => one !== undefined);
  if (isShared && new Set(rows).size > 1) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument: "panels",
      received: panels,
      accepted: `embeddings of the same points if labels, values, sizes or images are given, not of ${rows.join(" and ")} points`,
    });
  }
  const labels = readColors(options, rows[0]);
  const sizes = readSizes(options, rows[0]);
  checkMarks(settings.marks, Math.min(...rows));
  if (settings.images) checkImageCount(settings.images.images, "images.images", rows[0]);
  const { drawPicture } = await import("./picture.js");
  return drawPicture(maps, labels, settings, sizes);
}

/**
 * Draws the optimization of a map as an animated GIF with one frame per state, centered at the origin. The view widens
 * smoothly as the map grows and never zooms in, although the first map is ten thousand times smaller than the last one.
 * For more than 20,000 points, a fixed random subset is drawn. For more than 300 states, every second, third ... state
 * and the last one are drawn. Consecutive equal frames are combined to one frame that is shown longer.
 *
 * @param states maps of the same points in the same order, at least one, each as in {@link drawMap}: for example
 *   `embedding` of the snapshots of a run
 * @returns the bytes of the file
 * @throws the same errors as {@link drawMap}
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function drawAnimation(
  states: readonly MatrixLike[],
  options: AnimationOptions = {},
): Promise<Uint8Array> {
  if (!Array.isArray(states) || states.length === 0) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "states",
      received: states,
      accepted: "an array of at least one embedding",
    });
  }
  const settings = resolveAnimationOptions(options, states.length);
  const maps = states.map((state: MatrixLike, i) => checkPoints(state, `states[${i}]`));
  const { rows, cols } = maps[0];
  const other = maps.findIndex((map) => map.rows !== rows || map.cols !== cols);
  if (other >= 0) throw shapeMismatch(`states[${other}]`, maps[other], `${rows} x ${cols}, the shape of the first`);
  const labels = readLabels(options.labels, rows);
  const { animate } = await import("./animation.js");
  return animate(maps, labels, settings);
}

/**
 * Draws examples, each with its images, such as the results of a search by example. Images up to 112 pixels per side
 * are enlarged by whole multiples; larger ones are reduced.
 *
 * @param rows at least one
 * @returns the bytes of the file
 * @throws {ArgumentError} TOO_FEW_POINTS without rows, OUT_OF_RANGE if the picture would be higher than 16384 pixels
 */
export async function drawSheet(
  rows: readonly SheetRow[],
  shape: SheetShape,
  options: { title?: string | undefined; subtitle?: string | undefined; format?: PictureFormat | undefined } = {},
): Promise<Uint8Array> {
  requireOptions(options);
  rejectUnknown(options, ["title", "subtitle", "format"]);
  if (!Array.isArray(rows) || rows.length === 0) {
    throw new ArgumentError("TOO_FEW_POINTS", { argument: "rows", received: rows, accepted: "at least one row" });
  }
  const { title = "", subtitle = "", format = "png" } = options;
  const { drawImageSheet } = await import("./image-sheet.js");
  return drawImageSheet(rows, shape, { title, subtitle, format });
}

/**
 * Returns the picture format for the extension of a file name, ignoring case.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT for any other extension
 */
export function pictureFormat(path: string): PictureFormat {
  const extension = typeof path === "string" ? extname(path).slice(1).toLowerCase() : "";
  const format = PICTURE_FORMATS.find((name) => name === extension);
  if (format === undefined) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "path",
      received: path,
      accepted: `a file name that ends in ${PICTURE_FORMATS.map((name) => `.${name}`).join(" or ")}`,
    });
  }
  return format;
}

function checkMarks(marks: readonly number[], rows: number): void {
  const beyond = marks.find((row) => row >= rows);
  if (beyond === undefined) return;
  throw new ArgumentError("OUT_OF_RANGE", { argument: "marks", received: beyond, accepted: `rows below ${rows}` });
}

function readColors({ labels, values }: MapOptions, n: number): Labels {
  if (values === undefined) return readLabels(labels, n);
  if (labels === undefined) return readValues(values, n);
  const accepted = "either values or labels, because a point has only one color";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "values", received: values, accepted });
}

function readSizes({ sizes }: MapOptions, n: number): Float64Array | undefined {
  return sizes === undefined ? undefined : readNumbers(sizes, "sizes", n);
}

function checkPoints(points: MatrixLike, argument: string): Matrix {
  const matrix = toMatrix(points, argument);
  if (matrix.rows === 0) {
    throw tooFewPoints(argument, matrix, "at least one point");
  }
  if (matrix.cols < 1 || matrix.cols > 3) {
    throw shapeMismatch(argument, matrix, "an embedding of 1, 2 or 3 columns");
  }
  const bad = matrix.data.findIndex((value: number) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new DataError("NOT_FINITE", {
      argument,
      received: matrix.data[bad],
      accepted: "finite numbers",
      row: Math.floor(bad / matrix.cols),
      column: bad % matrix.cols,
    });
  }
  return matrix;
}
