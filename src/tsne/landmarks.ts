import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../abort.js";
import { awaitNative, binding, withTranslation } from "../binding.js";
import { DataError } from "../errors.js";
import type { RowReader } from "../io/index.js";
import type { Matrix } from "../matrix.js";
import { usesSigma } from "./distances.js";
import type { NeighborLists } from "./given-neighbors.js";
import { requireSearchMemory } from "./memory.js";
import type { ResolvedTsneOptions } from "./options.js";

/** Points that stand for many: each the mean of the rows that are nearer to it than to any other. */
export interface Landmarks {
  readonly means: Matrix;
  /** Root mean squares of the deviations of those rows. */
  readonly sigma: Matrix | undefined;
  /** Which landmarks are near each other, by the rows that they share. */
  readonly neighbors: NeighborLists;
}

/** Means and, where there are such, standard deviations, n x d both. */
export interface GaussianSource {
  readonly data: RowReader;
  readonly sigma?: RowReader | undefined;
}

/** Rows of a {@link GaussianSource}. */
export interface GaussianRows {
  /** The number of each in the source, ascending. */
  readonly rows: Uint32Array;
  readonly means: Matrix;
  readonly sigma: Matrix | undefined;
}

export interface LandmarkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** So many rows tell where a landmark is, and what is near it, so larger data need not be read whole for it. */
const ROWS_PER_LANDMARK = 20;
/** Steps of Lloyd's algorithm. A fourth one gains next to nothing. */
const STEPS = 3;
/** Nearest landmarks of a row that share it. */
const SHARING = 15;

/** Landmarks that are looked at before others get the thread. */
const LANDMARKS_AT_ONCE = 500;

/** Numbers that are read and worked on at once. */
const STRETCH_NUMBERS = 2 ** 22;

/**
 * Draws `count` rows uniformly, without replacement; moves each, three times, to the mean of the rows that are nearest to it (Lloyd 1982);
 * and tells which of these landmarks are neighbors: those that are near the same rows. 20 rows per landmark, drawn as well, are looked at
 * where there are more.
 *
 * Uniformly, since t-SNE gives area by density, and so every region gets the area it would have in the embedding of all; the means keep that
 * except that their number grows a little slower than the density, as its power d / (d + 2) (Zador 1982). A sample by k-means++ (Arthur &
 * Vassilvitskii 2007), or another cover of the data, prefers outliers. Moved, since a mean of neighbors lies where the data are, and a
 * drawn row beside it by its own noise. And neighbors by shared rows, as in hierarchical SNE (Pezzotti et al. 2016), since landmarks are so
 * far apart that their distances say little of what lies between them.
 *
 * @param neighborsOfEach how many neighbors to return for each landmark, below `count`
 * @throws {DataError} for values that cannot be embedded, with their row in the data
 */
export async function chooseLandmarks(
  source: GaussianSource,
  count: number,
  settings: SearchSettings,
  neighborsOfEach: number,
  { signal, onProgress }: LandmarkOptions,
): Promise<Landmarks> {
  const n = source.data.rows;
  const drawn = drawRows(n, count, settings.seed);
  const [means, sigma] = await Promise.all([source.data.read(drawn), source.sigma?.read(drawn)]);
  const landmarks = { means, sigma };
  const looked = Math.min(n, ROWS_PER_LANDMARK * count);
  const rows = looked < n ? drawFromStrata(n, looked, settings.seed + 1) : undefined;
  let done = 0;
  const visit: Visit = async (k, use) => {
    for await (const stretch of readStretches(source, rows, signal)) {
      const known = {
        data: ["data", drawn],
        sigma: ["sigma", drawn],
        query: ["data", stretch.rows],
        querySigma: ["sigma", stretch.rows],
      } as const;
      use(stretch, await withRows(known, () => findNearest(landmarks, stretch, undefined, k, settings, signal)));
      done += stretch.rows.length;
      onProgress?.(done / (looked * (STEPS + 1)));
    }
  };
  for (let step = 0; step < STEPS; step++) await moveToMeans(landmarks, visit);
  const k = Math.min(SHARING, count);
  const sharing = new Uint32Array(looked * k);
  let at = 0;
  await visit(k, (_, nearest) => {
    sharing.set(nearest, at);
    at += nearest.length;
  });
  const lists = await findSharing(sharing, k, count, neighborsOfEach, signal);
  await completeLists(lists, landmarks, neighborsOfEach, settings, signal);
  return { ...landmarks, neighbors: toNeighborLists(lists, count, neighborsOfEach) };
}

type SearchSettings = Pick<ResolvedTsneOptions, "distance" | "varianceFloor" | "threads" | "seed">;

/** Goes through the rows, and gives for each stretch of them the k nearest landmarks of each row. */
type Visit = (k: number, use: (stretch: GaussianRows, nearest: Uint32Array) => void) => Promise<void>;

/** One step of Lloyd's algorithm: moves each landmark to the mean of the rows that are nearest to it. */
async function moveToMeans({ means, sigma }: Gaussians, visit: Visit): Promise<void> {
  const { rows: count, cols: d } = means;
  const sums = new Float64Array(count * d);
  const squares = sigma && new Float64Array(count * d);
  const sizes = new Uint32Array(count);
  await visit(1, (stretch, nearest) => {
    for (const [i, landmark] of nearest.entries()) {
      sizes[landmark] = sizes[landmark] + 1;
      addTo(sums, landmark * d, stretch.means.row(i), (value) => value);
      if (squares && stretch.sigma) addTo(squares, landmark * d, stretch.sigma.row(i), (value) => value * value);
    }
  });
  for (const [landmark, size] of sizes.entries()) {
    // A landmark that is nearest to no row is a copy of another one, or far from the rows that were read. It stays.
    if (size === 0) continue;
    const own = (of: Float64Array) => of.subarray(landmark * d, (landmark + 1) * d);
    means.row(landmark).set(own(sums).map((sum) => sum / size));
    if (sigma && squares) sigma.row(landmark).set(own(squares).map((square) => Math.sqrt(square / size)));
  }
}

/** Adds the nearest landmarks to lists that are not full. */
async function completeLists(
  lists: Lists,
  landmarks: Gaussians,
  most: number,
  settings: SearchSettings,
  signal: AbortSignal | undefined,
): Promise<void> {
  const short = Uint32Array.from(lists.sizes.keys()).filter((landmark) => lists.sizes[landmark] < most);
  if (short.length === 0) return;
  const { means, sigma } = landmarks;
  const rows = { means: means.take(short), sigma: sigma?.take(short) };
  fillUp(lists, short, await findNearest(landmarks, rows, short, most, settings, signal), most);
}

const toNeighborLists = ({ indices, squared }: Lists, rows: number, cols: number): NeighborLists => ({
  indices: { data: indices, rows, cols },
  distances: { data: squared, rows, cols },
  squared: true,
});

function addTo(sums: Float64Array, at: number, row: ArrayLike<number>, of: (value: number) => number): void {
  for (let j = 0; j < row.length; j++) sums[at + j] = sums[at + j] + of(row[j]);
}

type Gaussians = Pick<Landmarks, "means" | "sigma">;

/**
 * The k nearest landmarks of each row, all compared.
 *
 * @param own which landmarks the rows are, if they are landmarks, so that no landmark is its own neighbor
 */
async function findNearest(
  { means, sigma }: Gaussians,
  rows: Gaussians,
  own: Uint32Array | undefined,
  k: number,
  { distance, varianceFloor, threads }: Pick<ResolvedTsneOptions, "distance" | "varianceFloor" | "threads">,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const hasSigma = distance !== "given" && usesSigma(distance);
  requireSearchMemory(means.rows, rows.means.rows, means.cols, k, hasSigma);
  const [theirs, deviations] = hasSigma ? [sigma, rows.sigma] : [];
  const job = withTranslation(() =>
    binding.nearest({
      data: means,
      sigma: theirs,
      queries: rows.means,
      querySigma: deviations,
      own,
      options: { k, distance, varianceFloor, threads },
      onProgress: undefined,
    }),
  );
  return (await awaitNative(job.result, job.cancel, signal)).indices;
}

/** Lists of at most k neighbors each, nearest first, each in k entries. */
interface Lists {
  readonly sizes: Uint32Array;
  readonly indices: Int32Array;
  readonly squared: Float32Array;
}

/**
 * Landmarks that share rows. A row belongs to its m-th nearest landmark by 1 / m; s_ij is the sum over rows of what they belong to i times
 * what they belong to j, and the squared distance is -ln(s_ij / sqrt(s_ii s_jj)).
 *
 * @param nearest the k nearest landmarks of each row, nearest first
 */
async function findSharing(
  nearest: Uint32Array,
  k: number,
  count: number,
  most: number,
  signal: AbortSignal | undefined,
): Promise<Lists> {
  const starts = new Float64Array(count + 1);
  for (const landmark of nearest) starts[landmark + 1] = starts[landmark + 1] + 1;
  const norms = new Float64Array(count);
  for (const [at, landmark] of nearest.entries()) {
    norms[landmark] = norms[landmark] + 1 / ((at % k) + 1) ** 2;
  }
  for (let i = 0; i < count; i++) starts[i + 1] = starts[i + 1] + starts[i];
  // Where each landmark is among the nearest of the rows.
  const occurrences = new Uint32Array(nearest.length);
  const next = starts.slice();
  for (const [at, landmark] of nearest.entries()) {
    occurrences[next[landmark]] = at;
    next[landmark] = next[landmark] + 1;
  }
  const lists = {
    sizes: new Uint32Array(count),
    indices: new Int32Array(count * most).fill(-1),
    squared: new Float32Array(count * most),
  };
  const shared = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if (i % LANDMARKS_AT_ONCE === 0) {
      await setImmediate();
      throwIfAborted(signal);
    }
    const others: number[] = [];
    for (const at of occurrences.subarray(starts[i], starts[i + 1])) {
      const first = at - (at % k);
      const weight = 1 / (at - first + 1);
      for (let m = 0; m < k; m++) {
        const j = nearest[first + m];
        if (j === i) continue;
        if (shared[j] === 0) others.push(j);
        shared[j] = shared[j] + weight / (m + 1);
      }
    }
    const found = others.map((j) => ({ j, likeness: shared[j] / Math.sqrt(norms[j]) }));
    for (const j of others) shared[j] = 0;
    found.sort((a, b) => b.likeness - a.likeness || a.j - b.j);
    const own = Math.sqrt(norms[i]);
    for (const [m, { j, likeness }] of found.slice(0, most).entries()) {
      lists.indices[i * most + m] = j;
      lists.squared[i * most + m] = Math.max(0, -Math.log(likeness / own));
    }
    lists.sizes[i] = Math.min(found.length, most);
  }
  return lists;
}

/** Puts the nearest of other landmarks behind lists that are not full, as if sharing e times less than the last of those that share. */
function fillUp({ sizes, indices, squared }: Lists, short: Uint32Array, nearest: Uint32Array, most: number): void {
  for (const [s, landmark] of short.entries()) {
    const own = landmark * most;
    const size = sizes[landmark];
    const far = 1 + (size === 0 ? 0 : squared[own + size - 1]);
    const known = new Set(indices.subarray(own, own + size));
    const others = nearest.subarray(s * most, (s + 1) * most).filter((other) => !known.has(other));
    for (let m = size; m < most; m++) {
      indices[own + m] = others[m - size];
      squared[own + m] = far;
    }
  }
}

/** These rows of a source, or all, stretch by stretch; the next one is read while one is worked on. */
export async function* readStretches(
  { data, sigma }: GaussianSource,
  wanted: Uint32Array | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<GaussianRows> {
  const total = wanted?.length ?? data.rows;
  const step = Math.max(1024, Math.floor(STRETCH_NUMBERS / data.cols));
  const read = async (start: number): Promise<GaussianRows> => {
    const end = Math.min(start + step, total);
    const rows = wanted?.subarray(start, end) ?? Uint32Array.from({ length: end - start }, (_, i) => start + i);
    const [means, deviations] = await Promise.all([data.read(rows), sigma?.read(rows)]);
    return { rows, means, sigma: deviations };
  };
  let next = read(0);
  for (let start = 0; start < total; start += step) {
    throwIfAborted(signal);
    const stretch = await next;
    if (start + step < total) next = read(start + step);
    // Reported where it is awaited, in the next round.
    next.catch(() => {});
    yield stretch;
  }
}

/** What an argument of a computation on some rows is: rows of the data, or of their standard deviations. */
type RowsOfArguments = Readonly<Record<string, readonly ["data" | "sigma", Uint32Array]>>;

/** Tells, in an error about some rows, which of all rows it is about. */
export async function withRows<T>(known: RowsOfArguments, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const place = error instanceof DataError && error.row !== undefined ? known[error.argument] : undefined;
    if (!(error instanceof DataError) || error.row === undefined || !place) throw error;
    const { code, received, accepted, row, column = 0 } = error;
    const [argument, rows] = place;
    throw new DataError(code, { argument, received, accepted, row: rows[row], column });
  }
}

/**
 * `count` of the numbers below `n`, every set of them as likely as any other (Floyd's algorithm: Bentley & Floyd 1987), ascending. Takes
 * memory for `count` numbers.
 */
export function drawRows(n: number, count: number, seed: number): Uint32Array {
  const drawn = new Set<number>();
  for (let last = n - count; last < n; last++) {
    const row = Math.floor(uniform(seed, last) * (last + 1));
    drawn.add(drawn.has(row) ? last : row);
  }
  return Uint32Array.from(drawn).sort();
}

/**
 * A row of each of `count` equal parts of the numbers below `n`, ascending: every row as likely as any other, without memory of those drawn.
 * The same one twice where two parts meet in it.
 */
export function drawFromStrata(n: number, count: number, seed: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => Math.floor(((i + uniform(seed, i)) / count) * n));
}

/** A number from 0 to below 1, by the finalizer of MurmurHash3. */
function uniform(seed: number, index: number): number {
  const word = (salt: number) => {
    let hash = salt;
    for (const part of [seed >>> 0, Math.floor(seed / 2 ** 32), index]) {
      hash = Math.imul(hash ^ part, 0x85ebca6b) + 0x9e3779b9;
      hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
      hash ^= hash >>> 16;
    }
    return hash >>> 0;
  };
  return (word(1) * 2 ** 21 + (word(2) >>> 11)) / 2 ** 53;
}
