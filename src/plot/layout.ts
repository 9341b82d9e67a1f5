import { type Coloring, type Context, headingHeight, measuringContext } from "../canvas/index.js";
import type { Matrix } from "../matrix.js";
import type { CheckedEllipses } from "./ellipses.js";
import type { MapSettings } from "./options.js";
import type { Box } from "./projection.js";

/** A map with its position in a picture. */
export interface PictureMap {
  readonly points: Matrix;
  readonly title: string;
  readonly subtitle: string;
  readonly ellipses?: CheckedEllipses | undefined;
}

/** The positions of the parts of a picture in pixels. */
export interface PictureLayout {
  readonly width: number;
  readonly height: number;
  readonly margin: number;
  /** Size of the text. */
  readonly em: number;
  /** For each map: the corner of its heading, and the box that contains its points. */
  readonly panels: readonly { readonly heading: { readonly x: number; readonly y: number }; readonly box: Box }[];
  readonly legend: { draw(context: Context): void } | undefined;
}

/** Lays out title, maps and legend. The legend is beside a single wide map; otherwise it is below the maps. */
export function layOutPicture(maps: readonly PictureMap[], settings: MapSettings, coloring: Coloring): PictureLayout {
  const { width } = settings;
  const columns = maps.length <= 3 ? maps.length : Math.ceil(Math.sqrt(maps.length));
  const rows = Math.ceil(maps.length / columns);
  const fixedHeight = settings.height ?? (maps.length === 1 ? Math.round(0.75 * width) : undefined);
  const em = Math.max(7, Math.min(width / 80, (fixedHeight ?? width) / 56));
  const margin = 2 * em;
  const gap = 1.6 * em;
  const head = headingHeight(settings.title, settings.subtitle, 1.6 * em, em);
  const panelHead = Math.max(...maps.map((map) => headingHeight(map.title, map.subtitle, 1.15 * em, 0.9 * em)));
  const panelWidth = (available: number) => (available - (columns - 1) * gap) / columns;

  const isBeside = columns === 1 && width >= (fixedHeight ?? width);
  const space = isBeside
    ? { width: 0.38 * width, height: (fixedHeight ?? width) - 2 * margin - head }
    : { width: width - 2 * margin, height: 0.35 * (fixedHeight ?? width) };
  const legend = coloring.legend(measuringContext(), space.width, space.height, isBeside, em);
  const legendWidth = legend && isBeside ? legend.width + gap : 0;
  const legendHeight = legend && !isBeside ? legend.height + gap : 0;
  const squareMaps = rows * (panelHead + panelWidth(width - 2 * margin)) + (rows - 1) * gap;
  const height = fixedHeight ?? Math.round(2 * margin + head + squareMaps + legendHeight);

  const area: Box = {
    x: margin,
    y: margin + head,
    width: width - 2 * margin - legendWidth,
    height: height - 2 * margin - head - legendHeight,
  };
  const cell = { width: panelWidth(area.width), height: (area.height - (rows - 1) * gap) / rows };
  const panels = maps.map((_, i) => {
    const x = area.x + (i % columns) * (cell.width + gap);
    const y = area.y + Math.floor(i / columns) * (cell.height + gap);
    return { heading: { x, y }, box: { x, y: y + panelHead, width: cell.width, height: cell.height - panelHead } };
  });
  const centered = (total: number, part: number) => Math.max(0, (total - part) / 2);
  const drawLegend = (context: Context) =>
    isBeside
      ? legend?.draw(context, area.x + area.width + gap, area.y + centered(area.height, legend.height))
      : legend?.draw(context, margin + centered(width - 2 * margin, legend.width), area.y + area.height + gap);
  return { width, height, margin, em, panels, legend: legend && { draw: drawLegend } };
}
