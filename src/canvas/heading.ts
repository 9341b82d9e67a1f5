import { cleanText, type Ink } from "../colors/index.js";
import { type Context, font, shorten } from "./surface.js";

/** Pixels that the lines take, with the space below them; 0 without any. */
export function headingHeight(title: string, subtitle: string, titleSize: number, subtitleSize: number): number {
  const lines = (title ? 1.3 * titleSize : 0) + (subtitle ? 1.5 * subtitleSize : 0);
  return lines > 0 ? lines + subtitleSize : 0;
}

/** Writes a title and a second, quieter line, each cut where it is wider than `width`. */
export function drawHeading(
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
