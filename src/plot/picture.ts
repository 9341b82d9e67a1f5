import {
  colorPoints,
  drawHeading,
  headingHeight,
  measuringContext,
  openSurface,
  type Surface,
} from "../canvas/index.js";
import { cleanText, INKS, type Labels } from "../colors/index.js";
import type { Matrix } from "../matrix.js";
import { drawContours } from "./contours.js";
import { type CheckedEllipses, drawEllipses } from "./ellipses.js";
import { drawMarks } from "./marks.js";
import { drawNames } from "./names.js";
import type { MapSettings } from "./options.js";
import { diameterFactors, drawPoints, pointDiameter, pointOpacity } from "./points.js";
import { type Box, inset, projectPoints } from "./projection.js";
import { choosePoints, drawThumbnails, rimOf } from "./thumbnails.js";

/** A map as it stands in a picture. */
export interface PictureMap {
  readonly points: Matrix;
  readonly title: string;
  readonly subtitle: string;
  readonly ellipses?: CheckedEllipses | undefined;
}

/** How a picture of a series shows its map, so that one picture goes over into the next. */
export interface Frame {
  /** Of {@link projectPoints}. */
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
  const coloring = colorPoints(labels, theme, settings.valuesTitle, maps[0]?.points.rows ?? 0, ink);
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
    const projected = projectPoints(points, inner, diameter, frame?.reach);
    const opacity = frame?.opacity ?? pointOpacity(projected, inner, diameter, labels.kind === "none");
    const style = { diameter, opacity, factors: sizes && diameterFactors(sizes) };
    await drawPoints(context, projected, style, coloring.colorOf, coloring.colors, ink.background);
    if (settings.contours) drawContours(context, projected, inner, em, ink);
    if (images) {
      // A frame on either side, and a gap.
      const [across, down] = [images.width, images.height].map((side) => side + 3 * rimOf(em)) as [number, number];
      const chosen = choosePoints(projected, across, down, images.count);
      const frameOf = (row: number) => (labels.kind === "none" ? undefined : coloring.colors[coloring.colorOf[row]]);
      await drawThumbnails(context, projected, images, chosen, frameOf, em, ink);
    }
    if (ellipses) drawEllipses(context, projected, ellipses, inner, em, ink);
    if (labels.kind === "classes" && !frame && !images)
      drawNames(context, projected, labels.codes, labels.names, inner, em, ink);
    drawMarks(context, projected, settings.marks, inner, diameter, em, ink);
  }
}
