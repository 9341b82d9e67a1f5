/** Density of points on a square grid that covers the whole map. */
export interface Density {
  /** Cells per side. */
  readonly cells: number;
  /** Smoothed number of points per cell, line by line from the bottom. */
  readonly values: Float32Array;
}

/**
 * Half the width of the grid. It is larger than the map, whose positions are within -1 to 1, so that contours are
 * closed.
 */
export const REACH = 1.1;

/** The cell of a position; -1 for rows without a position, which are far outside. */
export function cellOf(x: number, y: number, cells: number): number {
  if (Math.abs(x) >= REACH || Math.abs(y) >= REACH) return -1;
  const place = (value: number) => Math.floor(((value + REACH) / (2 * REACH)) * cells);
  return place(y) * cells + place(x);
}

/** Counts the points in each cell. Rows with a nonzero `isLeftOut` are not counted. */
export function countPoints(xy: Float32Array, cells: number, isLeftOut?: ArrayLike<number>): Float32Array {
  const counts = new Float32Array(cells * cells);
  for (let row = 0; row < xy.length / 2; row++) {
    if (isLeftOut?.[row]) continue;
    const cell = cellOf(xy[2 * row], xy[2 * row + 1], cells);
    if (cell >= 0) counts[cell]++;
  }
  return counts;
}

/** Halves the resolution by adding up each square of two by two cells. */
export function halve(counts: Float32Array, cells: number): Float32Array {
  const half = cells / 2;
  const sums = new Float32Array(half * half);
  for (let line = 0; line < cells; line++) {
    for (let column = 0; column < cells; column++) {
      sums[(line >> 1) * half + (column >> 1)] += counts[line * cells + column];
    }
  }
  return sums;
}

/**
 * Smooths with a kernel close to a Gaussian with a standard deviation of 1.6 cells: a mean over three cells, applied
 * four times in each direction.
 */
export function smooth(counts: Float32Array, cells: number): Density {
  let values = counts;
  for (let pass = 0; pass < 4; pass++) values = blurLines(transpose(blurLines(values, cells), cells), cells, true);
  return { cells, values };
}

function blurLines(values: Float32Array, cells: number, isTransposed = false): Float32Array {
  const blurred = new Float32Array(values.length);
  for (let line = 0; line < cells; line++) {
    const first = line * cells;
    for (let column = 0; column < cells; column++) {
      const before = column > 0 ? values[first + column - 1] : 0;
      const after = column < cells - 1 ? values[first + column + 1] : 0;
      blurred[first + column] = (before + values[first + column] + after) / 3;
    }
  }
  return isTransposed ? transpose(blurred, cells) : blurred;
}

function transpose(values: Float32Array, cells: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let line = 0; line < cells; line++) {
    for (let column = 0; column < cells; column++) turned[column * cells + line] = values[line * cells + column];
  }
  return turned;
}

/**
 * Density levels above which given shares of all points lie: the boundaries of highest density regions (Hyndman,
 * "Computing and Graphing Highest Density Regions", American Statistician 50, 1996).
 *
 * @param shares shares of the points, ascending
 */
export function densityLevels({ values }: Density, shares: readonly number[]): number[] {
  const sorted = values
    .filter((value) => value > 0)
    .sort()
    .reverse();
  const total = sorted.reduce((sum, value) => sum + value, 0);
  const levels: number[] = [];
  let [sum, next] = [0, 0];
  for (const value of sorted) {
    sum += value;
    while (next < shares.length && sum >= shares[next] * total) {
      levels.push(value);
      next++;
    }
  }
  return levels;
}
