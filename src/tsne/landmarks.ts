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

/** Landmarks, which represent many points. Each is the mean of the rows to which it is the nearest landmark. */
export interface Landmarks {
  readonly means: Matrix;
  /** Root mean square of the standard deviations of the rows to which the landmark is the nearest. */
  readonly sigma: Matrix | undefined;
  /** Neighboring landmarks, found by the rows that they share. */
  readonly neighbors: NeighborLists;
}

/** Means and, if available, standard deviations; both are n x d. */
export interface GaussianSource {
  readonly data: RowReader;
  readonly sigma?: RowReader | undefined;
}

/** Rows of a {@link GaussianSource}. */
export interface GaussianRows {
  /** The row numbers in the source, in ascending order. */
  readonly rows: Uint32Array;
  readonly means: Matrix;
  readonly sigma: Matrix | undefined;
}

export interface LandmarkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Number of rows per landmark that are read. This number of rows determines the position and neighbors of a landmark
 * well enough, so larger data need not be read completely.
 */
const ROWS_PER_LANDMARK = 20;
/** Number of steps of Lloyd's algorithm. A fourth step gains almost nothing. */
const STEPS = 3;
/** Each row is shared by its nearest landmarks, of which there are this many. */
const SHARING = 15;

/** Number of landmarks that are processed before the thread can do other work. */
const LANDMARKS_AT_ONCE = 500;

/** Number of values that are read and processed at once. */
const STRETCH_NUMBERS = 2 ** 22;

/**
 * Chooses landmarks and their neighbors. `count` rows are drawn uniformly, without replacement. Each is moved three
 * times to the mean of the rows that are nearest to it (Lloyd 1982). Landmarks that are near the same rows are
 * neighbors. These steps use a sample of 20 rows per landmark if there are more rows.
 *
 * Reasons for this method:
 * - Rows are drawn uniformly because t-SNE gives dense regions more area: after a uniform draw, every region gets the
 *   same share of the area as in the embedding of all rows. Moving the landmarks to means changes this only slightly:
 *   the number of landmarks grows as the power d / (d + 2) of the density (Zador 1982). A sample by k-means++ (Arthur &
 *   Vassilvitskii 2007), or by another method that covers the whole range of the data, prefers outliers.
 * - Landmarks are moved because a mean of neighbors lies within the data, while a drawn row is displaced by its own
 *   noise.
 * - Neighbors are found by shared rows, as in hierarchical SNE (Pezzotti et al. 2016), because landmarks are far apart
 *   and their distances do not show what lies between them.
 *
 * @param neighborsOfEach number of neighbors to return for each landmark, below `count`
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

/** Visits the rows in stretches and passes on the k nearest landmarks of each row. */
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
    // If a landmark is not the nearest one of any row, it is a copy of another landmark or far from the sampled rows.
    // It is not moved.
    if (size === 0) continue;
    const own = (of: Float64Array) => of.subarray(landmark * d, (landmark + 1) * d);
    means.row(landmark).set(own(sums).map((sum) => sum / size));
    if (sigma && squares) sigma.row(landmark).set(own(squares).map((square) => Math.sqrt(square / size)));
  }
}

/** Adds the nearest landmarks to lists that are too short. */
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
 * Finds the k nearest landmarks of each row by comparing all of them.
 *
 * @param own numbers of the landmarks, if the rows are landmarks themselves; a landmark is then not its own neighbor
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

/** Lists of at most k neighbors each, nearest first. Each list occupies k entries of the arrays. */
interface Lists {
  readonly sizes: Uint32Array;
  readonly indices: Int32Array;
  readonly squared: Float32Array;
}

/**
 * Finds landmarks that share rows. A row belongs to its m-th nearest landmark with the weight 1 / m. For landmarks i
 * and j, s_ij is the sum, over all rows, of the weight for i times the weight for j. The squared distance of i and j is
 * -ln(s_ij / sqrt(s_ii s_jj)).
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
  // For each landmark, its positions in `nearest`.
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

/**
 * Appends the nearest other landmarks to lists that are too short. The squared distance of each appended landmark is
 * larger by 1 than that of the last landmark in the list, because these squared distances are logarithms of shares.
 */
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

/**
 * Reads the given rows of a source, or all rows, in stretches of limited size. The next stretch is read while the
 * current one is processed.
 */
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
    // Without this handler, Node.js would report an unhandled rejection. The `await` of the next round throws the
    // error.
    next.catch(() => {});
    yield stretch;
  }
}

/**
 * For each argument of a computation: whether it contains rows of the data or of their standard deviations, and the
 * numbers of these rows.
 */
type RowsOfArguments = Readonly<Record<string, readonly ["data" | "sigma", Uint32Array]>>;

/** Does a computation on some rows. In its errors, replaces the row numbers by row numbers of the whole data. */
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
 * Draws `count` of the numbers below `n` in ascending order. Every set is equally likely (Floyd's algorithm: Bentley &
 * Floyd 1987). Uses memory for `count` numbers.
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
 * Divides the row numbers 0 to `n` - 1 into `count` equal parts and draws one row from each part, in ascending order.
 * Every row is equally likely. The function does not remember the drawn rows, so a row that contains the border between
 * two parts may be drawn twice.
 */
export function drawFromStrata(n: number, count: number, seed: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => Math.floor(((i + uniform(seed, i)) / count) * n));
}

/** Returns a number u, 0 <= u < 1, computed with the finalizer of MurmurHash3. */
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
