import { type Coloring, type Context, colorPoints, drawHeading, openSurface, type Surface } from "../canvas/index.js";
import { cleanText, INKS, type Ink, type Labels } from "../colors/index.js";
import { drawContours } from "./contours.js";
import { drawEllipses } from "./ellipses.js";
import { layOutPicture, type PictureMap } from "./layout.js";
import { drawMarks } from "./marks.js";
import { drawNames } from "./names.js";
import type { MapSettings } from "./options.js";
import { diameterFactors, drawPoints, pointDiameter, pointOpacity } from "./points.js";
import { type Box, inset, projectPoints } from "./projection.js";
import { choosePoints, drawThumbnails, rimOf } from "./thumbnails.js";

/**
 * The view of a picture in a series, such as the frames of an animation. Setting it makes consecutive pictures
 * consistent.
 */
export interface Frame {
  /** The reach that {@link projectPoints} uses: the largest coordinate in the view. */
  readonly reach: number;
  /** The opacity of the points. */
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

/**
 * Draws the picture without encoding it. A picture with a `frame` is part of a series. It shows no class names, because
 * they would jump from one picture to the next.
 */
export async function paintPicture(
  maps: readonly PictureMap[],
  labels: Labels,
  settings: MapSettings,
  frame?: Frame,
  sizes?: Float64Array,
): Promise<Surface> {
  const { title, subtitle, valuesTitle, theme, format } = settings;
  const ink = INKS[theme];
  const coloring = colorPoints(labels, theme, valuesTitle, maps[0]?.points.rows ?? 0, ink);
  const layout = layOutPicture(maps, settings, coloring);
  const { width, height, margin, em, legend } = layout;
  const surface = openSurface(width, height, format);
  const { context } = surface;
  context.fillStyle = ink.background;
  context.fillRect(0, 0, width, height);
  drawHeading(context, title, subtitle, margin, margin, width - 2 * margin, 1.6 * em, em, ink);
  for (const [i, map] of maps.entries()) {
    const { heading, box } = layout.panels[i];
    drawHeading(context, map.title, map.subtitle, heading.x, heading.y, box.width, 1.15 * em, 0.9 * em, ink);
    await drawPanel(context, map, box, { labels, settings, coloring, ink, frame, sizes, em, hasRim: maps.length > 1 });
  }
  legend?.draw(context);
  return surface;
}

/** The style that all panels of a picture share. */
interface PanelStyle {
  readonly labels: Labels;
  readonly settings: MapSettings;
  readonly coloring: Coloring;
  readonly ink: Ink;
  readonly frame: Frame | undefined;
  readonly sizes: Float64Array | undefined;
  readonly em: number;
  /** Whether the panel has an outline. */
  readonly hasRim: boolean;
}

async function drawPanel(context: Context, map: PictureMap, box: Box, style: PanelStyle): Promise<void> {
  const { labels, settings, coloring, ink, frame, sizes, em, hasRim } = style;
  const { points, ellipses } = map;
  const { images } = settings;
  if (hasRim) {
    context.strokeStyle = ink.line;
    context.lineWidth = Math.max(1, 0.07 * em);
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
  const half = images ? Math.max(images.width, images.height) / 2 + rimOf(em) : 0;
  const inner = inset(box, Math.min(Math.max(hasRim ? 0.8 * em : 0, half), box.width / 4, box.height / 4));
  const diameter = settings.pointSize ?? pointDiameter(points.rows, inner, em);
  const projected = projectPoints(points, inner, diameter, frame?.reach);
  const opacity = frame?.opacity ?? pointOpacity(projected, inner, diameter, labels.kind === "none");
  const pointStyle = { diameter, opacity, factors: sizes && diameterFactors(sizes) };
  await drawPoints(context, projected, pointStyle, coloring.colorOf, coloring.colors, ink.background);
  if (settings.contours) drawContours(context, projected, inner, em, ink);
  if (images) {
    // The distance between neighboring images includes two frames and a gap.
    const [across, down] = [images.width, images.height].map((side) => side + 3 * rimOf(em)) as [number, number];
    const chosen = choosePoints(projected, across, down, images.count);
    const frameOf = (row: number) => (labels.kind === "none" ? undefined : coloring.colors[coloring.colorOf[row]]);
    await drawThumbnails(context, projected, images, chosen, frameOf, em, ink);
  }
  if (ellipses) drawEllipses(context, projected, ellipses, inner, em, ink);
  if (labels.kind === "classes" && !frame && !images)
    drawNames(context, projected, labels.indices, labels.names, inner, em, ink);
  drawMarks(context, projected, settings.marks, inner, diameter, em, ink);
}
