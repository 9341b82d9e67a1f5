/** A label for each point of a map. */
export interface PointLabels {
  texts: string[];
  /** For each point its index in `texts`: little-endian uint32 in base64. */
  indices: string;
  /** For each text its index in `classes`, or its value if there are no classes. -1 and NaN (as null) mean that there is neither. */
  values: (number | null)[];
  classes: { name: string; count: number; light: string; dark: string }[] | null;
}

/** The colors of quantities, from least to most. */
export interface Shades {
  light: string[];
  dark: string[];
}

/** What colorings of quantities need. */
export interface ColorScale {
  n: number;
  shades: Shades;
}
