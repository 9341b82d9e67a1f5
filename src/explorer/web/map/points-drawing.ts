/** How the points are seen. Lengths are in pixels of the screen, positions in units of the layout. */
export interface Scene {
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
  /** What lies behind the points, `#rrggbb`. */
  readonly ground: string;
}

/** Draws points onto a canvas. */
export interface PointsDrawing {
  /** Whether the graphics card does it. */
  readonly isAccelerated: boolean;
  /** Where points come from and go to, n x 2 each; the same array if they rest. */
  setPositions(start: Float32Array, end: Float32Array): void;
  /** Red, green, blue and opacity of each point. */
  setTints(tints: Uint8Array): void;
  /** Rows in the order in which they are drawn, the last one uppermost. */
  setOrder(order: Uint32Array): void;
  draw(scene: Scene): void;
  /** Frees what the graphics card holds for it. */
  dispose(): void;
}

/** Opacity of a point on what is drawn: discs let what they hide shine through, squares hide nothing. */
export const SHINE = 0.8;
