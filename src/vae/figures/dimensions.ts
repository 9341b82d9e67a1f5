import type { LatentDimensions } from "../evaluation/index.js";

const MARGIN = 28;
const PLOT = { height: 190, gap: 56, left: 64, legend: 36 };
const HEAD = 74;

/**
 * Draws what every latent dimension carries, from most to least: its divergence from the prior, and the variance of its means. Active ones
 * are colored.
 *
 * @returns a PNG file
 */
export async function drawDimensions(dimensions: LatentDimensions): Promise<Uint8Array> {
  const [{ font, openSurface }, { INKS }] = await Promise.all([
    import("../../canvas/index.js"),
    import("../../colors/index.js"),
  ]);
  const ink = INKS.light;
  const { kl, varianceOfMeans, isActive, activeCount } = dimensions;
  const panels = [
    ...(kl ? [{ name: "KL divergence from the prior, nats", values: kl }] : []),
    { name: "Variance of the means over the images", values: varianceOfMeans },
  ];
  const order = rankDimensions(dimensions);
  const width = Math.min(1600, Math.max(640, order.length * 30 + PLOT.left + 2 * MARGIN));
  const height = HEAD + panels.length * (PLOT.height + PLOT.gap) + PLOT.legend;
  const surface = openSurface(width, height, "png");
  const { context } = surface;
  const text = (
    words: string,
    x: number,
    y: number,
    size: number,
    color: string,
    align: "left" | "center" | "right" = "left",
    weight: 400 | 600 = 400,
  ) => {
    context.font = font(size, weight);
    context.fillStyle = color;
    context.textAlign = align;
    context.fillText(words, x, y);
  };
  context.fillStyle = ink.background;
  context.fillRect(0, 0, width, height);
  const title = `${activeCount} of ${order.length} latent dimensions ${activeCount === 1 ? "is" : "are"} active`;
  text(title, MARGIN, MARGIN + 22, 24, ink.text, "left", 600);
  const [left, right] = [PLOT.left, width - MARGIN];
  const step = (right - left) / order.length;
  for (const [p, { name, values }] of panels.entries()) {
    const top = HEAD + p * (PLOT.height + PLOT.gap) + 30;
    const bottom = top + PLOT.height - 30;
    const most = niceCeiling(Math.max(...values));
    text(name, MARGIN, top - 12, 15, ink.muted);
    for (const share of [0, 0.5, 1]) {
      const y = bottom - share * (bottom - top);
      context.strokeStyle = ink.line;
      context.beginPath();
      context.moveTo(left, y);
      context.lineTo(right, y);
      context.stroke();
      text(String(Number((share * most).toPrecision(3))), left - 8, y + 5, 13, ink.muted, "right");
    }
    for (const [rank, dimension] of order.entries()) {
      const x = left + rank * step;
      const size = (values[dimension] / most) * (bottom - top);
      context.fillStyle = isActive[dimension] ? ink.single : ink.rest;
      context.fillRect(x + 0.15 * step, bottom - size, 0.7 * step, Math.max(size, 1));
      const isLabeled = rank % Math.ceil(30 / step) === 0;
      if (isLabeled) text(`z${dimension + 1}`, x + step / 2, bottom + 18, 12, ink.muted, "center");
    }
  }
  let x = left;
  for (const [color, words] of [
    [ink.single, "active: the means vary by more than 0.01"],
    [ink.rest, "not active"],
  ] as const) {
    context.fillStyle = color;
    context.fillRect(x, height - PLOT.legend - 1, 12, 12);
    text(words, x + 18, height - PLOT.legend + 10, 13, ink.muted);
    x += 18 + context.measureText(words).width + 28;
  }
  return surface.encode(title);
}

/** The dimensions that carry most first, by divergence where there is one, else by the variance of the means. */
export function rankDimensions({ kl, varianceOfMeans }: LatentDimensions): number[] {
  const by = kl ?? varianceOfMeans;
  return Array.from(by, (_, i) => i).sort((a, b) => by[b] - by[a] || a - b);
}

/** The least of 1, 2, 2.5, 5 times a power of ten that is not below `value`. */
function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (([1, 2, 2.5, 5, 10].find((factor) => factor * power >= value) as number) ?? 10) * power;
}
