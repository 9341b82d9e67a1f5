import type { ImageSource } from "../plot/index.js";
import { checkWall, type WallCells, type WallOptions, type WallTilesOptions } from "./options.js";
import type { WallSummary } from "./output-folder.js";

export { checkWallLook, WALL_OPTIONS, type WallCells, type WallOptions, type WallTilesOptions } from "./options.js";
export { assertWallWritable, type WallSummary } from "./output-folder.js";

/**
 * Draws images in the cells of a grid, one each, as a PNG picture; the same bytes for the same input. With labels every image has a frame
 * in the color of its class, and there is a legend.
 *
 * @param images n images
 * @param cells where they stand; `assignToGrid` of a separated map gives them
 * @returns the bytes of the file
 * @throws {ArgumentError} SHAPE_MISMATCH for another number of images than cells; OUT_OF_RANGE for a grid that is too small, cells
 *   outside it, and a picture of more than 16384 pixels per side; UNKNOWN_OPTION or INVALID_ARGUMENT
 * @throws {AbortError} if `options.signal` is aborted
 * @throws whatever `images.read` throws
 */
export async function drawWall(images: ImageSource, cells: WallCells, options: WallOptions = {}): Promise<Uint8Array> {
  const wall = checkWall(images, cells, options, ["theme"]);
  const { drawMosaic } = await import("./mosaic.js");
  return drawMosaic(images, wall, options);
}

/**
 * Writes a wall of any size as a folder to be looked at in a browser, complete or not at all. An earlier wall in the same folder is replaced, any
 * other folder refused.
 *
 * - `index.html`: moves and zooms, tells number, label and name of the image pointed at, finds images by their number. It asks for
 *   nothing but the tiles, so it opens from a disk without a network
 * - `wall.dzi`, `wall_files/`: the wall as a Deep Zoom image of WebP tiles, which other viewers open as well
 * - `wall.json`: {@link WallSummary}
 *
 * @returns the content of `wall.json`
 * @throws {FileError} FILE_WRITE where the folder cannot be written or holds something else
 * @throws what {@link drawWall} throws, except for large pictures
 */
export async function writeWall(
  folder: string,
  images: ImageSource,
  cells: WallCells,
  options: WallTilesOptions = {},
): Promise<WallSummary> {
  const wall = checkWall(images, cells, options, ["names", "force"]);
  const { writeTiles } = await import("./folder.js");
  return writeTiles(folder, images, wall, options);
}
