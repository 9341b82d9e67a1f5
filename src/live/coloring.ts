/** Colors of the points by a column, with a legend. */
import { categoricalColors, INKS, readLabels, sequentialColors } from "../colors/index.js";
import { drawing, element } from "../page-map/elements.js";
import { type Coloring, colorByQuantity } from "../page-map/points.js";
import { shuffled } from "../shuffle.js";
import type { Column } from "./table.js";

/** Number of colors of a quantity. */
const SHADES = 64;

export function plainColoring(n: number): Coloring {
  return { name: "", colorOf: new Uint8Array(n), light: ["#0072b2"], dark: ["#56b4e9"], order: shuffled(n) };
}

/**
 * Colors points by classes if the column contains texts or only a few different whole numbers, otherwise by its
 * numbers.
 */
export function colorBy(column: Column, n: number): Coloring {
  const labels = readLabels(column.values as ArrayLike<string | number>, n);
  if (labels.kind === "none") return plainColoring(n);
  if (labels.kind === "quantity") {
    const shades = { light: sequentialColors(SHADES, "light"), dark: sequentialColors(SHADES, "dark") };
    return colorByQuantity(column.name, Float32Array.from(labels.values), { n, shades });
  }
  const { names, counts, indices, rest } = labels;
  const classes = names.map((name, i) => ({ name, count: counts[i] }));
  const [light, dark] = [categoricalColors(names.length, "light"), categoricalColors(names.length, "dark")];
  if (rest > 0) {
    classes.push({ name: "others", count: rest });
    light.push(INKS.light.rest);
    dark.push(INKS.dark.rest);
  }
  const colorOf = Uint8Array.from(indices, (index) => (index < 0 ? classes.length - 1 : index));
  return { name: column.name, colorOf, light, dark, order: shuffled(n), classes };
}

const figure = (value: number): string => Number(value.toPrecision(3)).toString();

export function legendOf(coloring: Coloring, isDark: boolean): HTMLElement[] {
  const colors = isDark ? coloring.dark : coloring.light;
  if (coloring.classes) {
    return coloring.classes.map(({ name, count }, i) => {
      const dot = drawing(
        "svg",
        { viewBox: "0 0 2 2", "aria-hidden": "true" },
        drawing("circle", { cx: 1, cy: 1, r: 1, fill: colors[i] }),
      );
      const entry = element("span", "", name || "(empty)", " ", element("small", "", count.toLocaleString("en")));
      entry.prepend(dot);
      return entry;
    });
  }
  if (!coloring.range) return [];
  const shades = colors.slice(0, -1);
  const bars = shades.map((fill, i) => drawing("rect", { x: i, y: 0, width: 1.05, height: 1, fill }));
  const bar = drawing("svg", { viewBox: `0 0 ${shades.length} 1`, preserveAspectRatio: "none", class: "bar" }, ...bars);
  const [least, most] = coloring.range;
  const entry = element("span", "", `${figure(least)} `);
  entry.append(bar, ` ${figure(most)} or more`);
  return [entry];
}
