import type { DrawOrder } from "./draw-order.js";
import type { Scene } from "./points-drawing.js";

/** What the page sends to the worker that draws points. */
export type PointsRequest =
  | { readonly kind: "canvas"; readonly canvas: OffscreenCanvas }
  /** Without `end` the points do not move. */
  | { readonly kind: "positions"; readonly start: Float32Array; readonly end: Float32Array | undefined }
  | { readonly kind: "tints"; readonly tints: Uint8Array }
  | { readonly kind: "order"; readonly order: DrawOrder }
  /** Draws a scene. `isWhole` requests all points at once. */
  | { readonly kind: "draw"; readonly scene: Scene; readonly id: number; readonly isWhole: boolean };

/** The answer of the worker after it has drawn a picture. */
export interface PointsReport {
  /** The number of the request. */
  readonly id: number;
  readonly count: number;
  readonly isWhole: boolean;
}
