import { totalmem } from "node:os";
import { requireInteger, requireOptions } from "../arguments.js";
import { binding } from "../binding.js";
import { SigmaTsneError } from "../errors.js";
import { covarianceOption } from "./covariances.js";
import { type DistanceName, usesSigma } from "./distances.js";
import { type ResolvedTsneOptions, resolveTsneOptions, type TsneOptions } from "./options.js";
import { describePerplexity, neighborCount } from "./perplexity.js";

/** Bytes that a run needs in addition to its input, by purpose; see {@link estimateMemory}. */
export interface MemoryEstimate {
  /** The core's copy of the means, and of the standard deviations. */
  data: number;
  /** Neighbors with their distances, and the working memory of their search. */
  neighbors: number;
  /** The affinities, and the arrays from which their rows are created or moved. */
  affinities: number;
  /** Positions, velocities, gains, forces, and the tree or mesh. */
  embedding: number;
  /**
   * The largest amount needed at any time. It is less than the sum of the parts, because the neighbors are freed before
   * the embedding is created.
   */
  peak: number;
}

/** The address space of WebAssembly in bytes. */
const WASM_MEMORY = 2 ** 32;
/** Points are stored in blocks of this number of points. */
const BLOCK = 64;
/**
 * Bytes of the transposed affinities that exist at once while P is computed, or an eighth of all transposed affinities
 * if that is more.
 */
const TRANSPOSED_AT_ONCE = 2 ** 25;
/** Up to this many points, the exact search uses lists with space for twice as many candidates. */
const MOST_LONG_LISTS = 2 ** 18;
/**
 * Upper limit of the number of edges of P per neighbor, which is 1 if all neighbors are mutual and 2 if none are. Real
 * data have 1.4 to 1.8 edges per neighbor.
 */
const EDGES_PER_NEIGHBOR = 2;

/**
 * Estimates the memory in bytes that a run of n points of d dimensions needs in addition to the caller's arrays. It is
 * an upper estimate, because the number of mutual neighbors is not known before the run.
 *
 * @param n number of points, an integer >= 3
 * @param d number of dimensions, an integer >= 1
 * @throws {ArgumentError} for a bad option, or an invalid number of points or dimensions
 */
export function estimateMemory(n: number, d: number, options: TsneOptions = {}): MemoryEstimate {
  requireInteger(n, "n", 3, Number.MAX_SAFE_INTEGER);
  requireInteger(d, "d", 1, Number.MAX_SAFE_INTEGER);
  requireOptions(options);
  const covariance = covarianceOption(options) !== undefined;
  return estimateResolved(
    n,
    d,
    spreadOf(d, options.sigma !== undefined, covariance),
    resolveTsneOptions(options, n, d),
  );
}

/**
 * Returns how many numbers the core stores for a point in addition to its d means: standard deviations, and a factor of
 * the covariance.
 */
export const spreadOf = (d: number, hasSigma: boolean, hasCovariance: boolean): number =>
  hasCovariance ? d + (d * (d + 1)) / 2 : hasSigma ? d : 0;

/**
 * Estimates the memory like {@link estimateMemory}, for resolved options.
 *
 * @param spread see {@link spreadOf}
 */
export function estimateResolved(
  n: number,
  d: number,
  spread: number,
  options: Pick<ResolvedTsneOptions, "distance" | "perplexity" | "outputDimensions" | "pca">,
): MemoryEstimate {
  const rows = Math.ceil(n / BLOCK) * BLOCK;
  const k = neighborCount(options.perplexity, n);
  const data = rows * (d + spread + (options.pca ?? 0)) * 4;
  const { distance } = options;
  const columns = (options.pca ?? d) + (distance !== "given" && usesSigma(distance) ? spread : 0);
  const neighbors = distance === "given" ? n * k * 8 : estimateSearch(n, columns, k, distance);
  // Memory for neighbors and their conditional affinities, a part of the transpose, and P with 8 bytes per edge.
  const edges = n * k * EDGES_PER_NEIGHBOR * 8;
  const made = n * (k * 8 + 16) + Math.max(n * k, Math.min(n * k * 8, TRANSPOSED_AT_ONCE)) + edges;
  const calibrated = n * (k * 12 + 8 * [options.perplexity].flat().length);
  // A packed edge takes half as much memory as an edge in P. While rows are moved, there is also a second copy of half
  // of P, which takes the same amount.
  // Packed rows are padded to a multiple of 16 edges.
  const affinities = Math.max(edges + edges / 2 + n * (24 + 15 * 4), calibrated);
  const stride = options.outputDimensions === 3 ? 4 : options.outputDimensions;
  const embedding = n * (5 * stride * 4 + 4) + n * (16 * options.outputDimensions + 48);
  const peak = data + Math.max(neighbors, made, affinities + embedding);
  return { data, neighbors, affinities, embedding, peak };
}

/**
 * Estimates the memory of the neighbor search: the larger amount of the exact search and the search in cells.
 *
 * @param columns number of values per point that are compared
 */
function estimateSearch(n: number, columns: number, k: number, distance: DistanceName): number {
  const isPlain = distance === "euclidean" || distance === "manhattan";
  const made = isPlain ? 0 : n * columns * 4;
  // The exact search sorts the points, so it holds them row by row and in blocks. Then it holds a list of candidates
  // for each point.
  const inRows = n * Math.ceil(columns / 16) * 16 * 4;
  const listed = Math.ceil((n > MOST_LONG_LISTS ? k : 2 * k) / 16) * 16 + 16;
  const exact = n * columns * 4 + Math.max(inRows, n * (listed * 8 + k * 8)) + n * 16;
  // Each cell starts a new block.
  const cellSize = Math.max(Math.sqrt(n) / 2, 1.5 * k);
  const cells = n * (1 + BLOCK / cellSize) * columns * 4 + n * (k * 8 + 16);
  return made + Math.max(exact, cells);
}

/**
 * Rejects a run that does not fit into memory, before anything is allocated for it.
 *
 * @throws {SigmaTsneError} OUT_OF_MEMORY; the message states the needed and available memory and gives advice
 */
export function requireMemory(n: number, d: number, spread: number, options: ResolvedTsneOptions): void {
  const { peak } = estimateResolved(n, d, spread, options);
  const covariances = spread > d ? " with covariances" : "";
  const run = `${n} points x ${d} values${covariances} at ${describePerplexity(options.perplexity)} need`;
  requireFree(peak, run, "Use a smaller perplexity, fewer points or fewer dimensions");
}

/**
 * Throws an error if less memory than `bytes` is available.
 *
 * @param work start of the sentence: the work that needs the memory
 * @param advice a way to need less memory
 */
function requireFree(bytes: number, work: string, advice: string): void {
  const free = Math.min(process.availableMemory?.() ?? totalmem(), totalmem());
  const most = binding.backend.name === "wasm" ? Math.min(free, WASM_MEMORY) : free;
  if (bytes <= most) return;
  const room = most === WASM_MEMORY ? `WebAssembly can use only ${inGiB(most)}` : `only ${inGiB(most)} are free`;
  throw new SigmaTsneError("OUT_OF_MEMORY", `${work} about ${inGiB(bytes)}, but ${room}. ${advice}`);
}

/**
 * Estimates the bytes that the placement of `count` points needs in addition to the run and the caller's arrays.
 *
 * @param block number of points that are placed at a time
 */
export function estimatePlacement(
  n: number,
  d: number,
  count: number,
  spread: number,
  outputDimensions: number,
  perplexity: number | readonly number[],
  block: number,
): number {
  const k = neighborCount(perplexity, n + 1);
  // A copy of the points that is sorted along a curve, with twice its size during sorting; and the tree or mesh.
  const embedding = n * (2 * (d + spread) * 4 + 8) + n * (16 * outputDimensions + 48) + 2 ** 26;
  const placed = Math.min(block, Math.max(count, 64));
  return embedding + placed * ((d + spread) * 8 + k * 12 + (2 * k + 16) * 8) + count * (outputDimensions + 4) * 4;
}

/**
 * @throws {SigmaTsneError} OUT_OF_MEMORY for a placement that does not fit into memory, before anything is allocated
 *   for it
 */
export function requirePlacementMemory(...what: Parameters<typeof estimatePlacement>): void {
  const [n, , count] = what;
  const placement = `placing ${count} points into an embedding of ${n} needs`;
  requireFree(estimatePlacement(...what), placement, "Place fewer points at a time, or use a smaller perplexity");
}

/**
 * @param k number of points to find for each of `count` queries
 * @throws {SigmaTsneError} OUT_OF_MEMORY for a search among n points that does not fit into memory, before anything is
 *   allocated for it
 */
export function requireSearchMemory(n: number, count: number, d: number, k: number, hasSigma: boolean): void {
  const compared = d * (hasSigma ? 2 : 1) * 4;
  // Memory for the points in packed form, in the form for comparison and sorted along a curve; for the queries in both
  // forms; and for the results.
  const needed = n * (4 * compared + 8) + count * (2 * compared + k * 24);
  requireFree(needed, `searching ${n} points for ${count} queries needs`, "Search for fewer queries at a time");
}

/** Formats a number of bytes. */
export const inGiB = (bytes: number): string =>
  bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
