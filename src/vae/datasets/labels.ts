import { ArgumentError } from "../../errors.js";

const natural = new Intl.Collator("en", { numeric: true });

/**
 * Replaces the class name of each image by the index of the class. The classes are the distinct names in natural order,
 * in which 2 comes before 10.
 */
export function numberClasses(names: readonly string[]): { labels: Int32Array; classes: string[] } {
  const classes = [...new Set(names)].sort((a, b) => natural.compare(a, b) || (a < b ? -1 : 1));
  const numbers = new Map(classes.map((name, number) => [name, number]));
  return { labels: Int32Array.from(names, (name) => numbers.get(name) as number), classes };
}

/** @throws {ArgumentError} SHAPE_MISMATCH unless there are `count` labels */
export function checkLabelCount(labels: ArrayLike<unknown>, count: number, path: string): void {
  if (labels.length === count) return;
  throw new ArgumentError("SHAPE_MISMATCH", {
    argument: "labels",
    received: labels,
    accepted: `${count} labels, one per image`,
    message: `${path}: expected ${count} labels, one per image, received ${labels.length}`,
  });
}
