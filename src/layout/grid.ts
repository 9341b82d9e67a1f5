import { awaitNative, binding, withTranslation } from "../binding.js";
import type { MatrixLike } from "../matrix.js";
import { type GridOptions, resolveGridOptions } from "./options.js";
import { readEmbedding, throwIfAborted } from "./points.js";

/** The assignment of every point to a cell. */
export interface GridAssignment {
  /** Number of rows of the grid; `columns` is its number of columns. */
  rows: number;
  columns: number;
  /** The row of each point, 0 at the top, where y is largest; length n. */
  row: Uint32Array;
  /** The column of each point, 0 at the left; length n. */
  column: Uint32Array;
  /** Sum of the squared distances between the points and the centers of their cells, in units of the side of a cell. */
  cost: number;
  /** Proven lower bound of the cost of any assignment, computed from the dual prices of the cells. */
  bound: number;
  /**
   * cost / bound, at least 1: the cost of the best assignment is at least cost / factor. Infinity if the bound is 0.
   */
  factor: number;
}

/**
 * Assigns each point to its own cell of a grid so that the sum of the squared distances between points and cells is as
 * small as possible. The grid covers the bounding box of the points. If there are more cells than points, some cells
 * stay empty.
 *
 * Up to 4096 cells, the solution is exact, by shortest augmenting paths (Jonker & Volgenant 1987). Larger grids are
 * solved in parts of 4096 cells, then a second time across the borders of the parts, and a lower bound of the cost is
 * proven.
 *
 * Points should first be spread by {@link separateUniformly}. Then `factor`, the cost divided by its lower bound, is
 * 1.04 to 2 for 20,000 points. Above 32,768 cells, where the parts are smaller, `factor` is 2 or more, or Infinity if
 * no bound is found. No bound is found, for example, for points as crowded as in a t-SNE map, for which the computation
 * also takes longer.
 *
 * The computation runs off the main thread. The result does not depend on the number of threads.
 *
 * @param points n x 2, finite, n >= 1
 * @throws {ArgumentError} for a bad option or shape, or OUT_OF_RANGE if the grid has fewer cells than points; {@link
 *   DataError} NOT_FINITE with the row of NaN or infinities, {@link AbortError} when stopped through `options.signal`
 */
export async function assignToGrid(points: MatrixLike, options: GridOptions = {}): Promise<GridAssignment> {
  const embedding = readEmbedding(points, 1);
  const { rows, columns, threads } = resolveGridOptions(options, embedding.rows);
  const { signal, onProgress } = options;
  throwIfAborted(signal);
  const job = withTranslation(() =>
    binding.assignToGrid({
      points: embedding,
      rows,
      columns,
      threads,
      onProgress: onProgress && ((fraction: number) => onProgress({ fraction })),
    }),
  );
  const { cells, cost, bound } = await awaitNative(job.result, job.cancel, signal);
  return {
    rows,
    columns,
    row: cells.map((cell) => Math.floor(cell / columns)),
    column: cells.map((cell) => cell % columns),
    cost,
    bound,
    factor: cost === bound ? 1 : cost / bound,
  };
}
