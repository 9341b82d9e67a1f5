import type { DrawOrder } from "./draw-order.js";

/** How the points are seen. Lengths are in pixels of the screen, positions in units of the layout. */
export interface Scene {
  /** Size of the canvas. */
  readonly width: number;
  readonly height: number;
  /** Units to half the width and half the height of the canvas, and the position in its middle. */
  readonly reachX: number;
  readonly reachY: number;
  readonly x: number;
  readonly y: number;
  /** 0 at the positions the points come from, 1 at those they go to. */
  readonly progress: number;
  readonly diameter: number;
  /** 1 for discs, 0 for squares. */
  readonly roundness: number;
  /** The color behind the points, `#rrggbb`. */
  readonly ground: string;
}

/**
 * Draws points onto a canvas. Where all points would take too long, it draws a random part of them at once, and all of them as soon as it was
 * not asked for another picture for {@link REST} milliseconds.
 */
export interface PointsDrawing {
  /** Whether the graphics card draws. */
  readonly isAccelerated: boolean;
  /** Where points come from and go to, n x 2 each; the same array if they rest. */
  setPositions(start: Float32Array, end: Float32Array): void;
  /** Red, green, blue and opacity of each point. */
  setTints(tints: Uint8Array): void;
  /** The last row of a subset is uppermost. */
  setOrder(order: DrawOrder): void;
  draw(scene: Scene): void;
  /** Draws all points. Once it has resolved, the canvas can be copied, until the task ends. */
  drawAll(scene: Scene): Promise<void>;
  /** Frees what the graphics card or the worker holds for it. */
  dispose(): void;
}

/** What a drawing reports. */
export interface DrawingEvents {
  /** Everything has to be drawn again. */
  onRestored(): void;
  /** A picture of `count` points is on the canvas, of all points if it `isWhole`. */
  onDrawn(count: number, isWhole: boolean): void;
}

export const REST = 120;

/** Opacity of a point on what is drawn: discs let what they hide shine through, squares hide nothing. */
export const SHINE = 0.8;

/** Diameter of a point where only `count` of `all` points are drawn: they grow up to twice as wide, so that the map keeps its shape. */
export const sparseDiameter = (diameter: number, count: number, all: number): number =>
  diameter * Math.min(2, (all / Math.max(1, count)) ** (1 / 6));
