import type { Density } from "./density.js";

/** Value of cells that belong to no region. */
export const NO_REGION = -1;

/** The dense regions of a map. */
export interface DenseRegions {
  /** The region of each cell, or {@link NO_REGION}. */
  readonly regionOf: Int32Array;
  /** The cell with the highest density in each region. */
  readonly peaks: readonly number[];
}

/**
 * A peak has its own region if the density between it and any higher peak falls by more than this share of the peak
 * density ...
 */
const PROMINENCE = 0.35;
/**
 * ... and by more than this many standard errors. The smoothing kernel covers about 33 cells (4 pi times its variance).
 * A density of v points per cell is therefore a count of 33 v points, whose standard error is its square root.
 */
const STANDARD_ERRORS = 3;
const KERNEL_CELLS = 33;

/**
 * Divides a map into dense regions by the persistence of its density peaks (the mode-seeking part of ToMATo: Chazal,
 * Guibas, Oudot and Skraba, "Persistence-Based Clustering in Riemannian Manifolds", JACM 60, 2013). The algorithm
 * visits cells from the highest to the lowest density. A cell joins the region of its densest neighbor. When two
 * regions meet, the region with the lower peak is merged into the other one unless its peak is prominent.
 *
 * @param floor cells with a lower density belong to no region
 */
export function findDenseRegions({ cells, values }: Density, floor: number): DenseRegions {
  const order = Int32Array.from(values.keys())
    .filter((cell) => values[cell] > floor)
    .sort((a, b) => values[b] - values[a] || a - b);
  const parent = new Int32Array(values.length).fill(NO_REGION);
  const rootOf = (cell: number): number => {
    let root = cell;
    while (parent[root] !== root) root = parent[root];
    for (let at = cell; at !== root; ) [at, parent[at]] = [parent[at], root];
    return root;
  };
  for (const cell of order) {
    const roots = new Set<number>();
    let highest = NO_REGION;
    for (const neighbor of neighborsOf(cell, cells)) {
      if (parent[neighbor] === NO_REGION) continue;
      roots.add(rootOf(neighbor));
      if (highest === NO_REGION || values[neighbor] > values[highest]) highest = neighbor;
    }
    parent[cell] = highest === NO_REGION ? cell : rootOf(highest);
    mergeRegions([...roots], cell, values, parent);
  }
  return collect(order, parent, rootOf);
}

/** Merges regions that meet at a cell. The peak of a region is its root. */
function mergeRegions(roots: number[], cell: number, values: Float32Array, parent: Int32Array): void {
  if (roots.length < 2) return;
  const [highest, ...others] = roots.sort((a, b) => values[b] - values[a] || a - b);
  for (const root of others) {
    const peak = values[root];
    const least = Math.max(PROMINENCE * peak, STANDARD_ERRORS * Math.sqrt(peak / KERNEL_CELLS));
    if (peak - values[cell] < least) parent[root] = highest;
  }
}

function collect(order: Int32Array, parent: Int32Array, rootOf: (cell: number) => number): DenseRegions {
  const regionOf = new Int32Array(parent.length).fill(NO_REGION);
  const peaks: number[] = [];
  const numbers = new Map<number, number>();
  for (const cell of order) {
    const root = rootOf(cell);
    let number = numbers.get(root);
    if (number === undefined) {
      number = peaks.length;
      numbers.set(root, number);
      peaks.push(root);
    }
    regionOf[cell] = number;
  }
  return { regionOf, peaks };
}

function neighborsOf(cell: number, cells: number): number[] {
  const [line, column] = [Math.floor(cell / cells), cell % cells];
  const found: number[] = [];
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const [x, y] = [column + dx, line + dy];
      if ((dx !== 0 || dy !== 0) && x >= 0 && y >= 0 && x < cells && y < cells) found.push(y * cells + x);
    }
  }
  return found;
}
