import { type Context, font, openSurface } from "../src/canvas/index.js";
import { categoricalColors, INKS } from "../src/colors/index.js";
import type { PictureFormat } from "../src/plot/index.js";

/** One line of a chart. */
export interface Series {
  /** Label at the end of the line; "" for no label. */
  name: string;
  /** Style of the line: the subject of the chart, a part of it, something to compare with, or a dotted guide. */
  weight: "main" | "part" | "other" | "guide";
  /** x and y, > 0 on logarithmic axes. */
  points: readonly (readonly [number, number])[];
}

/** One chart of a picture. The axis of x is logarithmic. */
export interface Panel {
  title: string;
  x: string;
  y: string;
  /** Whether the axis of y is linear. Default: it is logarithmic. */
  isLinear?: boolean;
  series: readonly Series[];
}

const WIDTH = 820;
const HEIGHT = 620;
const MARGIN = { left: 86, right: 190, top: 74, bottom: 70 };
const LABEL_HEIGHT = 21;
/** Up to this number of different x values, each has its own tick mark. */
const MOST_MARKED = 8;
const INK = INKS.light;

/** Draws panels next to each other in one picture. */
export async function drawChart(panels: readonly Panel[], title: string, format: PictureFormat): Promise<Uint8Array> {
  const surface = openSurface(WIDTH * panels.length, HEIGHT, format);
  const { context } = surface;
  context.fillStyle = INK.background;
  context.fillRect(0, 0, WIDTH * panels.length, HEIGHT);
  panels.forEach((panel, i) => {
    drawPanel(context, panel, i * WIDTH);
  });
  return surface.encode(title);
}

function drawPanel(context: Context, panel: Panel, offset: number): void {
  const drawn = panel.series.filter(({ points }) => points.length > 0);
  const all = drawn.flatMap(({ points }) => points);
  const x = axis(
    all.map((point) => point[0]),
    offset + MARGIN.left,
    offset + WIDTH - MARGIN.right,
  );
  const y = (panel.isLinear ? linearAxis : axis)(
    all.map((point) => point[1]),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const measured = [...new Set(all.map((point) => point[0]))];
  drawAxes(context, panel, offset, x, y, measured);
  drawNames(context, drawSeries(context, drawn, x, y));
}

/** Draws titles, grid lines and tick labels. */
function drawAxes(context: Context, panel: Panel, offset: number, x: Axis, y: Axis, measured: number[]): void {
  const bottom = HEIGHT - MARGIN.bottom;
  context.fillStyle = INK.text;
  context.textAlign = "left";
  context.font = font(20, 600);
  context.fillText(panel.title, offset + MARGIN.left, 38);
  context.font = font(15);
  context.fillStyle = INK.muted;
  context.strokeStyle = INK.line;
  context.lineWidth = 1;
  for (const tick of y.ticks) {
    line(context, [offset + MARGIN.left, y.at(tick)], [offset + WIDTH - MARGIN.right, y.at(tick)]);
    context.textAlign = "right";
    context.fillText(formatTick(tick), offset + MARGIN.left - 10, y.at(tick) + 5);
  }
  for (const tick of measured.length <= MOST_MARKED ? measured : x.ticks) {
    line(context, [x.at(tick), MARGIN.top], [x.at(tick), bottom]);
    context.textAlign = "center";
    context.fillText(formatTick(tick), x.at(tick), bottom + 22);
  }
  context.fillText(panel.x, (x.at(x.least) + x.at(x.most)) / 2, HEIGHT - 18);
  context.textAlign = "left";
  context.fillText(panel.y, offset + 14, MARGIN.top - 14);
}

/** The name of a line, at its end. */
interface SeriesName {
  text: string;
  color: string;
  weight: Series["weight"];
  x: number;
  y: number;
}

function drawSeries(context: Context, drawn: readonly Series[], x: Axis, y: Axis): SeriesName[] {
  const colored = drawn.filter(({ weight }) => weight !== "guide");
  const palette = categoricalColors(Math.min(colored.length, 8), "light");
  return drawn.map((series) => {
    const index = colored.indexOf(series);
    const color = index < 0 ? INK.muted : palette[index % palette.length];
    context.strokeStyle = color;
    context.fillStyle = color;
    context.lineWidth = series.weight === "main" ? 3.5 : 2;
    context.setLineDash({ main: [], part: [7, 5], other: [], guide: [2, 5] }[series.weight]);
    context.beginPath();
    for (const [px, py] of series.points) context.lineTo(x.at(px), y.at(py));
    context.stroke();
    context.setLineDash([]);
    if (series.weight !== "guide") {
      for (const [px, py] of series.points) {
        context.beginPath();
        context.arc(x.at(px), y.at(py), series.weight === "main" ? 5 : 3.5, 0, 2 * Math.PI);
        context.fill();
      }
    }
    const [endX, endY] = series.points.at(-1) as readonly [number, number];
    return { text: series.name, color, weight: series.weight, x: x.at(endX) + 12, y: y.at(endY) + 5 };
  });
}

function drawNames(context: Context, names: readonly SeriesName[]): void {
  const shown = names.filter(({ text }) => text !== "").sort((a, b) => a.y - b.y);
  spread(shown, MARGIN.top, HEIGHT - MARGIN.bottom);
  context.textAlign = "left";
  for (const name of shown) {
    context.font = font(15, name.weight === "main" ? 600 : 400);
    context.fillStyle = name.color;
    context.fillText(name.text, name.x, name.y);
  }
}

/** Moves labels apart that are too close to each other, and keeps their order from the top. */
function spread(labels: { x: number; y: number }[], top: number, bottom: number): void {
  for (let pass = 0; pass < 50; pass++) {
    for (const [i, label] of labels.entries()) {
      for (const other of labels.slice(i + 1)) {
        const overlap = LABEL_HEIGHT - (other.y - label.y);
        if (overlap <= 0 || Math.abs(other.x - label.x) > 150) continue;
        label.y -= overlap / 2;
        other.y += overlap / 2;
      }
      label.y = Math.min(Math.max(label.y, top), bottom);
    }
  }
}

interface Axis {
  readonly least: number;
  readonly most: number;
  readonly ticks: readonly number[];
  at(value: number): number;
}

function axis(values: readonly number[], from: number, to: number): Axis {
  const [least, most] = [Math.min(...values) / 1.15, Math.max(...values) * 1.15];
  const scale = (to - from) / Math.log(most / least);
  const decades = Math.log10(most / least);
  // Ticks: 1, 2 and 5 for few decades, 1 and 3 for more, and only powers of ten for many.
  const steps = decades < 1.6 ? [1, 2, 5] : decades < 5 ? [1, 3] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); power++) {
    ticks.push(...steps.map((step) => step * 10 ** power).filter((tick) => tick >= least && tick <= most));
  }
  return { least, most, ticks, at: (value: number) => from + Math.log(value / least) * scale };
}

function linearAxis(values: readonly number[], from: number, to: number): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const rim = 0.06 * (high - low || Math.abs(high) || 1);
  const [least, most] = [low - rim, high + rim];
  // The largest of 1, 2 and 5 times a power of ten that gives at least four steps.
  const widest = (most - least) / 4;
  const power = 10 ** Math.floor(Math.log10(widest));
  const step = power * ([5, 2].find((factor) => factor * power <= widest) ?? 1);
  const first = Math.ceil(least / step);
  const ticks = Array.from({ length: Math.floor(most / step) - first + 1 }, (_, i) => (first + i) * step);
  return { least, most, ticks, at: (value) => from + ((value - least) / (most - least)) * (to - from) };
}

function line(context: Context, [x1, y1]: [number, number], [x2, y2]: [number, number]): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function formatTick(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}
