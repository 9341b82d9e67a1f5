import { countOf, type DrawOrder } from "./draw-order.js";
import { type Scene, SHINE, sparseDiameter } from "./points-drawing.js";

/** Number of points that are drawn before the thread handles messages; they take some milliseconds. */
const TOGETHER = 16_384;

/** Draws points by blending pixels, for browsers without a graphics card. It runs in a worker. */
export class PointsCanvas {
  readonly #canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  start: Float32Array = new Float32Array();
  end: Float32Array = new Float32Array();
  tints: Uint8Array = new Uint8Array();
  order: DrawOrder = { rows: new Uint32Array(), starts: [0, 0] };
  #image: ImageData | undefined;

  constructor(canvas: OffscreenCanvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false }) as OffscreenCanvasRenderingContext2D;
  }

  /** Whether positions, colors and order belong to the same set of points. */
  get isComplete(): boolean {
    const { start, end, tints, order } = this;
    const n = tints.length / 4;
    // The order may be shorter than n, because filters hide points.
    return n > 0 && start.length === 2 * n && end.length === 2 * n && countOf(order, 0) <= n;
  }

  /** Draws a subset of the points and yields from time to time. The canvas changes only at the end. */
  *paint(scene: Scene, level: number): Generator<void, void> {
    const { width, height } = scene;
    if (this.#image?.width !== width || this.#image.height !== height) this.#image = new ImageData(width, height);
    const { data } = this.#image;
    const ground = [1, 3, 5].map((at) => Number.parseInt(scene.ground.slice(at, at + 2), 16));
    new Uint32Array(data.buffer).fill(new Uint32Array(Uint8Array.of(...ground, 255).buffer)[0]);
    if (this.isComplete) {
      const { rows, starts } = this.order;
      const isDisc = scene.roundness > 0;
      const diameter = isDisc ? sparseDiameter(scene.diameter, countOf(this.order, level), starts[1]) : scene.diameter;
      const end = starts[level + 1];
      for (let from = starts[level]; from < end; from += TOGETHER) {
        this.#blend(data, { ...scene, diameter }, rows.subarray(from, Math.min(end, from + TOGETHER)));
        yield;
      }
    }
    // Resizing a canvas clears it.
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      [this.#canvas.width, this.#canvas.height] = [width, height];
    }
    this.#context.putImageData(this.#image, 0, 0);
  }

  #blend(data: Uint8ClampedArray, scene: Scene, order: Uint32Array): void {
    const { start, end, tints } = this;
    const { width: columns, height: rows, progress, diameter, roundness, x: middleX, y: middleY } = scene;
    const { size, cover } = stamp(diameter, roundness);
    const isSquare = roundness === 0;
    const scaleX = columns / 2 / scene.reachX;
    const scaleY = rows / 2 / scene.reachY;
    const away = (isSquare ? diameter : size) / 2;
    for (let rank = 0; rank < order.length; rank++) {
      const row = order[rank];
      const x0 = start[2 * row];
      const y0 = start[2 * row + 1];
      const x = x0 + (end[2 * row] - x0) * progress;
      const y = y0 + (end[2 * row + 1] - y0) * progress;
      const px = columns / 2 + (x - middleX) * scaleX;
      const py = rows / 2 - (y - middleY) * scaleY;
      // The edges of a square are rounded individually, so that adjacent squares meet without a gap.
      const left = Math.round(px - away);
      const top = Math.round(py - away);
      const width = isSquare ? Math.round(px + away) - left : size;
      const height = isSquare ? Math.round(py + away) - top : size;
      if (left <= -width || top <= -height || left >= columns || top >= rows) continue;
      const red = tints[4 * row];
      const green = tints[4 * row + 1];
      const blue = tints[4 * row + 2];
      const given = tints[4 * row + 3] / 255;
      const opacity = given > SHINE ? 1 + (given - 1) * roundness : given;
      const lastLine = Math.min(height, rows - top);
      const lastColumn = Math.min(width, columns - left);
      for (let v = Math.max(0, -top); v < lastLine; v++) {
        for (let u = Math.max(0, -left); u < lastColumn; u++) {
          const share = isSquare ? opacity : opacity * cover[v * size + u];
          const pixel = 4 * ((top + v) * columns + left + u);
          data[pixel] = data[pixel] + share * (red - data[pixel]);
          data[pixel + 1] = data[pixel + 1] + share * (green - data[pixel + 1]);
          data[pixel + 2] = data[pixel + 2] + share * (blue - data[pixel + 2]);
        }
      }
    }
  }
}

/** The share of each pixel that a square with round corners covers. */
function stamp(diameter: number, roundness: number): { size: number; cover: Float32Array } {
  const size = Math.ceil(diameter) + 1;
  const half = diameter / 2;
  const cover = new Float32Array(size * size);
  for (let at = 0; at < cover.length; at++) {
    const corner = (place: number) => Math.max(0, Math.abs(place + 0.5 - size / 2) - half * (1 - roundness));
    const distance = Math.hypot(corner(at % size), corner(Math.floor(at / size)));
    cover[at] = Math.min(1, Math.max(0, half * roundness - distance + 0.5));
  }
  return { size, cover };
}
