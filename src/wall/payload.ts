/** What the page of a wall is given, as JSON. Arrays are base64 of little-endian bytes. */
export interface WallPayload {
  readonly title: string;
  readonly rows: number;
  readonly columns: number;
  /** Pixels of the wall, of an image, from one image to the next, and between the two. */
  readonly width: number;
  readonly height: number;
  readonly cell: { readonly width: number; readonly height: number };
  readonly pitch: { readonly x: number; readonly y: number };
  readonly gap: number;
  readonly tile: number;
  readonly topLevel: number;
  /** Int32, rows x columns: the image in each cell, -1 for none. */
  readonly imageAt: string;
  readonly labels: {
    readonly texts: readonly string[];
    /** Uint32, for each image its index in `texts`. */
    readonly textOf: string;
    /** Uint32, for each image its index in the colors. */
    readonly colorOf: string;
    readonly light: readonly string[];
    readonly dark: readonly string[];
    /** Classes in the order of their colors; null for quantities. */
    readonly classes: readonly { readonly name: string; readonly count: number }[] | null;
  } | null;
  readonly names: readonly string[] | null;
}
