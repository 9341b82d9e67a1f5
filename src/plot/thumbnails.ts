import { createCanvas } from "@napi-rs/canvas";
import type { Context } from "../canvas/index.js";
import type { Ink } from "../colors/index.js";
import { eachImage, type ImageSource } from "../images/index.js";
import type { ProjectedPoints } from "./projection.js";

/** Checked images for a map, with all settings that depend on the picture filled in. */
export interface Thumbnails {
  readonly images: ImageSource;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** The largest number of images. */
  readonly count: number;
  readonly stretch: number | undefined;
}

/** Maximum number of candidate points. More candidates would not spread the images much better. */
const MOST_CANDIDATES = 50_000;
/** Number of bisection steps to find the spacing at which the requested number of images is spread over the map. */
const HALVINGS = 14;

/**
 * Chooses points whose centered images do not touch: as many as fit, or, if more than `count` fit, `count` points that
 * are spread evenly over the map.
 *
 * @param width width of an image with the gap around it, in pixels
 * @returns row numbers, always the same for the same projected points
 */
export function choosePoints(projected: ProjectedPoints, width: number, height: number, count: number): number[] {
  const rows = projected.order.slice(0, MOST_CANDIDATES);
  const dense = pack(projected, rows, width, height, count + 1);
  if (dense.length <= count) return dense;
  let [tight, loose] = [1, 2 * Math.sqrt(rows.length / Math.max(1, count)) + 2];
  let chosen: number[] = dense.slice(0, count);
  for (let step = 0; step < HALVINGS; step++) {
    const spacing = (tight + loose) / 2;
    const spread = pack(projected, rows, spacing * width, spacing * height, count + 1);
    if (spread.length > count) tight = spacing;
    else {
      loose = spacing;
      chosen = spread;
    }
  }
  return chosen;
}

/**
 * Starts with the point nearest to the middle of the map. Each step adds the point that is nearest to a chosen image,
 * among the points whose images do not overlap the chosen ones.
 */
function pack({ x, y }: ProjectedPoints, rows: Uint32Array, width: number, height: number, most: number): number[] {
  const [middleX, middleY] = [median(rows, x), median(rows, y)];
  const clear = Array.from(rows, (row) => ({
    row,
    x: x[row] / width,
    y: y[row] / height,
    // This is first the distance to the middle, later the distance to the nearest image.
    distance: Number.POSITIVE_INFINITY,
  }));
  const chosen: number[] = [];
  let next = nearestTo(middleX / width, middleY / height);
  while (next !== undefined && chosen.length < most) {
    const taken = clear[next];
    chosen.push(taken.row);
    let kept = 0;
    next = undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const point of clear) {
      const [across, down] = [Math.abs(point.x - taken.x), Math.abs(point.y - taken.y)];
      const apart = Math.max(across, down);
      if (apart < 1) continue;
      point.distance = Math.min(point.distance, apart);
      if (point.distance < least) {
        least = point.distance;
        next = kept;
      }
      clear[kept++] = point;
    }
    clear.length = kept;
  }
  return chosen;

  function nearestTo(px: number, py: number): number | undefined {
    let [found, least]: [number | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
    for (const [i, point] of clear.entries()) {
      const distance = Math.hypot(point.x - px, point.y - py);
      if (distance < least) [found, least] = [i, distance];
    }
    return found;
  }
}

/** Draws the images of some points at their positions. Each has a frame in the color of its point. */
export async function drawThumbnails(
  context: Context,
  { x, y }: ProjectedPoints,
  thumbnails: Thumbnails,
  chosen: readonly number[],
  frameOf: (row: number) => string | undefined,
  em: number,
  ink: Ink,
): Promise<void> {
  const { images, width, height } = thumbnails;
  const canvas = createCanvas(width, height);
  const own = canvas.getContext("2d");
  const rim = rimOf(em);
  await eachImage(images, chosen, thumbnails, (rgba, index) => {
    const row = chosen[index];
    // Images are aligned to whole pixels, so that their pixels are not blurred.
    const [left, top] = [Math.round(x[row] - width / 2), Math.round(y[row] - height / 2)];
    const frame = frameOf(row);
    context.fillStyle = frame ?? ink.line;
    const around = frame ? rim : Math.min(1, rim);
    context.fillRect(left - around, top - around, width + 2 * around, height + 2 * around);
    context.fillStyle = ink.background;
    context.fillRect(left, top, width, height);
    const bytes = own.createImageData(width, height);
    bytes.data.set(rgba);
    own.putImageData(bytes, 0, 0);
    context.drawImage(canvas, left, top);
  });
}

/** Width of an image frame, and of the gap between two frames, in pixels. */
export const rimOf = (em: number): number => Math.max(1, Math.round(0.1 * em));

function median(rows: Uint32Array, values: Float64Array): number {
  return Float64Array.from(rows, (row) => values[row]).sort()[rows.length >> 1];
}
