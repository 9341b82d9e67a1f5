import type { DrawOrder } from "./draw-order.js";

/** The view of the points. Lengths are in screen pixels, positions in units of the layout. */
export interface Scene {
  /** Size of the canvas. */
  readonly width: number;
  readonly height: number;
  /** Half the width and half the height of the canvas in units of the layout, and the position at its middle. */
  readonly reachX: number;
  readonly reachY: number;
  readonly x: number;
  readonly y: number;
  /** Progress of a transition: 0 at the start positions, 1 at the end positions. */
  readonly progress: number;
  readonly diameter: number;
  /** 1 for discs, 0 for squares. */
  readonly roundness: number;
  /** The color behind the points, `#rrggbb`. */
  readonly ground: string;
}

/**
 * Draws points onto a canvas. If drawing all points would take too long, it first draws a random subset. It draws all
 * points once no new picture was requested for {@link REST} milliseconds.
 */
export interface PointsDrawing {
  /** Whether a graphics card draws the points. */
  readonly isAccelerated: boolean;
  /** Start and end positions of the points, each n x 2; the same array if the points do not move. */
  setPositions(start: Float32Array, end: Float32Array): void;
  /** Red, green, blue and opacity of each point. */
  setTints(tints: Uint8Array): void;
  /** The last row of a subset is drawn on top. */
  setOrder(order: DrawOrder): void;
  draw(scene: Scene): void;
  /** Draws all points. After the promise resolves, the canvas can be copied until the end of the current task. */
  drawAll(scene: Scene): Promise<void>;
  /** Frees the memory of the graphics card or ends the worker. */
  dispose(): void;
}

/** Events of a drawing. */
export interface DrawingEvents {
  /** Everything has to be drawn again. */
  onRestored(): void;
  /** A picture of `count` points was drawn; `isWhole` means that it has all points. */
  onDrawn(count: number, isWhole: boolean): void;
}

export const REST = 120;

/** Opacity of a disc. Discs are slightly transparent, so that hidden points show through; squares are opaque. */
export const SHINE = 0.8;

/**
 * Diameter of a point if only `count` of `all` points are drawn. Points grow up to twice as wide, so that the map keeps
 * its appearance.
 */
export const sparseDiameter = (diameter: number, count: number, all: number): number =>
  diameter * Math.min(2, (all / Math.max(1, count)) ** (1 / 6));
