import { join } from "node:path";
import { throwIfAborted } from "../abort.js";
import { eachImage, fitSide, type ImageSource } from "../images/index.js";
import { writeFileAtomic, writeFolderAtomic } from "../io/index.js";
import type { CheckedWall, WallTilesOptions } from "./options.js";
import { assertWallWritable, folderOptions, KIND, SUMMARY, type WallSummary } from "./output-folder.js";
import { renderPage } from "./page.js";
import { Pyramid, TILE } from "./pyramid.js";

const PAGE = "index.html";
const DESCRIPTION = "wall.dzi";
const TILES = "wall_files";
const FILES = [PAGE, DESCRIPTION, TILES, SUMMARY];
const SMALLEST_CELL = 16;
const LARGEST_CELL = 256;

export async function writeTiles(
  folder: string,
  images: ImageSource,
  wall: CheckedWall,
  options: WallTilesOptions,
): Promise<WallSummary> {
  const { rows, columns, imageAt, labels } = wall;
  const { title = "", stretch, signal, onProgress } = options;
  await assertWallWritable(folder, options);
  const own = Math.max(images.height, images.width);
  const cell = fitSide(images, options.cell ?? Math.min(LARGEST_CELL, Math.max(SMALLEST_CELL, own)));
  const gap = Math.max(1, Math.round(Math.max(cell.width, cell.height) / 30));
  const pitch = { x: cell.width + gap, y: cell.height + gap };
  const [width, height] = [columns * pitch.x, rows * pitch.y];
  const summary: WallSummary = { kind: KIND, images: images.count, rows, columns, cell, width, height, files: FILES };

  const fill = async (temporary: string) => {
    const pyramid = await Pyramid.create(join(temporary, TILES), width, height);
    const strip = new Uint8ClampedArray(width * Math.min(TILE, height) * 4);
    for (let top = 0; top < height; top += TILE) {
      throwIfAborted(signal);
      const bottom = Math.min(height, top + TILE);
      await paintStrip(strip.fill(0), top, bottom);
      await pyramid.append(strip.subarray(0, (bottom - top) * width * 4));
      onProgress?.({ fraction: bottom / height });
    }
    const page = await renderPage({ title, wall, labels, width, height, cell, pitch, gap, names: options.names });
    await writeFileAtomic(join(temporary, PAGE), page, { signal });
    await writeFileAtomic(join(temporary, DESCRIPTION), describe(width, height), { signal });
    await writeFileAtomic(join(temporary, SUMMARY), `${JSON.stringify(summary, null, 2)}\n`, { signal });

    /** Draws all images that are partly in these rows of pixels. Images at the edges of a strip are read twice. */
    async function paintStrip(target: Uint8ClampedArray, from: number, to: number): Promise<void> {
      const [first, last] = [Math.floor(from / pitch.y), Math.min(rows, Math.ceil(to / pitch.y))];
      const cells: number[] = [];
      for (let index = first * columns; index < last * columns; index++) {
        if (imageAt[index] >= 0) cells.push(index);
      }
      const members = cells.map((index) => imageAt[index]);
      await eachImage(images, members, { ...cell, stretch }, (rgba, k) => {
        const index = cells[k];
        const left = (index % columns) * pitch.x + (gap >> 1);
        const above = Math.floor(index / columns) * pitch.y + (gap >> 1);
        for (let y = Math.max(from, above); y < Math.min(to, above + cell.height); y++) {
          const line = rgba.subarray((y - above) * cell.width * 4, (y - above + 1) * cell.width * 4);
          target.set(line, ((y - from) * width + left) * 4);
        }
      });
    }
  };
  await writeFolderAtomic(folder, fill, folderOptions(options));
  return summary;
}

/** The description of a Deep Zoom image, which other viewers can open as well. */
const describe = (width: number, height: number): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="webp" Overlap="0" TileSize="${TILE}">
  <Size Width="${width}" Height="${height}"/>
</Image>
`;
