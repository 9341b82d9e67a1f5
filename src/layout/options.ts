import { availableParallelism } from "node:os";
import { reject } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import { abortSignal, callback, checkOptions, choice, integer, number, type OptionValues } from "../options/index.js";
import { TSNE_SETTINGS } from "../tsne/index.js";

/** The methods of separation; {@link SeparationOptions} explains them. */
export const SEPARATION_METHODS = ["flow", "iterative", "conditional"] as const;
/** One of {@link SEPARATION_METHODS}. */
export type SeparationMethod = (typeof SEPARATION_METHODS)[number];

/** Options shared by separation and grid assignment. */
const LAYOUT_OPTIONS = {
  /** Number of threads, 1 to 1024. The result does not depend on it. Default: the number of processors. */
  threads: TSNE_SETTINGS.threads,
  /** Cancels the computation: the promise is rejected with an `AbortError`. */
  signal: abortSignal({ help: "stops the work" }),
  /** Called about ten times per second with the completed fraction, 0 to 1. */
  onProgress: callback<(progress: { fraction: number }) => void>("a function", {
    help: "called about ten times per second with the fraction that is done, 0 to 1",
  }),
};

/**
 * Options that separation and grid assignment have in common.
 *
 * @interface
 */
export type LayoutOptions = OptionValues<typeof LAYOUT_OPTIONS>;

/** All options of `separateUniformly`, each declared once. */
export const SEPARATION_OPTIONS = {
  /**
   * `"flow"` (default): moves points with the flow that evens out their density (Gastner, Seguy & More, PNAS 2018), and
   * pulls neighbors together again in between. `"iterative"`: within the columns and rows of a grid, points move toward
   * equally spaced ranks (Ede 2020). The result is even, but few neighbors stay together. `"conditional"`: replaces x
   * by its cumulative distribution and y by its cumulative distribution given x, from a histogram with cubic
   * interpolation (Ede 2020).
   */
  method: choice(SEPARATION_METHODS, { default: "flow", help: SEPARATION_METHODS.join(", ") }),
  /**
   * For `"flow"`: number of times that neighbors are pulled together and points are spread evenly again; 0 for n < 100.
   */
  relaxations: integer(
    { from: 0, to: 1000 },
    { default: 16, help: "flow: number of times that neighbors are pulled together again" },
  ),
  /** For `"iterative"`: number of columns of the grid, which is also its number of rows. */
  grid: integer(
    { from: 1, to: 10_000 },
    { default: 100, flag: "--cells", help: "iterative: number of columns, and of rows, of the grid" },
  ),
  /** For `"iterative"`: the fraction of the distance to the position of its rank that a point moves per iteration. */
  gamma: number(
    { above: 0, to: 1 },
    { default: 0.3, help: "iterative: fraction of the distance that a point moves per iteration" },
  ),
  /**
   * For `"iterative"`: the method stops when the mean move falls below this value, in units of the side of the square.
   */
  tolerance: number({ from: 0 }, { default: 1e-4, help: "iterative: stop when the mean move is below this value" }),
  /** For `"iterative"`: maximum number of iterations. */
  iterations: integer({ from: 1, to: 1e6 }, { default: 100, help: "iterative: maximum number of iterations" }),
  /** For `"conditional"`: number of histogram bins along each axis. */
  bins: integer({ from: 2, to: 2000 }, { default: 25, help: "conditional: number of bins along each axis" }),
  ...LAYOUT_OPTIONS,
};

/**
 * Options of {@link separateUniformly}. All are optional. Options of a method that was not chosen are rejected.
 *
 * @interface
 */
export type SeparationOptions = OptionValues<typeof SEPARATION_OPTIONS>;

const LONGEST_SIDE = 2 ** 20;
const MOST_CELLS = 2 ** 30;

const GRID_OPTIONS = {
  /**
   * Number of rows of the grid. Default: as many as the points need with the given number of columns; if that is not
   * given either, the grid is about square.
   */
  rows: integer({ from: 1, to: LONGEST_SIDE }, { flag: false, help: "rows of the grid" }),
  /**
   * Number of columns of the grid. Default: as many as the points need with the given number of rows; if that is not
   * given either, the grid is about square.
   */
  columns: integer({ from: 1, to: LONGEST_SIDE }, { flag: false, help: "columns of the grid" }),
  ...LAYOUT_OPTIONS,
};

/**
 * Options of {@link assignToGrid}. All are optional.
 *
 * @interface
 */
export type GridOptions = OptionValues<typeof GRID_OPTIONS>;

/** The options with all defaults filled in, as plain data. */
export interface ResolvedSeparationOptions {
  method: SeparationMethod;
  relaxations: number;
  grid: number;
  gamma: number;
  tolerance: number;
  iterations: number;
  bins: number;
  threads: number;
}

const OF_METHOD: Record<SeparationMethod, readonly (keyof SeparationOptions)[]> = {
  flow: ["relaxations"],
  iterative: ["grid", "gamma", "tolerance", "iterations"],
  conditional: ["bins"],
};

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION (with the nearest name), OUT_OF_RANGE or INVALID_ARGUMENT
 */
export function resolveSeparationOptions(options: SeparationOptions): ResolvedSeparationOptions {
  const {
    threads = availableParallelism(),
    signal,
    onProgress,
    ...checked
  } = checkOptions(SEPARATION_OPTIONS, options);
  const { method } = checked;
  for (const other of SEPARATION_METHODS.filter((name) => name !== method)) {
    const given = OF_METHOD[other].find((key) => options[key] !== undefined);
    if (given !== undefined)
      reject(given, options[given], `to be left out with the method "${method}", because it belongs to "${other}"`);
  }
  return { ...checked, threads };
}

/**
 * Checks the options for `n` points and chooses the numbers of rows and columns that are not given.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE, also if the grid has fewer cells than there
 *   are points
 */
export function resolveGridOptions(
  options: GridOptions,
  n: number,
): { rows: number; columns: number; threads: number } {
  const checked = checkOptions(GRID_OPTIONS, options);
  const { rows: givenRows, columns: givenColumns, threads = availableParallelism() } = checked;
  const columns = givenColumns ?? Math.ceil(givenRows === undefined ? Math.sqrt(n) : n / givenRows);
  const rows = givenRows ?? Math.ceil(n / columns);
  const cells = rows * columns;
  if (cells < n || cells > MOST_CELLS || Math.max(rows, columns) > LONGEST_SIDE) {
    const argument = givenRows === undefined ? "columns" : "rows";
    throw new ArgumentError("OUT_OF_RANGE", {
      argument,
      received: givenRows ?? givenColumns,
      accepted: `a grid of ${n} cells or more, one per point, up to ${MOST_CELLS}`,
      message:
        cells < n
          ? `${argument}: expected a grid of at least ${n} cells, one per point, received ${rows} x ${columns} = ${cells}`
          : `${argument}: expected a grid of at most ${MOST_CELLS} cells and ${LONGEST_SIDE} a side, received ${rows} x ${columns}`,
    });
  }
  return { rows, columns, threads };
}
