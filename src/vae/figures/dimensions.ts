import type { SKRSContext2D } from "@napi-rs/canvas";
import type { Ink } from "../../colors/index.js";
import type { LatentDimensions } from "../evaluation/index.js";

const MARGIN = 28;
const PLOT = { height: 190, gap: 56, left: 64, legend: 36 };
const HEAD = 74;

/**
 * Draws a bar chart of the information in every latent dimension, in descending order: the KL divergence of the
 * dimension from the prior, and the variance of its means. Active dimensions are colored.
 *
 * @returns a PNG file
 */
export async function drawDimensions(dimensions: LatentDimensions): Promise<Uint8Array> {
  const [{ font, openSurface }, { INKS }] = await Promise.all([
    import("../../canvas/index.js"),
    import("../../colors/index.js"),
  ]);
  const ink = INKS.light;
  const { kl, varianceOfMeans, activeCount } = dimensions;
  const panels: readonly Panel[] = [
    ...(kl ? [{ name: "KL divergence from the prior, nats", values: kl }] : []),
    { name: "Variance of the means over the images", values: varianceOfMeans },
  ];
  const order = rankDimensions(dimensions);
  const width = Math.min(1600, Math.max(640, order.length * 30 + PLOT.left + 2 * MARGIN));
  const height = HEAD + panels.length * (PLOT.height + PLOT.gap) + PLOT.legend;
  const surface = openSurface(width, height, "png");
  const chart: Chart = { context: surface.context, font, ink, order, isActive: dimensions.isActive, width, height };
  surface.context.fillStyle = ink.background;
  surface.context.fillRect(0, 0, width, height);
  const title = `${activeCount} of ${order.length} latent dimensions ${activeCount === 1 ? "is" : "are"} active`;
  drawText(chart, title, MARGIN, MARGIN + 22, { size: 24, color: ink.text, weight: 600 });
  for (const [p, panel] of panels.entries()) drawPanel(chart, panel, HEAD + p * (PLOT.height + PLOT.gap) + 30);
  drawLegend(chart);
  return surface.encode(title);
}

/** A bar chart with one bar per dimension. */
interface Panel {
  readonly name: string;
  readonly values: ArrayLike<number> & Iterable<number>;
}

interface Chart {
  readonly context: SKRSContext2D;
  readonly font: (size: number, weight?: 400 | 600) => string;
  readonly ink: Ink;
  /** The dimensions in the order in which they are drawn. The dimension with the most information comes first. */
  readonly order: readonly number[];
  readonly isActive: readonly boolean[];
  readonly width: number;
  readonly height: number;
}

interface TextStyle {
  readonly size: number;
  readonly color: string;
  readonly align?: "left" | "center" | "right";
  readonly weight?: 400 | 600;
}

function drawText({ context, font }: Chart, words: string, x: number, y: number, style: TextStyle): void {
  context.font = font(style.size, style.weight ?? 400);
  context.fillStyle = style.color;
  context.textAlign = style.align ?? "left";
  context.fillText(words, x, y);
}

function drawPanel(chart: Chart, { name, values }: Panel, top: number): void {
  const { ink, width } = chart;
  const bottom = top + PLOT.height - 30;
  const most = niceCeiling(Math.max(...values));
  drawText(chart, name, MARGIN, top - 12, { size: 15, color: ink.muted });
  for (const share of [0, 0.5, 1]) {
    const y = bottom - share * (bottom - top);
    drawLine(chart, y, PLOT.left, width - MARGIN);
    const number = String(Number((share * most).toPrecision(3)));
    drawText(chart, number, PLOT.left - 8, y + 5, { size: 13, color: ink.muted, align: "right" });
  }
  drawBars(chart, values, top, bottom, most);
}

function drawLine({ context, ink }: Chart, y: number, left: number, right: number): void {
  context.strokeStyle = ink.line;
  context.beginPath();
  context.moveTo(left, y);
  context.lineTo(right, y);
  context.stroke();
}

function drawBars(chart: Chart, values: ArrayLike<number>, top: number, bottom: number, most: number): void {
  const { context, ink, order, isActive, width } = chart;
  const step = (width - MARGIN - PLOT.left) / order.length;
  for (const [rank, dimension] of order.entries()) {
    const x = PLOT.left + rank * step;
    const size = (values[dimension] / most) * (bottom - top);
    context.fillStyle = isActive[dimension] ? ink.single : ink.rest;
    context.fillRect(x + 0.15 * step, bottom - size, 0.7 * step, Math.max(size, 1));
    if (rank % Math.ceil(30 / step) !== 0) continue;
    drawText(chart, `z${dimension + 1}`, x + step / 2, bottom + 18, { size: 12, color: ink.muted, align: "center" });
  }
}

function drawLegend(chart: Chart): void {
  const { context, ink, height } = chart;
  let x = PLOT.left;
  for (const [color, words] of [
    [ink.single, "active: the means vary by more than 0.01"],
    [ink.rest, "not active"],
  ] as const) {
    context.fillStyle = color;
    context.fillRect(x, height - PLOT.legend - 1, 12, 12);
    drawText(chart, words, x + 18, height - PLOT.legend + 10, { size: 13, color: ink.muted });
    x += 18 + context.measureText(words).width + 28;
  }
}

/**
 * Sorts the dimensions so that those with the most information come first: by KL divergence if it is known, otherwise
 * by the variance of the means.
 */
export function rankDimensions({ kl, varianceOfMeans }: LatentDimensions): number[] {
  const by = kl ?? varianceOfMeans;
  return Array.from(by, (_, i) => i).sort((a, b) => by[b] - by[a] || a - b);
}

/** Rounds `value` up to the next number that is 1, 2, 2.5 or 5 times a power of ten. */
function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (([1, 2, 2.5, 5, 10].find((factor) => factor * power >= value) as number) ?? 10) * power;
}
