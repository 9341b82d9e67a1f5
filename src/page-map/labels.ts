import { categoricalColors, cleanText, INKS, readLabels } from "../colors/index.js";
import { toBase64 } from "../page-file.js";
import type { PointLabels } from "./payload.js";

/** Encodes labels for a page; `null` if no point has a label. */
export function encodeLabels(labels: ArrayLike<string | number>, n: number): PointLabels | null {
  const sorted = readLabels(labels, n);
  if (sorted.kind === "none") return null;
  const indexOf = new Map<string, number>();
  const values: number[] = [];
  const indices = Uint32Array.from({ length: n }, (_, i) => {
    const text = cleanText(String(labels[i]));
    const known = indexOf.get(text);
    if (known !== undefined) return known;
    values.push((sorted.kind === "classes" ? sorted.indices[i] : sorted.values[i]) as number);
    indexOf.set(text, indexOf.size);
    return indexOf.size - 1;
  });
  const shared = { texts: [...indexOf.keys()], indices: toBase64(indices), values };
  if (sorted.kind === "quantity") return { ...shared, classes: null };
  const { names, counts, otherClasses, rest } = sorted;
  const [light, dark] = [categoricalColors(names.length, "light"), categoricalColors(names.length, "dark")];
  const classes = names.map((name, i) => ({
    name,
    count: counts[i],
    light: light[i],
    dark: dark[i],
  }));
  if (rest > 0) {
    const name = otherClasses > 0 ? `other (${otherClasses.toLocaleString("en")} classes)` : "no label";
    classes.push({ name, count: rest, light: INKS.light.rest, dark: INKS.dark.rest });
  }
  return { ...shared, values: values.map((value) => (value < 0 ? classes.length - 1 : value)), classes };
}
