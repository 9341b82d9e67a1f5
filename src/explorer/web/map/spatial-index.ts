/** Rows by cell of a square grid over their positions. It finds the rows in a rectangle without checking all rows. */
export interface SpatialIndex {
  readonly xy: Float32Array;
  readonly cells: number;
  /** Start of each cell's rows in `rows`, and the end of the last cell's rows. */
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

/** Positions are within -1 to 1. Rows without a position are far outside and belong to the cells at the edge. */
const EDGE = 1;
const ROWS_PER_CELL = 8;
const MAX_CELLS = 1024;

let newest: SpatialIndex | undefined;

/**
 * The index of positions, n x 2. The two newest indices are cached, because a comparison alternates between two maps.
 */
export function spatialIndexOf(xy: Float32Array): SpatialIndex {
  if (newest?.xy === xy) return newest;
  if (previous?.xy === xy) {
    [newest, previous] = [previous, newest];
    return newest;
  }
  previous = newest;
  newest = createSpatialIndex(xy);
  return newest;
}
let previous: SpatialIndex | undefined;

function createSpatialIndex(xy: Float32Array): SpatialIndex {
  const n = xy.length / 2;
  const cells = Math.max(1, Math.min(MAX_CELLS, Math.round(Math.sqrt(n / ROWS_PER_CELL))));
  const starts = new Uint32Array(cells * cells + 1);
  const cellOf = new Uint32Array(n);
  for (let row = 0; row < n; row++) {
    cellOf[row] = lineOf(xy[2 * row + 1], cells) * cells + lineOf(xy[2 * row], cells);
    starts[cellOf[row] + 1]++;
  }
  for (let cell = 1; cell < starts.length; cell++) starts[cell] += starts[cell - 1];
  const next = starts.slice(0, -1);
  const rows = new Uint32Array(n);
  for (let row = 0; row < n; row++) rows[next[cellOf[row]]++] = row;
  return { xy, cells, starts, rows };
}

const lineOf = (value: number, cells: number): number =>
  Math.max(0, Math.min(cells - 1, Math.floor(((value + EDGE) / (2 * EDGE)) * cells)));

/** A part of the plane. */
export interface Rectangle {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** Rows in a rectangle, in no particular order; undefined if there are more than `max`. */
export function rowsWithin(
  { xy, cells, starts, rows }: SpatialIndex,
  { left, right, bottom, top }: Rectangle,
  max: number,
): number[] | undefined {
  const found: number[] = [];
  const [first, last] = [lineOf(left, cells), lineOf(right, cells)];
  for (let line = lineOf(bottom, cells); line <= lineOf(top, cells); line++) {
    // The cells of a line are adjacent, so their rows are one range.
    const end = starts[line * cells + last + 1];
    for (let at = starts[line * cells + first]; at < end; at++) {
      const row = rows[at];
      const [x, y] = [xy[2 * row], xy[2 * row + 1]];
      if (x < left || x > right || y < bottom || y > top) continue;
      if (found.length === max) return undefined;
      found.push(row);
    }
  }
  return found;
}
