import { reject, rejectUnknown, requireInteger, requireOptions, requireSignal } from "../arguments.js";
import { type Labels, readLabels, type Theme, themeOption } from "../colors/index.js";
import { ArgumentError } from "../errors.js";
import { checkImageCount, checkImages, checkStretch, type ImageSource } from "../images/index.js";
import { boolean, checkOptions, integer, pickOptions, text } from "../options/index.js";

/** A cell for each of n images, for example the result of `assignToGrid`. */
export interface WallCells {
  /** Number of rows of the grid; `columns` is its number of columns. */
  readonly rows: number;
  readonly columns: number;
  /** The row of each image, 0 at the top; length n. */
  readonly row: ArrayLike<number>;
  /** The column of each image, 0 at the left; length n. */
  readonly column: ArrayLike<number>;
}

/** The options of a wall that do not depend on its images. */
export const WALL_OPTIONS = {
  /** Longer side of an image in pixels. */
  cell: integer(
    { from: 2, to: 1024 },
    { placeholder: "<pixels>", defaultText: "chosen by the size of the images", help: "longer side of an image" },
  ),
  /** Heading. Default: none. */
  title: text({ default: "", defaultText: "", help: "heading of the wall" }),
  /** `"light"` or `"dark"`. */
  theme: { ...themeOption, help: "theme of the picture; the page follows the browser" },
  /** Whether to write into a folder with other files. */
  force: boolean({
    default: false,
    defaultText: "",
    help: "write tiles even if the folder contains other files",
  }),
};

/** Options of both kinds of walls. */
interface SharedOptions {
  /**
   * n labels. The picture draws frames in the colors of the classes; the page can overlay these colors. Default: none.
   */
  labels?: ArrayLike<string | number> | undefined;
  /** Heading. Default: none. */
  title?: string | undefined;
  /**
   * Stretches the contrast of each image separately and cuts off this share of its values at either end, 0 to below
   * 0.5. Default: no stretching.
   */
  stretch?: number | undefined;
  /** Cancels the computation. */
  signal?: AbortSignal | undefined;
  /** Called with the completed fraction, 0 to 1. */
  onProgress?: ((progress: { fraction: number }) => void) | undefined;
}

/** Options of {@link drawWall}. All are optional. */
export interface WallOptions extends SharedOptions {
  /**
   * Longer side of an image in pixels, an integer from 2 to 1024. Default: as large as possible in a picture of 4096
   * pixels, at most 96, and for small images a whole multiple of their size.
   */
  cell?: number | undefined;
  /** `"light"` (default) or `"dark"`. */
  theme?: Theme | undefined;
}

/** Options of {@link writeWall}. All are optional. */
export interface WallTilesOptions extends SharedOptions {
  /**
   * Longer side of an image in pixels at the closest zoom, an integer from 2 to 1024. Default: the longer side of the
   * images, within 16 to 256.
   */
  cell?: number | undefined;
  /** Name of each image, such as its file name, which is shown with its number. Default: none. */
  names?: ArrayLike<string> | undefined;
  /** Whether to write into a folder with other files. Default false: such a folder is rejected. */
  force?: boolean | undefined;
}

/** A checked wall. */
export interface CheckedWall {
  readonly rows: number;
  readonly columns: number;
  /** rows x columns: number of the image in each cell, -1 for an empty cell. */
  readonly imageAt: Int32Array;
  readonly labels: Labels;
}

const SHARED = ["labels", "title", "stretch", "signal", "onProgress", "cell"];
/** Maximum number of cells. */
const MOST_CELLS = 2 ** 26;

/**
 * Checks all options except the labels, whose number depends on the images.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT or OUT_OF_RANGE
 */
export function checkWallLook(options: WallOptions & WallTilesOptions): void {
  requireSignal(options.signal);
  checkStretch(options.stretch, "stretch");
  checkOptions(WALL_OPTIONS, pickOptions(WALL_OPTIONS, options));
}

/**
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT, OUT_OF_RANGE (a grid with fewer cells than images, cells
 *   outside the grid, two images in one cell) or SHAPE_MISMATCH
 */
export function checkWall(
  images: ImageSource,
  cells: WallCells,
  options: WallOptions & WallTilesOptions,
  own: readonly string[],
): CheckedWall {
  requireOptions(options);
  rejectUnknown(options, [...SHARED, ...own]);
  checkWallLook(options);
  checkImages(images, "images");
  if (typeof cells !== "object" || cells === null || !cells.row || !cells.column) {
    reject("cells", cells, "cells: {rows, columns, row, column}");
  }
  const rows = requireInteger(cells.rows, "cells.rows", 1, MOST_CELLS);
  const columns = requireInteger(cells.columns, "cells.columns", 1, Math.floor(MOST_CELLS / rows));
  const n = cells.row.length;
  if (n === 0)
    throw new ArgumentError("TOO_FEW_POINTS", { argument: "cells", received: 0, accepted: "at least one cell" });
  if (rows * columns < n) {
    const message = `cells: a grid of ${rows} x ${columns} has ${rows * columns} cells, fewer than the ${n} images`;
    const accepted = `at least ${n} cells`;
    throw new ArgumentError("OUT_OF_RANGE", { argument: "cells", received: rows * columns, accepted, message });
  }
  if (cells.column.length !== n)
    reject("cells.column", cells.column.length, `${n} columns, because there are ${n} rows`);
  checkImageCount(images, "images", n);
  const imageAt = new Int32Array(rows * columns).fill(-1);
  for (let i = 0; i < n; i++) {
    const row = requireInteger(cells.row[i], `cells.row[${i}]`, 0, rows - 1);
    const column = requireInteger(cells.column[i], `cells.column[${i}]`, 0, columns - 1);
    const other = imageAt[row * columns + column];
    if (other >= 0) {
      const message = `cells: images ${other} and ${i} share row ${row}, column ${column}; each image needs its own cell`;
      throw new ArgumentError("INVALID_ARGUMENT", { argument: "cells", received: i, accepted: "other cells", message });
    }
    imageAt[row * columns + column] = i;
  }
  return { rows, columns, imageAt, labels: readLabels(options.labels, n) };
}
