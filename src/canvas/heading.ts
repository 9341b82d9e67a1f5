import { cleanText, type Ink } from "../colors/index.js";
import { type Context, font, shorten } from "./surface.js";

/** Height of the heading in pixels, including the space below it; 0 without a heading. */
export function headingHeight(title: string, subtitle: string, titleSize: number, subtitleSize: number): number {
  const lines = (title ? 1.3 * titleSize : 0) + (subtitle ? 1.5 * subtitleSize : 0);
  return lines > 0 ? lines + subtitleSize : 0;
}

/** Draws a title and a subtitle in a lighter color. Text wider than `width` is shortened. */
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
