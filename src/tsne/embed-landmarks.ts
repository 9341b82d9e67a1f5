import { reject, requireInteger, requireOptions, requireSignal } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import type { RowReader } from "../io/index.js";
import { Matrix } from "../matrix.js";
import { covarianceOption } from "./covariances.js";
import { type DistanceName, hasFloor } from "./distances.js";
import { chooseLandmarks, drawFromStrata, type GaussianSource, readStretches, withRows } from "./landmarks.js";
import { requireMemory, spreadOf } from "./memory.js";
import { estimateFor } from "./noise-model.js";
import { type ResolvedTsneOptions, resolveTsneOptions, type TsneOptions } from "./options.js";
import { neighborCount } from "./perplexity.js";
import { Tsne, type TsneResult } from "./run.js";

/** A progress report of the choice of landmarks or the placement of the rows. */
export interface RowProgress {
  stage: "landmarks" | "placement";
  /** Completed fraction, 0 to 1. */
  fraction: number;
  /** Seconds since the stage began. */
  seconds: number;
}

/**
 * Options of {@link embedLandmarks}: the options of {@link Tsne}, applied to the landmarks, without the options that
 * have one value per row.
 */
export interface EmbedLandmarksOptions
  extends Omit<TsneOptions, "sigma" | "init" | "neighbors" | "onSnapshot" | "snapshotEvery"> {
  /** Number of landmarks to fit, an integer from 3 to the number of rows. */
  landmarks: number;
  /** Standard deviations of the data, of the same shape. */
  sigma?: RowReader | undefined;
  init?: "pca" | "random" | undefined;
  /** Called after each block of rows that is read before or after the fit. `onProgress` reports the fit itself. */
  onRowProgress?: ((progress: RowProgress) => void) | undefined;
}

/** An embedding whose landmarks were fitted and whose rows were placed. */
export interface LandmarkEmbedding {
  /** n x outputDimensions positions, in the order of the data. */
  embedding: Matrix;
  /** n: the divergence KL(P_i || Q_i) of each row, in nats; see {@link PlacementResult}. */
  divergence: Float32Array;
  /** The run of the landmarks. It can be saved, and new points can be placed into it. */
  run: Tsne;
  /** The result of the fit. Its embedding contains the landmarks only. */
  result: TsneResult;
}

/**
 * Fewer neighbors keep a row closer to its nearest landmarks: on the codes of MNIST, perplexity 20 preserves more
 * neighbors and labels than 30.
 */
const PLACEMENT_PERPLEXITY = 20;

/**
 * Embeds more points than one run can fit. Landmarks that represent all rows are fitted first. Then the rows are placed
 * into the embedding of the landmarks, block by block, with perplexity 20 or the perplexity of the fit if that is
 * smaller. The memory contains the run of the landmarks, 4 * (outputDimensions + 1) bytes for each point, and a few
 * blocks of the data.
 *
 * A `varianceFloor` of `"auto"` is estimated from up to 10,000 rows of the data. The choice of landmarks, their fit and
 * the placement all use this floor.
 *
 * Landmarks start as rows drawn uniformly. Each is moved three times to the mean of the rows nearest to it (Lloyd
 * 1982), among a sample of 20 rows per landmark. Landmarks that are near the same rows are neighbors in the fit
 * (hierarchical SNE: Pezzotti et al. 2016). Kobak & Berens (2019, "The art of using t-SNE for single-cell
 * transcriptomics") and Poličar, Stražar & Zupan (2023, "Embedding to reference t-SNE space addresses batch effects in
 * single-cell classification") also fit a part of large data and place the rest.
 *
 * @param data n x d means
 * @throws {ArgumentError} for a bad option or shape, {@link DataError} for values that cannot be embedded, with their
 *   row in the data
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function embedLandmarks(data: RowReader, options: EmbedLandmarksOptions): Promise<LandmarkEmbedding> {
  requireOptions(options);
  const { landmarks: count, sigma, onRowProgress, ...settings } = options;
  const { signal } = options;
  requireSignal(signal);
  const { rows: n, cols: d } = data;
  requireInteger(count, "landmarks", 3, n);
  const covariance = covarianceOption(settings);
  if (covariance) {
    reject(
      covariance,
      settings[covariance],
      "to be left out with landmarks, because landmarks are means of points and use sigma",
    );
  }
  if (sigma && (sigma.rows !== n || sigma.cols !== d)) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument: "sigma",
      received: [sigma.rows, sigma.cols],
      accepted: `${n} x ${d}, the shape of the data`,
      message: `sigma: expected ${n} x ${d}, the shape of the data, received ${sigma.rows} x ${sigma.cols}`,
    });
  }
  const resolved = resolveTsneOptions({ ...settings, sigma: sigma && [] }, count, d);
  // Check the memory before reading the rows, which can take long.
  requireMemory(count, d, spreadOf(d, sigma !== undefined, false), resolved);
  const reportOf = (stage: RowProgress["stage"]) => {
    const begin = performance.now();
    return (fraction: number) => onRowProgress?.({ stage, fraction, seconds: (performance.now() - begin) / 1000 });
  };
  const source = { data, sigma };
  const onProgress = reportOf("landmarks");
  const k = neighborCount(resolved.perplexity, count);
  const varianceFloor = await estimateFloor(source, resolved, signal);
  const landmarks = await chooseLandmarks(source, count, { ...resolved, varianceFloor }, k, { signal, onProgress });
  const { means: fitted, sigma: ofFitted, neighbors } = landmarks;
  const run = new Tsne(fitted, {
    ...settings,
    ...(ofFitted && { sigma: ofFitted }),
    distance: resolved.distance as DistanceName,
    varianceFloor,
    neighbors,
  });
  const fit = await run.fit();
  // Row numbers in warnings of the fit refer to landmarks, not to rows of the data.
  const result = { ...fit, warnings: fit.warnings.map((warning) => `Among the landmarks: ${warning}`) };
  const { outputDimensions } = run.options;
  const perplexity = Math.min(PLACEMENT_PERPLEXITY, ...[run.options.perplexity].flat());
  const embedding = new Matrix(new Float32Array(n * outputDimensions), n, outputDimensions);
  const divergence = new Float32Array(n);
  const report = reportOf("placement");
  for await (const { rows, means, sigma: deviations } of readStretches(source, undefined, signal)) {
    const placed = await withRows({ newMeans: ["data", rows], sigma: ["sigma", rows] }, () =>
      run.place(means, { perplexity, signal, ...(deviations && { sigma: deviations }) }),
    );
    const [first = 0] = rows;
    embedding.data.set(placed.embedding.data, first * outputDimensions);
    divergence.set(placed.divergence, first);
    report((first + rows.length) / n);
  }
  return { embedding, divergence, run, result };
}

/** Number of rows from which the floor is estimated. With more rows, the estimate would only use a sample of them. */
const FLOOR_ROWS = 10_000;

/**
 * Estimates one variance floor, which all steps use, from a sample of the rows. Landmarks are means of many rows, so
 * their distances do not show the distances between rows.
 */
async function estimateFloor(
  { data, sigma }: GaussianSource,
  { distance, varianceFloor, seed, threads }: ResolvedTsneOptions,
  signal: AbortSignal | undefined,
): Promise<"auto" | number> {
  if (varianceFloor !== "auto" || !sigma || distance === "given" || !hasFloor(distance)) return varianceFloor;
  const rows = drawFromStrata(data.rows, Math.min(data.rows, FLOOR_ROWS), seed + 2);
  const [means, deviations] = await Promise.all([data.read(rows), sigma.read(rows)]);
  return withRows({ data: ["data", rows], sigma: ["sigma", rows] }, async () => {
    return (await estimateFor(distance, means, deviations, { threads, signal })).varianceFloor;
  });
}
