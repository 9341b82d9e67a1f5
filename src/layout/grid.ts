import { awaitNative, binding, withTranslation } from "../binding.js";
import type { MatrixLike } from "../matrix.js";
import { type GridOptions, resolveGridOptions } from "./options.js";
import { readEmbedding, throwIfAborted } from "./points.js";

/** A cell for every point. */
export interface GridAssignment {
  /** Rows of the grid; `columns` are its columns. */
  rows: number;
  columns: number;
  /** The row of each point, 0 at the top, where y is largest; length n. */
  row: Uint32Array;
  /** The column of each point, 0 at the left; length n. */
  column: Uint32Array;
  /** Sum of the squared ways to the centers of the cells, in sides of a cell. */
  cost: number;
  /** What no assignment can do with less than, proven by the dual prices of the cells. */
  bound: number;
  /** cost / bound, at least 1: the best assignment costs at least 1 / factor of this one. Infinity where the bound is 0. */
  factor: number;
}

/**
 * Gives each point a cell of its own in a grid, so that the sum of the squared ways is as small as can be: exactly, by shortest augmenting
 * paths (Jonker & Volgenant 1987), up to 4096 cells; above that in parts of 4096 cells with a second solution across their borders, with a proven
 * bound. The grid is laid over the bounding box of the points. Points should have been spread by {@link separateUniformly}: then the
 * factor of 20,000 points is 1.04 to 2. Above 32,768 cells, where the parts are smaller, it is 2 or more, or Infinity where no bound is
 * found, as on an embedding as crowded as t-SNE makes them, which also takes longer. Cells are left empty where there are more than points.
 * Off the main thread; the same result with any number of threads.
 *
 * @param points n x 2, finite, n >= 1
 * @throws {ArgumentError} for a bad option or shape, or OUT_OF_RANGE for a grid of fewer cells than points; {@link DataError} NOT_FINITE
 *   with the row of NaN or infinities, {@link AbortError} when stopped through `options.signal`
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
