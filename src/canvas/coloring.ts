import { categoricalColors, cleanText, type Ink, type Labels, sequentialColors, type Theme } from "../colors/index.js";
import { type Legend, type LegendEntry, layOutClasses, layOutColorBar, layOutTitle, stack } from "./legend.js";
import type { Context } from "./surface.js";

/** Number of colors of a color bar. More colors could not be distinguished. */
const SHADES = 64;

/** The colors of points with their legend. */
export interface Coloring {
  readonly colors: readonly string[];
  /** Index in `colors` for each point. */
  readonly colorOf: Int32Array;
  legend(context: Context, maxWidth: number, maxHeight: number, isBeside: boolean, em: number): Legend | undefined;
}

/** Chooses colors for `n` points by their labels. */
export function colorPoints(labels: Labels, theme: Theme, valuesTitle: string, n: number, ink: Ink): Coloring {
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
  const { indices, names, counts, otherClasses, rest } = labels;
  const palette = categoricalColors(names.length, theme);
  const entries: LegendEntry[] = names.map((name, i) => ({
    name,
    count: counts[i],
    color: palette[i],
  }));
  const restName = otherClasses > 0 ? `other (${otherClasses.toLocaleString("en")} classes)` : "no label";
  if (rest > 0) entries.push({ name: restName, count: rest, color: ink.rest });
  return {
    colors: [...palette, ink.rest],
    colorOf: indices.map((index) => (index < 0 ? names.length : index)),
    legend: (context, maxWidth, maxHeight, isBeside, em) =>
      layOutClasses(context, entries, maxWidth, maxHeight, isBeside, em, ink),
  };
}
