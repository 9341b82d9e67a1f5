import type { Ink } from "../colors/index.js";
import { type Context, font, shorten } from "./surface.js";

/** An explanation of colors with a computed layout, ready to be drawn. */
export interface Legend {
  readonly width: number;
  readonly height: number;
  /** Draws the legend with its upper left corner at (x, y). */
  draw(context: Context, x: number, y: number): void;
}

/** One line of a legend of classes. */
export interface LegendEntry {
  readonly name: string;
  /** Number of points of the class. Undefined if there is no space for this number. */
  readonly count: number | undefined;
  /** Undefined for a line that represents several classes together. */
  readonly color: string | undefined;
}

const formatCount = (count: number | undefined): string => count?.toLocaleString("en") ?? "";

/**
 * Lays out swatch, name and count of each class in columns within `maxWidth x maxHeight`. The font is as large as
 * possible, at most `em`. If the legend does not fit even with small letters, the counts are left out first, and then
 * the last classes.
 *
 * @param isBeside whether the legend is to the right of the map, where it may be tall, or below the map, where its
 *   height must be small
 */
export function layOutClasses(
  context: Context,
  entries: readonly LegendEntry[],
  maxWidth: number,
  maxHeight: number,
  isBeside: boolean,
  em: number,
  ink: Ink,
): Legend {
  const smallest = Math.min(em, Math.max(7, 0.55 * em));
  const mostRows = (size: number) => Math.max(1, Math.floor(maxHeight / rowHeight(size)));
  for (let size = em; ; size = Math.max(smallest, 0.92 * size)) {
    for (const nameWidth of [14 * size, 8 * size]) {
      for (let rows = isBeside ? mostRows(size) : 1; rows <= mostRows(size); rows++) {
        const layout = columnsOf(context, entries, rows, size, nameWidth);
        if (layout.width <= maxWidth) return { ...layout, draw: drawing(layout, entries, size, ink) };
      }
    }
    if (size === smallest) break;
  }
  const rows = mostRows(smallest);
  const uncounted = entries.map((entry) => ({ ...entry, count: undefined }));
  for (let columns = Math.ceil(entries.length / rows); ; columns--) {
    const hidden = Math.max(0, entries.length - Math.max(1, rows * columns - 1));
    const shown = rows * columns >= entries.length ? uncounted : uncounted.slice(0, -hidden);
    if (shown.length < entries.length) shown.push({ name: `${hidden} more`, count: undefined, color: undefined });
    const layout = columnsOf(context, shown, rows, smallest, 8 * smallest);
    if (layout.width <= maxWidth || columns <= 1) return { ...layout, draw: drawing(layout, shown, smallest, ink) };
  }
}

/** Lays out one line that names the content of a legend, shortened if it is wider than `maxWidth`. */
export function layOutTitle(context: Context, title: string, maxWidth: number, em: number, ink: Ink): Legend {
  context.font = font(em, 600);
  const line = shorten(context, title, maxWidth);
  return {
    width: context.measureText(line).width,
    height: 1.3 * em,
    draw(context, x, y) {
      context.font = font(em, 600);
      context.fillStyle = ink.text;
      context.textAlign = "left";
      context.fillText(line, x, y + em);
    },
  };
}

/** Combines two legends, one below the other. */
export function stack(upper: Legend, lower: Legend, gap: number): Legend {
  return {
    width: Math.max(upper.width, lower.width),
    height: upper.height + gap + lower.height,
    draw(context, x, y) {
      upper.draw(context, x, y);
      lower.draw(context, x, y + upper.height + gap);
    },
  };
}

interface Columns {
  readonly width: number;
  readonly height: number;
  readonly rows: number;
  readonly names: readonly string[];
  /** Width of each column. */
  readonly widths: readonly number[];
}

const rowHeight = (size: number): number => 1.55 * size;
const columnGap = (size: number): number => 1.6 * size;
const swatchWidth = (size: number): number => 1.25 * size;

function columnsOf(
  context: Context,
  entries: readonly LegendEntry[],
  mostRows: number,
  size: number,
  nameWidth: number,
): Columns {
  context.font = font(size);
  const names = entries.map(({ name }) => shorten(context, name, nameWidth));
  const rows = Math.ceil(entries.length / Math.ceil(entries.length / mostRows));
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => context.measureText(text).width));
  const widths: number[] = [];
  for (let start = 0; start < entries.length; start += rows) {
    const counts = entries.slice(start, start + rows).map(({ count }) => formatCount(count));
    const countWidth = widest(counts);
    const gap = countWidth > 0 ? 0.9 * size : 0;
    widths.push(swatchWidth(size) + widest(names.slice(start, start + rows)) + gap + countWidth);
  }
  const width = widths.reduce((sum, column) => sum + column, (widths.length - 1) * columnGap(size));
  return { names, rows, widths, width, height: rows * rowHeight(size) };
}

function drawing(
  { rows, names, widths }: Columns,
  entries: readonly LegendEntry[],
  size: number,
  ink: Ink,
): Legend["draw"] {
  return (context, x, y) => {
    context.font = font(size);
    let left = x;
    for (const [column, width] of widths.entries()) {
      entries.slice(column * rows, (column + 1) * rows).forEach(({ color, count }, row) => {
        const baseline = y + row * rowHeight(size) + 1.1 * size;
        if (color) {
          context.fillStyle = color;
          context.beginPath();
          context.arc(left + 0.42 * size, baseline - 0.36 * size, 0.42 * size, 0, 2 * Math.PI);
          context.fill();
        }
        context.fillStyle = ink.text;
        context.textAlign = "left";
        context.fillText(names[column * rows + row], left + swatchWidth(size), baseline);
        context.fillStyle = ink.muted;
        context.textAlign = "right";
        context.fillText(formatCount(count), left + width, baseline);
      });
      left += width + columnGap(size);
    }
  };
}

/**
 * Lays out a vertical or horizontal bar of `colors` from `least` to `most`, with as many round numbers beside it as fit
 * without overlap.
 */
export function layOutColorBar(
  context: Context,
  colors: readonly string[],
  [least, most]: readonly [number, number],
  isUpright: boolean,
  length: number,
  em: number,
  ink: Ink,
): Legend {
  context.font = font(em);
  const widest = (ticks: readonly Tick[]) => Math.max(0, ...ticks.map(({ label }) => context.measureText(label).width));
  const ticks = roundNumbers(least, most, (candidates, spacing) => {
    return spacing * length >= (isUpright ? 1.3 * em : widest(candidates) + 0.6 * em);
  });
  const labelWidth = widest(ticks);
  const thick = 1.1 * em;
  const rim = isUpright ? 0.5 * em : labelWidth / 2;
  return {
    width: isUpright ? thick + 0.7 * em + labelWidth : length + 2 * rim,
    height: isUpright ? length + 2 * rim : thick + 1.7 * em,
    draw(context, x, y) {
      const [left, top] = isUpright ? [x, y + rim] : [x + rim, y];
      const gradient = isUpright
        ? context.createLinearGradient(0, top + length, 0, top)
        : context.createLinearGradient(left, 0, left + length, 0);
      colors.forEach((color, i) => {
        gradient.addColorStop(i / (colors.length - 1), color);
      });
      context.fillStyle = gradient;
      context.fillRect(left, top, isUpright ? thick : length, isUpright ? length : thick);
      context.font = font(em);
      context.fillStyle = ink.text;
      context.strokeStyle = ink.muted;
      context.lineWidth = Math.max(1, 0.06 * em);
      context.textAlign = isUpright ? "left" : "center";
      for (const { share, label } of ticks) {
        const [tickX, tickY] = isUpright
          ? [left + thick, top + (1 - share) * length]
          : [left + share * length, top + thick];
        context.beginPath();
        context.moveTo(tickX, tickY);
        context.lineTo(tickX + (isUpright ? 0.3 * em : 0), tickY + (isUpright ? 0 : 0.3 * em));
        context.stroke();
        if (isUpright) context.fillText(label, tickX + 0.6 * em, tickY + 0.36 * em);
        else context.fillText(label, tickX, tickY + 1.4 * em);
      }
    },
  };
}

/** A number beside a color bar, and its position as a fraction of the length of the bar. */
interface Tick {
  readonly share: number;
  readonly label: string;
}

/** Four to eight round numbers from `least` to `most`, or fewer if there is not enough space. */
function roundNumbers(
  least: number,
  most: number,
  hasSpace: (ticks: readonly Tick[], spacing: number) => boolean,
): Tick[] {
  // Computing with halves avoids overflow, because the difference of two finite numbers may be infinite.
  const half = most / 2 - least / 2;
  const rough = half / 2.5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const stepAt = (i: number) => power * [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3);
  let i = rough >= 5 * power ? 2 : rough >= 2 * power ? 1 : 0;
  let ticks = multiples(stepAt(i), least, most);
  while (ticks.length > 1 && !hasSpace(ticks, stepAt(i) / 2 / half)) {
    const coarser = multiples(stepAt(++i), least, most);
    ticks = coarser.length > 0 ? coarser : ticks.slice(0, 1);
  }
  return ticks;
}

/** The multiples of `step` from `least` to `most`. */
function multiples(step: number, least: number, most: number): Tick[] {
  const ticks: Tick[] = [];
  for (let k = Math.ceil(least / step); k <= Math.floor(most / step); k++) {
    const value = k * step;
    const size = Math.abs(value);
    const isPlain = value === 0 || (size >= 1e-4 && Math.max(Math.abs(least), Math.abs(most)) < 1e6);
    const rounded = Number(value.toPrecision(10));
    const label = isPlain ? rounded.toLocaleString("en", { maximumFractionDigits: 8 }) : rounded.toExponential();
    const share = (value / 2 - least / 2) / (most / 2 - least / 2);
    ticks.push({ share, label: label.replace("-", "\u2212").replace("e+", "e") });
  }
  return ticks;
}
