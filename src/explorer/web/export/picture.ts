import { INKS } from "../../../colors/index.js";
import { type CategoryLegend, coloring, type NumberLegend } from "../map/coloring.js";
import type { MapView } from "../map/map-view.js";
import { mapViews } from "../map/map-views.js";
import { save } from "../server-requests.js";
import { description, firstLayout, layoutOf, secondLayout, theme, view } from "../state.js";

const FONT = '"Inter Variable", Inter, system-ui, sans-serif';
const EM = 13;
const GAP = 16;

const titles = (): string[] => {
  const names = [firstLayout.value, secondLayout.value].map((id) => layoutOf(id)?.title ?? "");
  return view.value === "morph" ? [names.join(" → ")] : names;
};

/** Saves the visible maps with titles and legend as PNG. */
export async function savePng(): Promise<void> {
  const maps = mapViews.value;
  const ratio = window.devicePixelRatio || 1;
  // The maps are copied one by one, because a WebGL picture must be copied before the browser displays it.
  const pictures: HTMLCanvasElement[] = [];
  for (const map of maps) pictures.push(await map.picture());
  const legend = legendWidth();
  const ink = INKS[theme.value];
  const width = maps.reduce((sum, map) => sum + map.width + GAP, GAP) + legend;
  const height = Math.max(...maps.map((map) => map.height)) + 2 * GAP + 2 * EM;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(ratio, ratio);
  context.fillStyle = ink.background;
  context.fillRect(0, 0, width, height);
  let left = GAP;
  for (const [side, map] of maps.entries()) {
    context.fillStyle = ink.text;
    context.font = `600 ${EM + 2}px ${FONT}`;
    context.fillText(titles()[side] ?? "", left, GAP + EM);
    context.drawImage(pictures[side], left, GAP + 2 * EM, map.width, map.height);
    left += map.width + GAP;
  }
  for (const { kind, x, y, color, text, size } of legendItems(left, GAP + 2 * EM, height)) {
    context.fillStyle = color;
    if (kind === "swatch") {
      context.beginPath();
      context.arc(x, y, size, 0, 2 * Math.PI);
      context.fill();
    } else if (kind === "shade") context.fillRect(x, y, 14, size);
    else {
      context.font = `${kind === "title" ? 600 : 400} ${EM}px ${FONT}`;
      context.fillText(text, x, y);
    }
  }
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob) save(blob, `${fileName()}.png`);
}

/** Saves the visible maps as SVG with vector points, without images and rings. */
export function saveSvg(): void {
  const maps = mapViews.value;
  const ink = INKS[theme.value];
  const width = maps.reduce((sum, map) => sum + map.width + GAP, GAP) + legendWidth();
  const height = Math.max(...maps.map((map) => map.height)) + 2 * GAP + 2 * EM;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, system-ui, sans-serif" font-size="${EM}">`,
    `<rect width="100%" height="100%" fill="${ink.background}"/>`,
  ];
  let left = GAP;
  for (const [side, map] of maps.entries()) {
    const top = GAP + 2 * EM;
    parts.push(
      `<text x="${left}" y="${GAP + EM}" font-weight="600" font-size="${EM + 2}" fill="${ink.text}">${toXml(titles()[side] ?? "")}</text>`,
      `<svg x="${left}" y="${top}" width="${map.width}" height="${map.height}" viewBox="0 0 ${map.width} ${map.height}">`,
      ...pointsOf(map),
      "</svg>",
    );
    left += map.width + GAP;
  }
  for (const { kind, x, y, color, text, size } of legendItems(left, GAP + 2 * EM, height)) {
    if (kind === "swatch") parts.push(`<circle cx="${x}" cy="${y}" r="${size}" fill="${color}"/>`);
    else if (kind === "shade") parts.push(`<rect x="${x}" y="${y}" width="14" height="${size}" fill="${color}"/>`);
    else {
      parts.push(
        `<text x="${x}" y="${y}" fill="${color}"${kind === "title" ? ' font-weight="600"' : ""}>${toXml(text)}</text>`,
      );
    }
  }
  parts.push("</svg>");
  save(new Blob([parts.join("\n")], { type: "image/svg+xml" }), `${fileName()}.svg`);
}

/** The visible points with one path per color. A line of length zero with round ends is drawn as a disc. */
function pointsOf(map: MapView): string[] {
  const { colors, colorOf, order } = coloring.value;
  const { diameter, roundness } = map.dots;
  const paths = colors.map(() => [] as string[]);
  for (const row of order) {
    const [x, y] = map.toPixels(map.positionOf(row));
    if (x < -diameter || y < -diameter || x > map.width + diameter || y > map.height + diameter) continue;
    paths[colorOf[row]]?.push(`M${x.toFixed(1)} ${y.toFixed(1)}h0`);
  }
  const cap = roundness > 0.5 ? "round" : "square";
  return paths.flatMap((path, at) =>
    path.length === 0
      ? []
      : [
          `<path d="${path.join("")}" stroke="${colors[at]}" stroke-width="${diameter.toFixed(2)}" stroke-linecap="${cap}" stroke-opacity="0.84"/>`,
        ],
  );
}

interface LegendItem {
  readonly kind: "title" | "text" | "swatch" | "shade";
  readonly x: number;
  readonly y: number;
  readonly color: string;
  readonly text: string;
  readonly size: number;
}

const legendWidth = (): number => {
  const { legend } = coloring.value;
  return legend.kind === "category" || legend.kind === "number" ? 190 : 0;
};

/** The entries of the color legend, starting at a position and going down. */
function legendItems(x: number, top: number, height: number): LegendItem[] {
  const { legend } = coloring.value;
  const ink = INKS[theme.value];
  if (legend.kind !== "category" && legend.kind !== "number") return [];
  const title: LegendItem = { kind: "title", x, y: top + EM, color: ink.text, text: legend.title, size: EM };
  return [title, ...(legend.kind === "category" ? classItems(legend, x, top, height) : scaleItems(legend, x, top))];
}

function classItems(legend: CategoryLegend, x: number, top: number, height: number): LegendItem[] {
  const ink = INKS[theme.value];
  const step = Math.min(1.6 * EM, (height - top - 3 * EM) / legend.entries.length);
  return legend.entries.flatMap(({ name, color }, at): LegendItem[] => {
    const y = top + 2.6 * EM + at * step;
    const text = name.length > 22 ? `${name.slice(0, 21)}…` : name;
    return [
      { kind: "swatch", x: x + 5, y: y - 4, color, text: "", size: Math.min(5, step / 2.6) },
      { kind: "text", x: x + 18, y, color: ink.text, text, size: EM },
    ];
  });
}

function scaleItems({ shades, low, high }: NumberLegend, x: number, top: number): LegendItem[] {
  const ink = INKS[theme.value];
  const [from, length] = [top + 2 * EM, 240];
  const step = length / shades.length;
  const at = (share: number) => low + (high - low) * share;
  return [
    ...shades.map(
      (color, place): LegendItem => ({
        kind: "shade",
        x,
        y: from + length - (place + 1) * step,
        color,
        text: "",
        size: step + 0.4,
      }),
    ),
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (share): LegendItem => ({
        kind: "text",
        x: x + 22,
        y: from + (1 - share) * length + 4,
        color: ink.text,
        text: Number(at(share).toPrecision(3)).toLocaleString("en"),
        size: EM,
      }),
    ),
  ];
}

const fileName = (): string => (description.value?.name ?? "map").replace(/[^\p{L}\p{N}._-]+/gu, "-");
const toXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
