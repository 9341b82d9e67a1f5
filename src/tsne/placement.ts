import { rejectUnknown, requireInteger, requireOptions, requireSignal, shapeMismatch } from "../arguments.js";
import { abortError } from "../binding.js";
import { ArgumentError, DataError } from "../errors.js";
import { Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { requirePlacementMemory } from "./memory.js";
import { resolvePerplexity } from "./options.js";
import type { Tsne } from "./run.js";

/** One report of how far a placement, or a measurement of uncertainty, is. */
export interface PlacementProgress {
  /** Share that is done, 0 to 1. */
  fraction: number;
  /** Seconds since it began. */
  seconds: number;
}

/** Options of {@link Tsne.place}. All but `sigma`, which runs with sigma need, are optional. */
export interface PlacementOptions {
  /** Standard deviations of the new points, m x d, each >= 0: needed where the run has sigma, refused where it has none. */
  sigma?: MatrixLike | undefined;
  /**
   * Effective number of neighbours of a new point among the fitted ones, 1 to (n - 1) / 3, or several, as in {@link TsneOptions};
   * the floor(3 * perplexity) nearest are searched, all pairs compared. Default: that of the run.
   */
  perplexity?: number | readonly number[] | undefined;
  /** Steps of descent for each point at most, 0 to 1e6; 0 leaves it at the median of its neighbours. Default 100. */
  iterations?: number | undefined;
  /** Stops the placement: its promise is rejected with an {@link AbortError}. */
  signal?: AbortSignal | undefined;
  /** Called about ten times a second, and after each block of at most 16,384 points. */
  onProgress?: ((progress: PlacementProgress) => void) | undefined;
}

/** Where new points lie in a map. */
export interface PlacementResult {
  /** m x dims positions, float32, in the order of the new points, in the coordinates of the map. */
  embedding: Matrix;
  /**
   * For each new point KL(P_i || Q_i) in nats, of its affinities from its place on the map: how badly the map has a place for it.
   * Values far above those of most points mark points unlike all that the map was made of.
   */
  divergence: Float32Array;
  /** Seconds that it took. */
  seconds: number;
}

const KEYS: Record<keyof PlacementOptions, true> = {
  sigma: true,
  perplexity: true,
  iterations: true,
  signal: true,
  onProgress: true,
};

const DEFAULT_ITERATIONS = 100;

/** New points are placed so many at a time, or fewer where they are wide: memory does not grow with their number. */
const BLOCK_ROWS = 16384;
const BLOCK_NUMBERS = 2 ** 22;

/** {@link Tsne.place}, whose face this is. */
export async function placePoints(
  run: Tsne,
  newMeans: MatrixLike,
  options: PlacementOptions = {},
): Promise<PlacementResult> {
  const begin = performance.now();
  requireOptions(options);
  rejectUnknown(options, Object.keys(KEYS));
  const means = toMatrix(newMeans, "newMeans");
  const settings = resolvePlacement(run, options);
  const [n, d] = run.shape;
  // No rows have no width, written as rows of an array.
  if (means.cols !== d && means.rows > 0) {
    throw shapeMismatch("newMeans", means, `${means.rows} x ${d}, as wide as the data of the run`);
  }
  const sigma = options.sigma === undefined ? undefined : toMatrix(options.sigma, "sigma");
  if (run.hasSigma && !sigma) {
    const accepted = "the standard deviations of the new points, since the run has them";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "sigma", received: undefined, accepted });
  }
  if (!run.hasSigma && sigma) {
    const accepted = "to be left out, since the run has no sigma";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "sigma", received: options.sigma, accepted });
  }
  if (sigma && (sigma.rows !== means.rows || sigma.cols !== means.cols)) {
    throw shapeMismatch("sigma", sigma, `${means.rows} x ${d}, the shape of the new points`);
  }
  // All of them before the first is placed: nobody should wait for the error of the last row.
  requireValues(means, "newMeans", "finite numbers", (value) => Number.isFinite(value));
  if (sigma)
    requireValues(sigma, "sigma", "finite standard deviations >= 0", (value) => Number.isFinite(value) && value >= 0);
  const { dims } = run.options;
  const rows = Math.max(64, Math.min(BLOCK_ROWS, Math.floor(BLOCK_NUMBERS / d)));
  requirePlacementMemory(n, d, means.rows, run.hasSigma, dims, settings.perplexity, rows);
  const embedding = new Matrix(new Float32Array(means.rows * dims), means.rows, dims);
  const divergence = new Float32Array(means.rows);
  await run.exclusively(options, async (native, report) => {
    for (let start = 0; start < means.rows; start += rows) {
      if (options.signal?.aborted) throw abortError(options.signal);
      const end = Math.min(start + rows, means.rows);
      const placed = await native.place(means.slice(start, end), sigma?.slice(start, end), settings, (fraction) =>
        report((start + fraction * (end - start)) / means.rows),
      );
      embedding.data.set(placed.positions, start * dims);
      divergence.set(placed.divergences, start);
      report(end / means.rows);
    }
  });
  return { embedding, divergence, seconds: (performance.now() - begin) / 1000 };
}

/**
 * Checks what {@link Tsne.place} and {@link positionUncertainty} have in common, and that the run can do either.
 *
 * @throws {ArgumentError} for a run without a map or a distance, and for bad options
 */
export function resolvePlacement(
  run: Tsne,
  options: Pick<PlacementOptions, "perplexity" | "iterations" | "signal" | "onProgress">,
): { perplexity: number | readonly number[]; iterations: number } {
  requireSignal(options.signal);
  if (options.onProgress !== undefined && typeof options.onProgress !== "function") {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "onProgress",
      received: options.onProgress,
      accepted: "a function",
    });
  }
  if (run.options.distance === "given") {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "neighbors",
      received: "given",
      accepted: "a run that knows its distance",
      message:
        "neighbors: the neighbours of this run were given with their distances, and no distance was named to place other points by; fit it with one",
    });
  }
  const [n] = run.shape;
  const { degreesOfFreedom } = run.options;
  if (degreesOfFreedom !== 1) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "degreesOfFreedom",
      received: degreesOfFreedom,
      accepted: "a run with the kernel of one degree of freedom, into whose map points can be placed",
    });
  }
  const perplexity = resolvePerplexity(options.perplexity ?? run.options.perplexity, n);
  return { perplexity, iterations: requireInteger(options.iterations ?? DEFAULT_ITERATIONS, "iterations", 0, 1e6) };
}

function requireValues(matrix: Matrix, argument: string, accepted: string, accepts: (value: number) => boolean): void {
  const { data, cols } = matrix;
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number;
    if (accepts(value)) continue;
    const code = value < 0 && Number.isFinite(value) ? "NEGATIVE_SIGMA" : "NOT_FINITE";
    throw new DataError(code, { argument, received: value, accepted, row: Math.floor(at / cols), column: at % cols });
  }
}
