import { requireInteger, requireOptions, requireSignal } from "../arguments.js";
import { ArgumentError, DataError } from "../errors.js";
import { throwIfAborted } from "../io/abort.js";
import type { RowSource } from "../io/row-source.js";
import { Matrix } from "../matrix.js";
import { resolveTsneOptions, type TsneOptions } from "./options.js";
import type { PlacementProgress } from "./placement.js";
import { Tsne, type TsneResult } from "./run.js";

/** Options of {@link embedSample}: those of {@link Tsne}, for the sample, but for what is given row by row. */
export interface EmbedSampleOptions
  extends Omit<TsneOptions, "sigma" | "init" | "neighbors" | "onSnapshot" | "snapshotEvery"> {
  /** Rows that are fitted, an integer from 3 to the number of rows. */
  sample: number;
  /** Standard deviations of the data, of the same shape. */
  sigma?: RowSource | undefined;
  init?: "pca" | "random" | undefined;
  neighbors?: Exclude<TsneOptions["neighbors"], object> | undefined;
  /** Called while the others are placed. */
  onPlacement?: ((progress: PlacementProgress) => void) | undefined;
}

/** A map of which a sample was fitted and the rest placed. */
export interface SampledMap {
  /** n x dims positions, in the order of the data. */
  embedding: Matrix;
  /** n: KL(P_i || Q_i) of each placed point, in nats, as of {@link PlacementResult}; NaN for the fitted ones. */
  divergence: Float32Array;
  /** The rows that were fitted, ascending. */
  fitted: Uint32Array;
  /** The run of the sample, to be saved or placed into. */
  run: Tsne;
  /** What its fit came to; its embedding is that of the sample. */
  result: TsneResult;
}

/** Among fewer points fewer are near: on the codes of MNIST 10 keeps more neighbours than 30, and labels as well. */
const PLACEMENT_PERPLEXITY = 10;

/** Numbers that are read and placed at once. */
const STRETCH_NUMBERS = 2 ** 22;

/**
 * Embeds more points than one would fit: a sample is fitted, and the others are placed into its map stretch by stretch. Memory holds
 * the run of the sample, 4 * (dims + 1) bytes for each point of the map, and a few stretches of the data.
 * Points are placed with perplexity 10, or that of the fit where it is less.
 *
 * The sample is drawn uniformly, without replacement. So it is as dense in every region as the data are, in proportion, and t-SNE, which
 * gives room by density, gives every region the room it would have in the whole map; a sample by k-means++ (Arthur & Vassilvitskii
 * 2007) or another cover of the data prefers outliers. Fitting a part and placing the rest is what Kobak & Berens (2019, "The art of
 * using t-SNE for single-cell transcriptomics") and Poličar, Stražar & Zupan (2023, "Embedding to reference t-SNE space addresses
 * batch effects in single-cell classification") do for large data.
 *
 * @param data n x d means
 * @throws {ArgumentError} for a bad option or shape, {@link DataError} for values that cannot be embedded, with their row in the data
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function embedSample(data: RowSource, options: EmbedSampleOptions): Promise<SampledMap> {
  requireOptions(options);
  const { sample, sigma, onPlacement, ...settings } = options;
  requireSignal(options.signal);
  const { rows: n, cols: d } = data;
  requireInteger(sample, "sample", 3, n);
  if (sigma && (sigma.rows !== n || sigma.cols !== d)) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument: "sigma",
      received: [sigma.rows, sigma.cols],
      accepted: `${n} x ${d}, the shape of the data`,
      message: `sigma: expected ${n} x ${d}, the shape of the data, received ${sigma.rows} x ${sigma.cols}`,
    });
  }
  const { seed } = resolveTsneOptions({ ...settings, sigma: sigma && [] }, sample, d);
  const fitted = drawRows(n, sample, seed);
  const rowOf = (k: number) => fitted[k] as number;
  const run = await withRows(rowOf, async () => {
    const own = { ...settings, ...(sigma && { sigma: await sigma.read(fitted) }) };
    return new Tsne(await data.read(fitted), own);
  });
  const result = await run.fit();
  const { dims } = run.options;
  const perplexity = Math.min(PLACEMENT_PERPLEXITY, ...[run.options.perplexity].flat());
  const embedding = new Matrix(new Float32Array(n * dims), n, dims);
  const divergence = new Float32Array(n);
  const step = Math.max(1024, Math.floor(STRETCH_NUMBERS / d));
  const begin = performance.now();
  const read = (start: number) => {
    const rows = Uint32Array.from({ length: Math.min(step, n - start) }, (_, i) => start + i);
    const stretch = Promise.all([data.read(rows), sigma?.read(rows)]);
    // Reported where it is awaited, in the next round.
    stretch.catch(() => {});
    return stretch;
  };
  let next = read(0);
  for (let start = 0; start < n; start += step) {
    throwIfAborted(options.signal);
    const [means, deviations] = await next;
    if (start + step < n) next = read(start + step);
    const placed = await withRows(
      (row) => start + row,
      () => run.place(means, { perplexity, signal: options.signal, ...(deviations && { sigma: deviations }) }),
    );
    embedding.data.set(placed.embedding.data, start * dims);
    divergence.set(placed.divergence, start);
    onPlacement?.({
      fraction: Math.min(1, (start + step) / n),
      seconds: (performance.now() - begin) / 1000,
    });
  }
  for (const [k, row] of fitted.entries()) {
    embedding.data.set(result.embedding.row(k), row * dims);
    divergence[row] = Number.NaN;
  }
  return { embedding, divergence, fitted, run, result };
}

/** Tells, in an error about the data, which of all rows it is about. */
async function withRows<T>(rowOf: (row: number) => number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DataError) || error.row === undefined) throw error;
    const { code, received, accepted, row, column = 0 } = error;
    const argument = error.argument === "newMeans" ? "data" : error.argument;
    throw new DataError(code, { argument, received, accepted, row: rowOf(row), column });
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

/** A number from 0 to below 1, by the finaliser of MurmurHash3. */
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
