import sharp from "sharp";
import { throwIfAborted } from "../abort.js";
import { readPixels } from "../canvas/index.js";
import type { Labels } from "../colors/index.js";
import type { Matrix } from "../matrix.js";
import { shuffled } from "../shuffle.js";
import type { AnimationSettings } from "./options.js";
import { paintPicture } from "./picture.js";
import { reachOf } from "./projection.js";

/** Maximum number of drawn points. More points could not be distinguished in a picture of this size. */
const MOST_POINTS = 20_000;
/** Maximum number of frames. The encoder needs all frames in memory at once, a megabyte each. */
const MOST_FRAMES = 300;
/** Number of states before and after a state over which its scale is averaged. */
const SMOOTHING = 1;
/**
 * Options for the color palette. The first frame contains all colors of the legend, so its palette fits every frame.
 */
const PALETTE = { colors: 128, dither: 0, effort: 1, interPaletteMaxError: 256 };
/** Additional milliseconds of the last frame. */
const REST = 2000;

/** Draws a series of maps of the same points as a GIF. */
export async function animate(
  states: readonly Matrix[],
  labels: Labels,
  settings: AnimationSettings,
): Promise<Uint8Array> {
  const { width, height, captions, delay, signal } = settings;
  const step = Math.ceil(states.length / MOST_FRAMES);
  const shown = states.map((_, i) => i).filter((i) => (states.length - 1 - i) % step === 0);
  const rows = shuffled(states[0].rows).subarray(0, MOST_POINTS);
  const maps = shown.map((i) => states[i].take(rows));
  const reaches = smoothReaches(maps.map(reachOf));
  const style = { labels: takeLabels(labels, rows), opacity: labels.kind === "none" ? 0.4 : 0.75 };

  const pixels = Buffer.alloc(maps.length * width * height * 3);
  for (const [frame, points] of maps.entries()) {
    throwIfAborted(signal);
    const subtitle = captions?.[shown[frame]] ?? "";
    const view = { reach: reaches[frame], opacity: style.opacity };
    const { context } = await paintPicture(
      [{ points, title: "", subtitle: "" }],
      style.labels,
      { ...settings, subtitle },
      view,
    );
    copyColors(readPixels(context), pixels.subarray(frame * width * height * 3));
  }
  const raw = { width, height: maps.length * height, channels: 3 as const, pageHeight: height };
  const delays = maps.map((_, frame) => delay + (frame === maps.length - 1 ? REST : 0));
  return sharp(pixels, { raw, limitInputPixels: false })
    .gif({ ...PALETTE, delay: delays, loop: 0 })
    .toBuffer();
}

/**
 * Chooses the reach of each frame, which is the largest coordinate that it shows. A frame shows all its points, and its
 * reach is never smaller than that of the previous frame. If the geometric mean of the reaches of a state and its
 * neighboring states is larger, that mean is used, so that the view widens smoothly although the map grows in jumps.
 */
function smoothReaches(reaches: readonly number[]): number[] {
  const widest: number[] = [];
  for (const reach of reaches) widest.push(Math.max(Math.log(reach), widest.at(-1) ?? Number.NEGATIVE_INFINITY));
  return widest.map((own, i) => {
    const around = widest.slice(Math.max(0, i - SMOOTHING), i + SMOOTHING + 1);
    return Math.exp(Math.max(own, around.reduce((sum, value) => sum + value, 0) / around.length));
  });
}

/** Returns the labels of some of the points. The counts in the legend still include all points. */
function takeLabels(labels: Labels, rows: Uint32Array): Labels {
  if (labels.kind === "classes") return { ...labels, indices: Int32Array.from(rows, (row) => labels.indices[row]) };
  if (labels.kind === "quantity") return { ...labels, values: Float64Array.from(rows, (row) => labels.values[row]) };
  return labels;
}

/** Copies the colors without alpha. The pictures are opaque, and alpha would add a third to the data to encode. */
function copyColors(from: Uint8ClampedArray, to: Uint8Array): void {
  for (let i = 0, j = 0; i < from.length; i += 4, j += 3) {
    to[j] = from[i];
    to[j + 1] = from[i + 1];
    to[j + 2] = from[i + 2];
  }
}
