import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../abort.js";
import { colorPoints, drawHeading, headingHeight, measuringContext, openSurface } from "../canvas/index.js";
import { cleanText, INKS } from "../colors/index.js";
import { ArgumentError } from "../errors.js";
import { eachImage, fitSide, type ImageSource } from "../images/index.js";
import type { CheckedWall, WallOptions } from "./options.js";

const LONGEST_SIDE = 16_384;
/** Length of the sides of the picture in pixels, for which the default size of the cells is chosen. */
const USUAL_SIDE = 4096;
const LARGEST_CELL = 96;
const SMALLEST_CELL = 8;

/** Draws a wall as one PNG. */
export async function drawMosaic(images: ImageSource, wall: CheckedWall, options: WallOptions): Promise<Uint8Array> {
  const { rows, columns, imageAt, labels } = wall;
  const { title = "", theme = "light", signal, onProgress, stretch } = options;
  const ink = INKS[theme];
  const fit = { ...fitSide(images, options.cell ?? usualCell(images, wall)), stretch };
  const coloring = colorPoints(labels, theme, "", images.count, ink);
  const side = Math.max(fit.width, fit.height);
  const frame = labels.kind === "none" ? 0 : Math.max(1, Math.round(side / 20));
  const gap = Math.max(1, Math.round(side / 30));
  const pitch = { x: fit.width + 2 * frame + gap, y: fit.height + 2 * frame + gap };

  const wallWidth = columns * pitch.x - gap;
  const wallHeight = rows * pitch.y - gap;
  const em = Math.max(11, Math.min(64, Math.max(wallWidth, wallHeight) / 80));
  const margin = Math.round(1.2 * em);
  const head = Math.ceil(headingHeight(title, "", 1.6 * em, em));
  const width = Math.max(wallWidth, Math.ceil(16 * em)) + 2 * margin;
  const legend = coloring.legend(measuringContext(), width - 2 * margin, 12 * em, false, em);
  const height = wallHeight + 2 * margin + head + (legend ? Math.ceil(legend.height + em) : 0);
  if (width > LONGEST_SIDE || height > LONGEST_SIDE) {
    const message = `cell: a wall of ${rows} x ${columns} images with ${side} pixels per side is ${width} x ${height} pixels, but a picture can have at most ${LONGEST_SIDE} per side. Use smaller cells, or write tiles`;
    throw new ArgumentError("OUT_OF_RANGE", { argument: "cell", received: side, accepted: "smaller cells", message });
  }

  const surface = openSurface(width, height, "png");
  const { context } = surface;
  context.fillStyle = ink.background;
  context.fillRect(0, 0, width, height);
  drawHeading(context, title, "", margin, margin, width - 2 * margin, 1.6 * em, em, ink);
  const left = Math.floor((width - wallWidth) / 2);
  const top = margin + head;
  const pixels = context.createImageData(fit.width, fit.height);
  const ground = [1, 3, 5].map((at) => Number.parseInt(ink.background.slice(at, at + 2), 16));
  for (let r = 0; r < rows; r++) {
    throwIfAborted(signal);
    const line = imageAt.subarray(r * columns, (r + 1) * columns);
    const filled = Array.from(line.keys()).filter((column) => line[column] >= 0);
    const members = filled.map((column) => line[column]);
    await eachImage(images, members, fit, (rgba, index) => {
      const x = left + filled[index] * pitch.x;
      const y = top + r * pitch.y;
      if (frame > 0) {
        context.fillStyle = coloring.colors[coloring.colorOf[members[index]]];
        context.fillRect(x, y, fit.width + 2 * frame, fit.height + 2 * frame);
      }
      layOver(rgba, ground, pixels.data);
      context.putImageData(pixels, x + frame, y + frame);
    });
    onProgress?.({ fraction: (r + 1) / rows });
    await setImmediate();
  }
  if (legend) legend.draw(context, Math.max(margin, (width - legend.width) / 2), top + wallHeight + em);
  return surface.encode(cleanText(title));
}

function usualCell(images: ImageSource, { rows, columns }: CheckedWall): number {
  const { width, height } = fitSide(images, 1000);
  const own = Math.max(images.height, images.width);
  const room = Math.min(LARGEST_CELL, (USUAL_SIDE / Math.max(columns * width, rows * height)) * 1000);
  const side = own < room ? own * Math.floor(room / own) : room;
  return Math.max(SMALLEST_CELL, Math.floor(side));
}

/** Blends RGBA bytes with an opaque background. */
function layOver(rgba: Uint8ClampedArray, ground: readonly number[], target: Uint8ClampedArray): void {
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3] / 255;
    for (let c = 0; c < 3; c++) target[at + c] = alpha * rgba[at + c] + (1 - alpha) * ground[c];
    target[at + 3] = 255;
  }
}
