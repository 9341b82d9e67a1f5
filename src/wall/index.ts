import type { ImageSource } from "../plot/index.js";
import { checkWall, type WallCells, type WallOptions, type WallTilesOptions } from "./options.js";
import type { WallSummary } from "./output-folder.js";

export { checkWallLook, WALL_OPTIONS, type WallCells, type WallOptions, type WallTilesOptions } from "./options.js";
export { assertWallWritable, type WallSummary } from "./output-folder.js";

/**
 * Draws one image per cell of a grid as a PNG picture. The same input always gives the same bytes. With labels, every
 * image has a frame in the color of its class, and there is a legend.
 *
 * @param images n images
 * @param cells the cells of the images; `assignToGrid` computes them for a separated map
 * @returns the bytes of the file
 * @throws {ArgumentError} SHAPE_MISMATCH if the numbers of images and cells differ; OUT_OF_RANGE for a grid that is too
 *   small, cells outside the grid, and a picture of more than 16384 pixels per side; UNKNOWN_OPTION or INVALID_ARGUMENT
 * @throws {AbortError} if `options.signal` is aborted
 * @throws any error of `images.read`
 */
export async function drawWall(images: ImageSource, cells: WallCells, options: WallOptions = {}): Promise<Uint8Array> {
  const wall = checkWall(images, cells, options, ["theme"]);
  const { drawMosaic } = await import("./mosaic.js");
  return drawMosaic(images, wall, options);
}

/**
 * Writes a wall of any size as a folder for a browser. The folder is written atomically. An earlier wall in the same
 * folder is replaced; any other folder is rejected.
 *
 * - `index.html`: a page to move and zoom. It shows the number, label and name of the image under the pointer, and
 *   finds images by number. It only loads the tiles, so it works from a disk without a network
 * - `wall.dzi`, `wall_files/`: the wall as a Deep Zoom image of WebP tiles, which other viewers can open as well
 * - `wall.json`: {@link WallSummary}
 *
 * @returns the content of `wall.json`
 * @throws {FileError} FILE_WRITE if the folder cannot be written or contains other files
 * @throws the same errors as {@link drawWall}, except for large pictures
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
