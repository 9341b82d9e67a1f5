import { availableParallelism } from "node:os";
import { reject, rejectUnknown, requireInteger, requireOptions, requireSignal } from "../arguments.js";
import { ArgumentError } from "../errors.js";

/** The ways to separate points; see {@link SeparationOptions.method}. */
export const SEPARATION_METHODS = ["flow", "iterative", "conditional"] as const;
/** One of {@link SEPARATION_METHODS}. */
export type SeparationMethod = (typeof SEPARATION_METHODS)[number];

/** What separation and grid assignment have in common. */
export interface LayoutOptions {
  /** Threads, 1 to 1024; no influence on the result. Default: as many as the machine has processors. */
  threads?: number | undefined;
  /** Stops the work: the promise is rejected with an {@link AbortError}. */
  signal?: AbortSignal | undefined;
  /** Called about ten times a second with the share that is done, 0 to 1. */
  onProgress?: ((progress: { fraction: number }) => void) | undefined;
}

/** Options of {@link separateUniformly}. All are optional; those of another method than the chosen one are refused. */
export interface SeparationOptions extends LayoutOptions {
  /**
   * `"flow"` (default): points are carried along the flow that evens out their density (Gastner, Seguy & More, PNAS 2018), and drawn
   * back to their neighbors in between. `"iterative"`: within columns and rows of a grid they move towards equally spaced ranks
   * (Ede 2020); even, but few neighbors stay. `"conditional"`: x becomes its cumulative distribution and y that of y given x, of a
   * histogram, with cubic interpolation (Ede 2020).
   */
  method?: SeparationMethod | undefined;
  /** flow: how often points are drawn to their neighbors and evened out again, 0 to 1000. Default 16; none for n < 100. */
  relaxations?: number | undefined;
  /** iterative: columns, and rows, of the grid, 1 to 10000. Default 100. */
  grid?: number | undefined;
  /** iterative: share of the way that a point goes at a time, above 0 to 1. Default 0.3. */
  gamma?: number | undefined;
  /** iterative: mean move, in sides of the square, below which it is finished, >= 0. Default 1e-4. */
  tolerance?: number | undefined;
  /** iterative: how often at most, 1 to 1e6. Default 100. */
  iterations?: number | undefined;
  /** conditional: bins of the histogram along each axis, 2 to 2000. Default 25. */
  bins?: number | undefined;
}

/** Options of {@link assignToGrid}. All are optional. */
export interface GridOptions extends LayoutOptions {
  /** Rows of the grid, 1 to 2^20. Default: what the columns ask for, else as many as make the grid about square. */
  rows?: number | undefined;
  /** Columns of the grid, 1 to 2^20. Default: the same. */
  columns?: number | undefined;
}

/** The options with every default filled in, as plain data. */
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

const SHARED = ["threads", "signal", "onProgress"] as const;
const OF_METHOD: Record<SeparationMethod, readonly (keyof SeparationOptions)[]> = {
  flow: ["relaxations"],
  iterative: ["grid", "gamma", "tolerance", "iterations"],
  conditional: ["bins"],
};
const LONGEST_SIDE = 2 ** 20;
const MOST_CELLS = 2 ** 30;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION (with the nearest name), OUT_OF_RANGE or INVALID_ARGUMENT
 */
export function resolveSeparationOptions(options: SeparationOptions): ResolvedSeparationOptions {
  requireOptions(options);
  rejectUnknown(options, ["method", ...Object.values(OF_METHOD).flat(), ...SHARED]);
  const threads = checkShared(options);
  const method = SEPARATION_METHODS.find((name) => name === (options.method ?? "flow"));
  if (method === undefined) {
    reject("method", options.method, `one of ${SEPARATION_METHODS.map((name) => `"${name}"`).join(", ")}`);
  }
  for (const other of SEPARATION_METHODS.filter((name) => name !== method)) {
    const given = OF_METHOD[other].find((key) => options[key] !== undefined);
    if (given !== undefined)
      reject(given, options[given], `to be left out with the method "${method}", since it is of "${other}"`);
  }
  return {
    method,
    relaxations: requireInteger(options.relaxations ?? 16, "relaxations", 0, 1000),
    grid: requireInteger(options.grid ?? 100, "grid", 1, 10000),
    gamma: requireNumber(options.gamma ?? 0.3, "gamma", "a number above 0, to 1", (x) => x > 0 && x <= 1),
    tolerance: requireNumber(
      options.tolerance ?? 1e-4,
      "tolerance",
      "a finite number >= 0",
      (x) => x >= 0 && x < Infinity,
    ),
    iterations: requireInteger(options.iterations ?? 100, "iterations", 1, 1e6),
    bins: requireInteger(options.bins ?? 25, "bins", 2, 2000),
    threads,
  };
}

/**
 * Checks the options for `n` points and chooses the sides that are not given.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT, or OUT_OF_RANGE, too, where the grid has fewer cells than there are points
 */
export function resolveGridOptions(
  options: GridOptions,
  n: number,
): { rows: number; columns: number; threads: number } {
  requireOptions(options);
  rejectUnknown(options, ["rows", "columns", ...SHARED]);
  const threads = checkShared(options);
  const side = (name: "rows" | "columns") => {
    const value = options[name];
    return value === undefined ? undefined : requireInteger(value, name, 1, LONGEST_SIDE);
  };
  const [givenRows, givenColumns] = [side("rows"), side("columns")];
  const columns = givenColumns ?? Math.ceil(givenRows === undefined ? Math.sqrt(n) : n / givenRows);
  const rows = givenRows ?? Math.ceil(n / columns);
  const cells = rows * columns;
  if (cells < n || cells > MOST_CELLS || Math.max(rows, columns) > LONGEST_SIDE) {
    const argument = givenRows === undefined ? "columns" : "rows";
    throw new ArgumentError("OUT_OF_RANGE", {
      argument,
      received: givenRows ?? givenColumns,
      accepted: `a grid of ${n} cells or more, one a point, up to ${MOST_CELLS}`,
      message:
        cells < n
          ? `${argument}: expected a grid of at least ${n} cells, one a point, received ${rows} x ${columns} = ${cells}`
          : `${argument}: expected a grid of at most ${MOST_CELLS} cells and ${LONGEST_SIDE} a side, received ${rows} x ${columns}`,
    });
  }
  return { rows, columns, threads };
}

function checkShared({ threads, signal, onProgress }: LayoutOptions): number {
  requireSignal(signal);
  if (onProgress !== undefined && typeof onProgress !== "function") reject("onProgress", onProgress, "a function");
  return requireInteger(threads ?? availableParallelism(), "threads", 1, 1024);
}

function requireNumber(
  value: unknown,
  argument: string,
  accepted: string,
  accepts: (value: number) => boolean,
): number {
  if (typeof value !== "number") reject(argument, value, accepted);
  if (!accepts(value)) throw new ArgumentError("OUT_OF_RANGE", { argument, received: value, accepted });
  return value;
}
