import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { throwIfAborted } from "../abort.js";
import { eachImage, fitSide, type ImageSource } from "../images/index.js";
import { assertFolderWritable, type FolderOptions, writeFileAtomic, writeFolderAtomic } from "../io/index.js";
import type { CheckedWall, WallTilesOptions } from "./options.js";
import { renderPage } from "./page.js";
import { Pyramid, TILE } from "./pyramid.js";

/** What {@link writeWall} tells of a wall, and writes to its `wall.json`. */
export interface WallSummary {
  readonly kind: "sigma-tsne wall";
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  /** Pixels of an image, and of the whole wall, where it is seen closest. */
  readonly cell: { readonly width: number; readonly height: number };
  readonly width: number;
  readonly height: number;
  readonly files: readonly string[];
}

const KIND = "sigma-tsne wall";
const SUMMARY = "wall.json";
const PAGE = "index.html";
const DESCRIPTION = "wall.dzi";
const TILES = "wall_files";
const FILES = [PAGE, DESCRIPTION, TILES, SUMMARY];
const SMALLEST_CELL = 16;
const LARGEST_CELL = 256;

/**
 * Makes sure, before long work, that {@link writeTiles} can write there.
 *
 * @throws {FileError} FILE_WRITE saying what is in the way
 */
export function assertWallWritable(folder: string, options: Pick<WallTilesOptions, "force"> = {}): Promise<void> {
  return assertFolderWritable(folder, folderOptions(options));
}

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

    /** The images of which a part is in these rows of pixels: those at its edges are read twice. */
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

const folderOptions = ({ force, signal }: WallTilesOptions): FolderOptions => ({
  kind: "an earlier wall",
  isReplaceable: isWall,
  force,
  signal,
});

/** Whether a folder holds nothing but what its own wall.json lists. */
async function isWall(folder: string, names: readonly string[]): Promise<boolean> {
  try {
    const { kind, files } = JSON.parse(await readFile(join(folder, SUMMARY), "utf8")) as Partial<WallSummary>;
    return kind === KIND && Array.isArray(files) && names.every((name) => files.includes(name));
  } catch {
    return false;
  }
}

/** A Deep Zoom image, which other viewers open as well. */
const describe = (width: number, height: number): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="webp" Overlap="0" TileSize="${TILE}">
  <Size Width="${width}" Height="${height}"/>
</Image>
`;
