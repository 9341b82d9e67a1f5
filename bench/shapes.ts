/** A shape in a picture. Positions and sizes are in pixels. */
export interface Shape {
  readonly kind: "disc" | "square";
  readonly x: number;
  readonly y: number;
  /** Half of the diameter, or half of the side. */
  readonly size: number;
}

/** Draws a white shape on black, with a gray border of one pixel: side x side values. */
export function drawShape({ kind, x, y, size }: Shape, side: number): Float32Array {
  const measure = { disc: Math.hypot, square: (dx: number, dy: number) => Math.max(Math.abs(dx), Math.abs(dy)) }[kind];
  return Float32Array.from({ length: side * side }, (_, at) => {
    const distance = measure((at % side) - x, Math.floor(at / side) - y);
    return Math.min(1, Math.max(0, 0.5 + size - distance));
  });
}
