/** A label for each point of a map. */
export interface PointLabels {
  texts: string[];
  /** Index in `texts` for each point: little-endian uint32 in base64. */
  indices: string;
  /**
   * Index in `classes` for each text, or the value of the text if there are no classes. -1 and NaN (as null) mean that
   * there is neither.
   */
  values: (number | null)[];
  classes: { name: string; count: number; light: string; dark: string }[] | null;
}

/** The colors of quantities, from least to most. */
export interface Shades {
  light: string[];
  dark: string[];
}

/** The data for coloring by quantities. */
export interface ColorScale {
  n: number;
  shades: Shades;
}
