/** A label for each point of a map. */
export interface PointLabels {
  texts: string[];
  /** Index in `texts` for each point: little-endian uint32 in base64. */
  indices: string;
  /**
   * For each text, the index of its class in `classes`, or, if there are no classes, its value as a number. -1 means
   * that a text has no class; NaN, written as null, means that it has no value.
   */
  values: (number | null)[];
  classes: { name: string; count: number; light: string; dark: string }[] | null;
}

/** The colors for the values of a quantity, from the smallest to the largest value. */
export interface Shades {
  light: string[];
  dark: string[];
}

/** The data for coloring by quantities. */
export interface ColorScale {
  n: number;
  shades: Shades;
}
