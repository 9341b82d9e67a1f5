import type { DrawOrder } from "./draw-order.js";
import type { Scene } from "./points-drawing.js";

/** What the page sends to the worker that draws points. */
export type PointsRequest =
  | { readonly kind: "canvas"; readonly canvas: OffscreenCanvas }
  /** Without an end the points rest. */
  | { readonly kind: "positions"; readonly start: Float32Array; readonly end: Float32Array | undefined }
  | { readonly kind: "tints"; readonly tints: Uint8Array }
  | { readonly kind: "order"; readonly order: DrawOrder }
  /** Draw; `isWhole` for all points at once. */
  | { readonly kind: "draw"; readonly scene: Scene; readonly id: number; readonly isWhole: boolean };

/** What the worker answers when a picture is on the canvas. */
export interface PointsReport {
  /** The number of the request. */
  readonly id: number;
  readonly count: number;
  readonly isWhole: boolean;
}
