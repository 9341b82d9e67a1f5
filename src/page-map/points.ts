import { shuffled } from "../shuffle.js";
import type { ColorScale, PointLabels } from "./payload.js";

/** A quantity or a set of classes that colors the points. */
export interface Coloring {
  name: string;
  /** Index of the color of each point. */
  colorOf: Uint8Array;
  light: string[];
  dark: string[];
  /** Points in the order in which they are drawn. */
  order: Uint32Array;
  /** For a quantity, the values at the two ends of the color scale. */
  range?: [number, number];
  /** The classes, with a color for each. */
  classes?: { name: string; count: number }[];
}

/** Decodes base64 to bytes of little-endian numbers. All machines with browsers are little-endian. */
function decode(text: string): ArrayBuffer {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes.buffer;
}

export const decodeFloats = (text: string): Float32Array => new Float32Array(decode(text));

/** Returns a function that gives the label text of a point. */
export function labelTexts(labels: PointLabels): (i: number) => string {
  const indices = new Uint32Array(decode(labels.indices));
  return (i) => labels.texts[indices[i]];
}

/** Colors points by the class of their label, or by its number. */
export function colorByLabel(labels: PointLabels, scale: ColorScale): Coloring {
  const indices = new Uint32Array(decode(labels.indices));
  const valueAt = (i: number) => labels.values[indices[i]] ?? Number.NaN;
  if (labels.classes === null) return colorByQuantity("label", Float32Array.from(indices.keys(), valueAt), scale);
  const { classes } = labels;
  return {
    name: "label",
    colorOf: Uint8Array.from(indices.keys(), valueAt),
    light: classes.map(({ light }) => light),
    dark: classes.map(({ dark }) => dark),
    order: shuffled(scale.n),
    classes,
  };
}

/**
 * Colors points on a scale from the smallest value to the 98th percentile, so that a few outliers do not use up the
 * whole scale. The largest values are drawn last.
 */
export function colorByQuantity(name: string, values: Float32Array, { shades, n }: ColorScale): Coloring {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const least = sorted[0] ?? 0;
  const most = sorted[Math.round(0.98 * (sorted.length - 1))] ?? 0;
  const { length } = shades.light;
  const last = length;
  const colorOf = new Uint8Array(n);
  for (const [i, value] of values.entries()) {
    const share = most > least ? (value - least) / (most - least) : 0;
    colorOf[i] = Number.isNaN(value) ? last : Math.min(length - 1, Math.floor(share * length));
  }
  // Points without a value have the color after the last shade and are drawn below all others.
  const rank = (i: number) => (colorOf[i] === last ? -1 : colorOf[i]);
  const order = shuffled(n).sort((i, j) => rank(i) - rank(j));
  return {
    name,
    colorOf,
    light: [...shades.light, "#b3b8be"],
    dark: [...shades.dark, "#59616b"],
    order,
    range: [least, most],
  };
}
