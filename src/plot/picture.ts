import type { Matrix } from "../matrix.js";
import { type Context, font, measuringContext, openSurface, type Surface, shorten } from "./canvas.js";
import { drawContours } from "./contours.js";
import { type CheckedEllipses, drawEllipses } from "./ellipses.js";
import { cleanText, type Labels } from "./labels.js";
import { type Legend, type LegendEntry, layOutClasses, layOutColorBar, layOutTitle, stack } from "./legend.js";
import { drawMarks } from "./marks.js";
import { drawNames } from "./names.js";
import type { MapSettings } from "./options.js";
import { categoricalColors, INKS, type Ink, sequentialColors } from "./palette.js";
import { type Box, inset, placePoints } from "./placement.js";
import { diameterFactors, drawPoints, pointDiameter, pointOpacity } from "./points.js";

import { choosePoints, drawThumbnails, rimOf } from "./thumbnails.js";

/** A map as it stands in a picture. */
export interface PictureMap {
  readonly points: Matrix;
  readonly title: string;
  readonly subtitle: string;
  readonly ellipses?: CheckedEllipses | undefined;
}

/** Colours that a colour bar is made of: more cannot be told apart. */
const SHADES = 64;

/** How a picture of a series shows its map, so that one picture goes over into the next. */
export interface Frame {
  /** Of {@link placePoints}. */
  readonly reach: number;
  /** Of the points. */
  readonly opacity: number;
}

/** Draws title, maps and legend, and returns the file. */
export async function drawPicture(
  maps: readonly PictureMap[],
  labels: Labels,
  settings: MapSettings,
  sizes?: Float64Array,
): Promise<Uint8Array> {
  const surface = await paintPicture(maps, labels, settings, undefined, sizes);
  return surface.encode(cleanText(settings.title));
}

/** {@link drawPicture} without the file; a `frame` of a series bears no names of classes on its map, which would jump. */
export async function paintPicture(
  maps: readonly PictureMap[],
  labels: Labels,
  settings: MapSettings,
  frame?: Frame,
  sizes?: Float64Array,
): Promise<Surface> {
  const { width, theme, format } = settings;
  const ink = INKS[theme];
  const coloring = colorPoints(labels, settings, maps[0]?.points.rows ?? 0, ink);
  const isSingle = maps.length === 1;
  const columns = maps.length <= 3 ? maps.length : Math.ceil(Math.sqrt(maps.length));
  const rows = Math.ceil(maps.length / columns);

  const fixedHeight = settings.height ?? (isSingle ? Math.round(0.75 * width) : undefined);
  const em = Math.max(7, Math.min(width / 80, (fixedHeight ?? width) / 56));
  const margin = 2 * em;
  const gap = 1.6 * em;
  const head = headingHeight(settings.title, settings.subtitle, 1.6 * em, em);
  const panelHead = Math.max(...maps.map((map) => headingHeight(map.title, map.subtitle, 1.15 * em, 0.9 * em)));
  const panelWidth = (available: number) => (available - (columns - 1) * gap) / columns;
  const legendIsBeside = columns === 1 && width >= (fixedHeight ?? width);
  const squareMaps = rows * (panelHead + panelWidth(width - 2 * margin)) + (rows - 1) * gap;
  const room = legendIsBeside
    ? { width: 0.38 * width, height: (fixedHeight ?? width) - 2 * margin - head }
    : { width: width - 2 * margin, height: 0.35 * (fixedHeight ?? width) };
  const legend = coloring.legend(measuringContext(), room.width, room.height, legendIsBeside, em);
  const legendGap = legend ? gap : 0;
  const height =
    fixedHeight ??
    Math.round(2 * margin + head + squareMaps + (legendIsBeside || !legend ? 0 : legend.height + legendGap));

  const surface = openSurface(width, height, format);
  const { context } = surface;
  context.fillStyle = ink.background;
  context.fillRect(0, 0, width, height);
  drawHeading(context, settings.title, settings.subtitle, margin, margin, width - 2 * margin, 1.6 * em, em, ink);

  const area = {
    x: margin,
    y: margin + head,
    width: width - 2 * margin - (legend && legendIsBeside ? legend.width + legendGap : 0),
    height: height - 2 * margin - head - (legend && !legendIsBeside ? legend.height + legendGap : 0),
  };
  const cell = { width: panelWidth(area.width), height: (area.height - (rows - 1) * gap) / rows };
  for (const [i, map] of maps.entries()) {
    const x = area.x + (i % columns) * (cell.width + gap);
    const y = area.y + Math.floor(i / columns) * (cell.height + gap);
    drawHeading(context, map.title, map.subtitle, x, y, cell.width, 1.15 * em, 0.9 * em, ink);
    await drawPanel(map, { x, y: y + panelHead, width: cell.width, height: cell.height - panelHead });
  }
  if (legend) {
    const centered = (total: number, part: number) => Math.max(0, (total - part) / 2);
    if (legendIsBeside)
      legend.draw(context, area.x + area.width + legendGap, area.y + centered(area.height, legend.height));
    else legend.draw(context, margin + centered(width - 2 * margin, legend.width), area.y + area.height + legendGap);
  }
  return surface;

  async function drawPanel({ points, ellipses }: PictureMap, box: Box): Promise<void> {
    if (!isSingle) {
      context.strokeStyle = ink.line;
      context.lineWidth = Math.max(1, 0.07 * em);
      context.strokeRect(box.x, box.y, box.width, box.height);
    }
    const { images } = settings;
    const half = images ? Math.max(images.width, images.height) / 2 + rimOf(em) : 0;
    const inner = inset(box, Math.min(Math.max(isSingle ? 0 : 0.8 * em, half), box.width / 4, box.height / 4));
    const diameter = settings.pointSize ?? pointDiameter(points.rows, inner, em);
    const placement = placePoints(points, inner, diameter, frame?.reach);
    const opacity = frame?.opacity ?? pointOpacity(placement, inner, diameter, labels.kind === "none");
    const style = { diameter, opacity, factors: sizes && diameterFactors(sizes) };
    await drawPoints(context, placement, style, coloring.colorOf, coloring.colors, ink.background);
    if (settings.contours) drawContours(context, placement, inner, em, ink);
    if (images) {
      // A frame on either side, and a gap.
      const [across, down] = [images.width, images.height].map((side) => side + 3 * rimOf(em)) as [number, number];
      const chosen = choosePoints(placement, across, down, images.count);
      const frameOf = (row: number) =>
        labels.kind === "none" ? undefined : coloring.colors[coloring.colorOf[row] as number];
      await drawThumbnails(context, placement, images, chosen, frameOf, em, ink);
    }
    if (ellipses) drawEllipses(context, placement, ellipses, inner, em, ink);
    if (labels.kind === "classes" && !frame && !images)
      drawNames(context, placement, labels.codes, labels.names, inner, em, ink);
    drawMarks(context, placement, settings.marks, inner, diameter, em, ink);
  }
}

interface Coloring {
  readonly colors: readonly string[];
  /** For each point its place in `colors`. */
  readonly colorOf: Int32Array;
  legend(context: Context, maxWidth: number, maxHeight: number, isBeside: boolean, em: number): Legend | undefined;
}

function colorPoints(labels: Labels, { theme, valuesTitle }: MapSettings, n: number, ink: Ink): Coloring {
  if (labels.kind === "none") return { colors: [ink.single], colorOf: new Int32Array(n), legend: () => undefined };
  if (labels.kind === "quantity") {
    const { values, least, most, rest } = labels;
    const shades = sequentialColors(SHADES, theme);
    const range = most / 2 - least / 2;
    return {
      colors: [...shades, ink.rest],
      colorOf: Int32Array.from(values, (value) =>
        Number.isNaN(value)
          ? SHADES
          : Math.max(0, Math.min(SHADES - 1, Math.floor(((value / 2 - least / 2) / range) * SHADES))),
      ),
      legend(context, maxWidth, maxHeight, isBeside, em) {
        const length = Math.min(24 * em, 0.8 * (isBeside ? maxHeight : maxWidth));
        const scale = layOutColorBar(context, shades, [least, most], isBeside, length, em, ink);
        const title = valuesTitle && layOutTitle(context, cleanText(valuesTitle), maxWidth, em, ink);
        const bar = title ? stack(title, scale, 0.6 * em) : scale;
        if (rest === 0) return bar;
        const entry = { name: "no value", count: rest, color: ink.rest };
        return stack(bar, layOutClasses(context, [entry], maxWidth, maxHeight, isBeside, em, ink), em);
      },
    };
  }
  const { codes, names, counts, otherClasses, rest } = labels;
  const palette = categoricalColors(names.length, theme);
  const entries: LegendEntry[] = names.map((name, i) => ({
    name,
    count: counts[i] as number,
    color: palette[i] as string,
  }));
  const restName = otherClasses > 0 ? `other (${otherClasses.toLocaleString("en")} classes)` : "no label";
  if (rest > 0) entries.push({ name: restName, count: rest, color: ink.rest });
  return {
    colors: [...palette, ink.rest],
    colorOf: codes.map((code) => (code < 0 ? names.length : code)),
    legend: (context, maxWidth, maxHeight, isBeside, em) =>
      layOutClasses(context, entries, maxWidth, maxHeight, isBeside, em, ink),
  };
}

function headingHeight(title: string, subtitle: string, titleSize: number, subtitleSize: number): number {
  const lines = (title ? 1.3 * titleSize : 0) + (subtitle ? 1.5 * subtitleSize : 0);
  return lines > 0 ? lines + subtitleSize : 0;
}

function drawHeading(
  context: Context,
  title: string,
  subtitle: string,
  x: number,
  y: number,
  width: number,
  titleSize: number,
  subtitleSize: number,
  ink: Ink,
): void {
  context.textAlign = "left";
  let baseline = y + 0.8 * titleSize;
  if (title) {
    context.font = font(titleSize, 600);
    context.fillStyle = ink.text;
    context.fillText(shorten(context, cleanText(title), width), x, baseline);
    baseline += 0.5 * titleSize + subtitleSize;
  }
  if (subtitle) {
    context.font = font(subtitleSize);
    context.fillStyle = ink.muted;
    context.fillText(shorten(context, cleanText(subtitle), width), x, baseline);
  }
}
