import { totalmem } from "node:os";
import { requireInteger, requireOptions } from "../arguments.js";
import { binding } from "../binding.js";
import { SigmaTsneError } from "../errors.js";
import { covarianceOption } from "./covariances.js";
import { type DistanceName, usesSigma } from "./distances.js";
import { type ResolvedTsneOptions, resolveTsneOptions, type TsneOptions } from "./options.js";
import { describePerplexity, neighborCount } from "./perplexity.js";

/** Bytes that a run needs beside its input, by what holds them; see {@link estimateMemory}. */
export interface MemoryEstimate {
  /** The core's copy of the means, and of the standard deviations. */
  data: number;
  /** Neighbors with their distances, and what their search needs while it goes on, such as copies of what it compares. */
  neighbors: number;
  /** The affinities and, while rows are made or moved, what they are made from. */
  affinities: number;
  /** Positions, velocities, gains, forces, and the tree or mesh. */
  embedding: number;
  /** The most that is held at any one time: less than the sum, since neighbors are gone when the embedding is made. */
  peak: number;
}

/** The memory that the addresses of WebAssembly reach. */
const WASM_MEMORY = 2 ** 32;
/** Points are stored in blocks of this many. */
const BLOCK = 64;
/** Bytes of the transposed affinities that are there at once while P is made, where an eighth of all is less. */
const TRANSPOSED_AT_ONCE = 2 ** 25;
/** Up to this many points, the lists of the exact search have room for twice as many candidates. */
const MOST_LONG_LISTS = 2 ** 18;
/** Edges of P for each neighbor: 1 if all neighbors are mutual, 2 if none are. Real data have 1.4 to 1.8. */
const EDGES_PER_NEIGHBOR = 2;

/**
 * The memory that a run of n points of d dimensions needs, in bytes, in addition to the caller's own arrays: an upper estimate, since how many
 * neighbors are mutual is known only afterwards.
 *
 * @param n points, an integer >= 3
 * @param d dimensions, an integer >= 1
 * @throws {ArgumentError} for a bad option, or numbers of points or dimensions that no run has
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

/** Numbers that the core keeps of a point beside its d means: standard deviations, and a factor of the covariance. */
export const spreadOf = (d: number, hasSigma: boolean, hasCovariance: boolean): number =>
  hasCovariance ? d + (d * (d + 1)) / 2 : hasSigma ? d : 0;

/**
 * {@link estimateMemory} for options that are resolved already.
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
  // Neighbors and their conditional affinities, a part of the transpose, and P with 8 bytes per edge.
  const edges = n * k * EDGES_PER_NEIGHBOR * 8;
  const made = n * (k * 8 + 16) + Math.max(n * k, Math.min(n * k * 8, TRANSPOSED_AT_ONCE)) + edges;
  const calibrated = n * (k * 12 + 8 * [options.perplexity].flat().length);
  // Packed, an edge takes half of what it does in P, and so does the second copy of a half of P while its rows are moved.
  // Packed rows are filled up to 16 edges.
  const affinities = Math.max(edges + edges / 2 + n * (24 + 15 * 4), calibrated);
  const stride = options.outputDimensions === 3 ? 4 : options.outputDimensions;
  const embedding = n * (5 * stride * 4 + 4) + n * (16 * options.outputDimensions + 48);
  const peak = data + Math.max(neighbors, made, affinities + embedding);
  return { data, neighbors, affinities, embedding, peak };
}

/**
 * The memory of the search for neighbors, exact or in cells, whichever needs more.
 *
 * @param columns numbers that are compared of each point
 */
function estimateSearch(n: number, columns: number, k: number, distance: DistanceName): number {
  const isPlain = distance === "euclidean" || distance === "manhattan";
  const made = isPlain ? 0 : n * columns * 4;
  // The exact search sorts the points, for which it has them row by row and in blocks; then a list of candidates for each.
  const inRows = n * Math.ceil(columns / 16) * 16 * 4;
  const listed = Math.ceil((n > MOST_LONG_LISTS ? k : 2 * k) / 16) * 16 + 16;
  const exact = n * columns * 4 + Math.max(inRows, n * (listed * 8 + k * 8)) + n * 16;
  // Each cell begins a block.
  const cellSize = Math.max(Math.sqrt(n) / 2, 1.5 * k);
  const cells = n * (1 + BLOCK / cellSize) * columns * 4 + n * (k * 8 + 16);
  return made + Math.max(exact, cells);
}

/**
 * Refuses a run that will not fit, before anything is allocated for it.
 *
 * @throws {SigmaTsneError} OUT_OF_MEMORY, with what is needed, what there is, and what would help
 */
export function requireMemory(n: number, d: number, spread: number, options: ResolvedTsneOptions): void {
  const { peak } = estimateResolved(n, d, spread, options);
  const covariances = spread > d ? " with covariances" : "";
  const run = `${n} points x ${d} values${covariances} at ${describePerplexity(options.perplexity)} need`;
  requireFree(peak, run, "take a smaller perplexity, fewer points or fewer dimensions");
}

/**
 * @param work what needs `bytes`, as the beginning of a sentence
 * @param advice what would need less
 */
function requireFree(bytes: number, work: string, advice: string): void {
  const free = Math.min(process.availableMemory?.() ?? totalmem(), totalmem());
  const most = binding.backend.name === "wasm" ? Math.min(free, WASM_MEMORY) : free;
  if (bytes <= most) return;
  const room = most === WASM_MEMORY ? `WebAssembly can have ${inGiB(most)}` : `${inGiB(most)} are free`;
  throw new SigmaTsneError("OUT_OF_MEMORY", `${work} about ${inGiB(bytes)}, and ${room}; ${advice}`);
}

/**
 * The memory that placing `count` points takes in addition to the run itself and the caller's arrays, in bytes.
 *
 * @param block how many are placed at a time
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
  // The points again, sorted along a curve, twice while they are sorted; the embedding as a tree or mesh.
  const embedding = n * (2 * (d + spread) * 4 + 8) + n * (16 * outputDimensions + 48) + 2 ** 26;
  const placed = Math.min(block, Math.max(count, 64));
  return embedding + placed * ((d + spread) * 8 + k * 12 + (2 * k + 16) * 8) + count * (outputDimensions + 4) * 4;
}

/** @throws {SigmaTsneError} OUT_OF_MEMORY for a placement that will not fit, before anything is allocated for it */
export function requirePlacementMemory(...what: Parameters<typeof estimatePlacement>): void {
  const [n, , count] = what;
  const placement = `placing ${count} points into an embedding of ${n} needs`;
  requireFree(estimatePlacement(...what), placement, "place fewer at a time, or with a smaller perplexity");
}

/**
 * @param k points to be found for each of `count` queries
 * @throws {SigmaTsneError} OUT_OF_MEMORY for a search of n points that will not fit, before anything is allocated for it
 */
export function requireSearchMemory(n: number, count: number, d: number, k: number, hasSigma: boolean): void {
  const compared = d * (hasSigma ? 2 : 1) * 4;
  // The points as they are packed, as they are compared, and sorted along a curve; the queries packed and compared; what is found.
  const needed = n * (4 * compared + 8) + count * (2 * compared + k * 24);
  requireFree(needed, `searching ${n} points for ${count} queries needs`, "search for fewer at a time");
}

/** A number of bytes for people. */
export const inGiB = (bytes: number): string =>
  bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
