import type { ThumbnailDescription } from "../../protocol.js";
import type { MapLegend } from "../names/map-names.js";
import type { PlacedExample, Theme } from "../state.js";
import type { DrawnLayout, Position } from "./drawn-layout.js";

/** The content of the layer above the points of a map. */
export interface OverlayScene {
  readonly theme: Theme;
  readonly hovered: number | undefined;
  readonly clicked: number | undefined;
  readonly previousClicked: number | undefined;
  readonly selected: Uint32Array | undefined;
  /** Rows that are marked with a number. */
  readonly marks: readonly number[];
  /** Position of a row in the other map; undefined if only one map is shown. */
  readonly elsewhere: ((row: number) => Position) | undefined;
  readonly images: ThumbnailDescription | undefined;
  readonly colorOf: (row: number) => string;
  /** n x 3, in squared units of the layout's own coordinates. */
  readonly covariances: Float32Array | undefined;
  /** Names and contours of the density. */
  readonly legend: MapLegend | undefined;
  /** Whether these are class names, which are shown wherever there is space. */
  readonly areNamesOfClasses: boolean;
  readonly placedExample: PlacedExample | undefined;
  /** The picture of the placed example, once it is loaded. */
  readonly placedImage: CanvasImageSource | undefined;
  /** Corners of the lasso that the user is drawing, in pixels. */
  readonly outline: readonly Position[];
}

/** The properties of a map that its overlay depends on. */
export interface MapGeometry {
  /** Size in pixels. */
  readonly width: number;
  readonly height: number;
  /** Pixels per unit. */
  readonly scale: number;
  readonly isMoving: boolean;
  /** The layout that is shown, or the destination of a transition. */
  readonly layout: DrawnLayout | undefined;
  /** Current positions, n x 2. */
  readonly xy: Float32Array;
  /** Diameter of a point in pixels; roundness is 1 for discs and 0 for squares. */
  readonly dots: { readonly diameter: number; readonly roundness: number };
  positionOf(row: number): Position;
  toPixels(position: Position): Position;
}

/** The canvas, map and colors with which an overlay is drawn. */
export interface OverlayCanvas {
  readonly context: CanvasRenderingContext2D;
  readonly map: MapGeometry;
  readonly scene: OverlayScene;
  readonly ink: { readonly background: string; readonly text: string };
  /** Half the side of the image of each row whose image is drawn. */
  readonly imageSizes: Map<number, number>;
}

export const pixelsOf = ({ map }: OverlayCanvas, row: number): Position => map.toPixels(map.positionOf(row));
