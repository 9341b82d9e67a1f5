/** The data of the page of a wall as JSON. Arrays are base64 of little-endian bytes. */
export interface WallPayload {
  readonly title: string;
  readonly rows: number;
  readonly columns: number;
  /** Size in pixels of the wall, of an image, of the step from one image to the next, and of the gap between images. */
  readonly width: number;
  readonly height: number;
  readonly cell: { readonly width: number; readonly height: number };
  readonly pitch: { readonly x: number; readonly y: number };
  readonly gap: number;
  readonly tile: number;
  readonly topLevel: number;
  /** Int32, rows x columns: number of the image in each cell, -1 for an empty cell. */
  readonly imageAt: string;
  readonly labels: {
    readonly texts: readonly string[];
    /** Uint32: index in `texts` for each image. */
    readonly textOf: string;
    /** Uint32: index in the colors for each image. */
    readonly colorOf: string;
    readonly light: readonly string[];
    readonly dark: readonly string[];
    /** Classes in the order of their colors; null for quantities. */
    readonly classes: readonly { readonly name: string; readonly count: number }[] | null;
  } | null;
  readonly names: readonly string[] | null;
}
