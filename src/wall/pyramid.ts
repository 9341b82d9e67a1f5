import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

/** Pixels per side of a tile. */
export const TILE = 512;
/** WebP quality, 1 to 100. At 90, the difference from the original can be measured but not seen. */
const QUALITY = 90;

/**
 * Writes an image from top to bottom as a Deep Zoom pyramid. Every level has half as many pixels per side as the next
 * one, down to one pixel, and is cut into tiles `<level>/<column>_<row>.webp`. Only one strip of tiles per level is in
 * memory.
 */
export class Pyramid {
  readonly #levels: Level[] = [];

  private constructor(folder: string, width: number, height: number) {
    let below: Level | undefined;
    for (let level = 0, power = topLevel(width, height); level <= power; level++) {
      const size = 2 ** (power - level);
      below = new Level(join(folder, String(level)), Math.ceil(width / size), Math.ceil(height / size), below);
      this.#levels.push(below);
    }
  }

  /** Creates the folders for an image of this size. */
  static async create(folder: string, width: number, height: number): Promise<Pyramid> {
    const pyramid = new Pyramid(folder, width, height);
    for (const level of pyramid.#levels) await mkdir(level.folder, { recursive: true });
    return pyramid;
  }

  /**
   * Appends the next rows of the image. Every call except the last must contain whole strips of tiles.
   *
   * @param rgba rows x width x 4
   */
  async append(rgba: Uint8ClampedArray): Promise<void> {
    await (this.#levels.at(-1) as Level).append(rgba);
  }
}

/** The level at which an image of this size has its full resolution; at level 0 it has one pixel. */
export const topLevel = (width: number, height: number): number => Math.ceil(Math.log2(Math.max(width, height)));

class Level {
  readonly folder: string;
  readonly #width: number;
  readonly #height: number;
  readonly #below: Level | undefined;
  /** Number of appended rows, and number of rows already written. */
  #rows = 0;
  #written = 0;
  readonly #strip: Uint8ClampedArray;

  constructor(folder: string, width: number, height: number, below: Level | undefined) {
    this.folder = folder;
    this.#width = width;
    this.#height = height;
    this.#below = below;
    this.#strip = new Uint8ClampedArray(width * Math.min(TILE, height) * 4);
  }

  async append(rgba: Uint8ClampedArray): Promise<void> {
    this.#strip.set(rgba, (this.#rows - this.#written) * this.#width * 4);
    this.#rows += rgba.length / (this.#width * 4);
    const rows = this.#rows - this.#written;
    if (rows < TILE && this.#rows < this.#height) return;
    const strip = this.#strip.subarray(0, rows * this.#width * 4);
    await this.#write(strip, rows);
    this.#written = this.#rows;
    await this.#below?.append(halve(strip, this.#width, rows));
  }

  async #write(strip: Uint8ClampedArray, height: number): Promise<void> {
    const row = Math.floor(this.#written / TILE);
    const raw = { width: this.#width, height, channels: 4 as const };
    const columns = Array.from({ length: Math.ceil(this.#width / TILE) }, (_, column) => column);
    await Promise.all(
      columns.map((column) => {
        const left = column * TILE;
        return sharp(strip, { raw, limitInputPixels: false })
          .extract({ left, top: 0, width: Math.min(TILE, this.#width - left), height })
          .webp({ quality: QUALITY, effort: 2 })
          .toFile(join(this.folder, `${column}_${row}.webp`));
      }),
    );
  }
}

/**
 * Halves the size, rounded up. Each pixel is the mean of two by two pixels; transparent pixels do not influence the
 * color.
 */
export function halve(rgba: Uint8ClampedArray, width: number, height: number): Uint8ClampedArray {
  const [halfWidth, halfHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const half = new Uint8ClampedArray(halfWidth * halfHeight * 4);
  for (let y = 0, to = 0; y < halfHeight; y++) {
    const rows = [2 * y * width, Math.min(2 * y + 1, height - 1) * width] as const;
    for (let x = 0; x < halfWidth; x++, to += 4) {
      const [first, second] = [2 * x, Math.min(2 * x + 1, width - 1)];
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      for (const row of rows) {
        for (const at of [4 * (row + first), 4 * (row + second)]) {
          const weight = rgba[at + 3];
          red += weight * rgba[at];
          green += weight * rgba[at + 1];
          blue += weight * rgba[at + 2];
          alpha += weight;
        }
      }
      if (alpha === 0) continue;
      half[to] = red / alpha;
      half[to + 1] = green / alpha;
      half[to + 2] = blue / alpha;
      half[to + 3] = alpha / 4;
    }
  }
  return half;
}
