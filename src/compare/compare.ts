import { abortError } from "../abort.js";
import { shapeMismatch, tooFewPoints } from "../arguments.js";
import { ArgumentError, type DataError } from "../errors.js";
import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { type Estimate, evaluate, type Neighborhood, type PointQuality } from "../quality/index.js";
import {
  type DistanceName,
  type ResolvedTsneOptions,
  runTsne,
  Tsne,
  type TsneOptions,
  type TsneResult,
} from "../tsne/index.js";
import { type Correlation, correlateRanks } from "./correlation.js";
import { type CompareOptions, type CompareProgress, type CompareSettings, resolveCompareOptions } from "./options.js";
import { type Alignment, procrustes } from "./procrustes.js";

/** One map of a comparison. */
export interface ComparedMap {
  name: string;
  /**
   * n x outputDimensions, float32: the map after alignment to the first map by translation, rotation, reflection and
   * scale. The first map is not changed. KL divergences refer to the map before scaling, that is to this map divided by
   * `alignment.scale`.
   */
  embedding: Matrix;
  /** The alignment that was applied. */
  alignment: Alignment;
  /** KL(P||Q) in nats at the end of the gradient descent, under the distance and perplexity of the map. */
  kl: number;
  iterations: number;
  method: TsneResult["method"];
  neighbors: TsneResult["neighbors"];
  /** Defined if labels are given; see {@link Quality}. */
  accuracy?: Estimate;
  /** Defined if labels are given; see {@link Quality}. */
  silhouette?: Estimate | null;
  seconds: number;
  /**
   * The resolved options, including defaults. `init` is `"given"` for all maps but the first, because they share its
   * initial embedding.
   */
  options: ResolvedTsneOptions;
}

/** A distance and perplexity, which define the neighbors and affinities for measuring the maps. */
export interface QualityReference {
  distance: DistanceName;
  /** In squared units of the data; `undefined` for a distance without a floor. */
  varianceFloor: number | undefined;
  perplexity: number | readonly number[];
}

/** Measures of how well a map represents the data under a distance; see {@link Quality}. */
export interface ComparedQuality {
  kl: number;
  kept: Estimate;
  trustworthiness: Estimate;
  continuity: Estimate;
  /** Spearman's correlation of the distances of pairs of points. */
  distanceCorrelation: Estimate | null;
}

/** The differences between two maps. */
export interface ComparedPair {
  /** Indices into `maps`. */
  first: number;
  second: number;
  /** 0 (the same shape) to 1, defined as in `scipy.spatial.procrustes`. */
  disparity: number;
  /**
   * For each point, the distance between its positions in both maps after alignment, in units of the root mean square
   * radius of the first map.
   */
  displacement: Float32Array;
  /**
   * For each point, the fraction of its k nearest neighbors in the first map that are not among its k nearest in the
   * second, 0 to 1. NaN for points that were not measured: above 100,000 points, only 5000 random points are.
   */
  changed: Float32Array;
  /**
   * With sigma: correlations that show whether the points that moved, and those whose neighbors changed, are the
   * uncertain ones.
   */
  uncertainty?: { displacement: Correlation | null; changed: Correlation | null };
}

/** The result of {@link compare}, as plain data. */
export interface Comparison {
  n: number;
  d: number;
  /** Size of the neighborhoods. */
  k: number;
  /** The maps in the order of the variants. */
  maps: ComparedMap[];
  /** The different distances and perplexities of the variants. */
  references: QualityReference[];
  /** The quality of map m under reference r is `quality[m][r]`. */
  quality: ComparedQuality[][];
  /** All pairs of maps: 0 and 1, 0 and 2, 1 and 2, ... */
  pairs: ComparedPair[];
  /** With sigma: the mean of the standard deviations of each point, n numbers. */
  meanSigma?: Float32Array;
}

/** Largest number of points for which all neighborhoods are compared. More would take minutes, so a sample is used. */
const MOST_LOOKED_AT = 100_000;
const LOOKED_AT = 5000;

/**
 * Computes several maps of the same data with the same initial embedding and seed, aligns them and measures their
 * differences. By default the maps are standard and sigma-aware; `variants` replaces them. The differences are: how far
 * points move, which neighbors change, whether these points are the uncertain ones, and how well each map represents
 * the data under each distance. The work is done off the main thread. The same input, options and seed give the same
 * numbers with any number of threads.
 *
 * @param data n x d means, n >= 3, finite
 * @throws {ArgumentError} for a bad option or shape, {@link DataError} for values that cannot be embedded, {@link
 *   AbortError} when stopped through `options.signal`
 */
export async function compare(data: MatrixLike, options: CompareOptions = {}): Promise<Comparison> {
  const inputs = checkInputs(data, options);
  const { points, sigma, k } = inputs;
  const { signal } = options;
  if (signal?.aborted) throw abortError(signal);
  const runs = await computeMaps(inputs, options);
  const references = distinctReferences(runs);
  const { quality, scores } = await measureMaps(runs, references, inputs, options);
  const maps = runs.map((run, i) => alignMap(inputs.variants[i].name, run, runs[0], scores[i]));
  const meanSigma = sigma && meansOfRows(sigma);
  const pairs: ComparedPair[] = [];
  for (let second = 1; second < runs.length; second++) {
    for (let first = 0; first < second; first++) {
      pairs.push(await comparePair(first, second, runs, meanSigma, inputs, options));
    }
  }
  pairs.sort((a, b) => a.first - b.first || a.second - b.second);
  if (signal?.aborted) throw abortError(signal);
  const { rows: n, cols: d } = points;
  return { n, d, k, maps, references, quality, pairs, ...(meanSigma && { meanSigma }) };
}

/** The checked data and settings of a comparison. */
interface CheckedInputs extends CompareSettings {
  points: Matrix;
  sigma: Matrix | undefined;
}

function checkInputs(data: MatrixLike, options: CompareOptions): CheckedInputs {
  const points = toMatrix(data, "data");
  const { rows: n, cols: d } = points;
  if (n < 3 || d < 1) {
    throw tooFewPoints("data", points, "at least 3 points of at least 1 dimension");
  }
  const settings = resolveCompareOptions(options, n, d);
  const { labels } = options;
  const sigma = options.sigma === undefined ? undefined : toMatrix(options.sigma, "sigma");
  if (sigma && (sigma.rows !== n || sigma.cols !== d)) {
    throw shapeMismatch("sigma", sigma, `${n} x ${d}, the shape of the data`);
  }
  if (labels !== undefined && labels?.length !== n) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument: "labels",
      received: labels,
      accepted: `${n} labels, one per point`,
    });
  }
  return { ...settings, points, sigma };
}

const reporter = ({ onProgress }: CompareOptions, step: CompareProgress["step"], name: string) =>
  onProgress && ((progress: Omit<CompareProgress, "step" | "name">) => onProgress({ ...progress, step, name }));

/** Computes one map per variant. All maps start with the initial embedding of the first one. */
async function computeMaps({ points, sigma, variants }: CheckedInputs, options: CompareOptions): Promise<TsneResult[]> {
  const runs: TsneResult[] = [];
  let start: Matrix | undefined;
  for (const { name, options: own } of variants) {
    const full: TsneOptions = {
      ...own,
      sigma,
      signal: options.signal,
      onProgress: reporter(options, "embedding", name),
    };
    if (start === undefined) {
      // The first run is stopped before its first iteration to get the initial embedding for the other maps.
      const first = new Tsne(points, full);
      start = (await first.fit(0)).embedding;
      runs.push(await first.fit());
    } else runs.push(await runTsne(points, { ...full, init: start }));
  }
  return runs;
}

function distinctReferences(runs: readonly TsneResult[]): QualityReference[] {
  const references: QualityReference[] = [];
  for (const { options, varianceFloor } of runs) {
    const { perplexity } = options;
    const distance = options.distance as DistanceName;
    const isKnown = references.some(
      (known) =>
        known.distance === distance &&
        known.varianceFloor === varianceFloor &&
        String(known.perplexity) === String(perplexity),
    );
    if (!isKnown) references.push({ distance, varianceFloor, perplexity });
  }
  return references;
}

type LabelScores = Pick<ComparedMap, "accuracy" | "silhouette">;

/** Measures every map under every reference, and once with the labels. */
async function measureMaps(
  runs: readonly TsneResult[],
  references: readonly QualityReference[],
  { points, sigma, variants, k }: CheckedInputs,
  options: CompareOptions,
): Promise<{ quality: ComparedQuality[][]; scores: LabelScores[] }> {
  const { seed, threads } = runs[0].options;
  const quality: ComparedQuality[][] = [];
  const scores: LabelScores[] = [];
  for (const [i, run] of runs.entries()) {
    quality.push([]);
    scores.push({});
    for (const [r, reference] of references.entries()) {
      const found = await evaluate(points, run.embedding, {
        ...{ k, seed, threads, signal: options.signal, sigma, ...reference },
        // The measures of the labels do not depend on the reference.
        labels: r === 0 ? options.labels : undefined,
        onProgress: reporter(options, "quality", `${variants[i].name}, ${reference.distance} distance`),
      });
      const [{ kept, trustworthiness, continuity }] = found.neighborhoods as [(typeof found.neighborhoods)[number]];
      const distanceCorrelation = found.distanceCorrelation.spearman;
      quality[i].push({ kl: found.kl, kept, trustworthiness, continuity, distanceCorrelation });
      if (found.accuracy) scores[i] = { accuracy: found.accuracy, silhouette: found.silhouette ?? null };
    }
  }
  return { quality, scores };
}

/** Aligns a map to the first one. */
function alignMap(name: string, run: TsneResult, first: TsneResult, scores: LabelScores): ComparedMap {
  const { aligned, disparity: _, displacement: __, ...alignment } = procrustes(first.embedding, run.embedding);
  return {
    name,
    embedding: run === first ? run.embedding : aligned,
    alignment,
    kl: run.kl,
    iterations: run.iterations,
    method: run.method,
    neighbors: run.neighbors,
    ...scores,
    seconds: run.seconds.total,
    options: run.options,
  };
}

async function comparePair(
  first: number,
  second: number,
  runs: readonly TsneResult[],
  meanSigma: Float32Array | undefined,
  { points: { rows: n }, variants, k }: CheckedInputs,
  options: CompareOptions,
): Promise<ComparedPair> {
  const { signal } = options;
  const { seed, threads } = runs[0].options;
  const [a, b] = [runs[first].embedding, runs[second].embedding];
  const { disparity, displacement } = procrustes(a, b);
  // The quality measures are used here with the first map in the role of the data.
  const { perPoint } = await evaluate(a, b, {
    ...{ k, seed, threads, signal },
    sample: n > MOST_LOOKED_AT ? LOOKED_AT : n,
    perPoint: true,
    onProgress: reporter(options, "neighborhoods", `${variants[first].name} and ${variants[second].name}`),
  });
  const [{ kept }] = (perPoint as PointQuality).neighborhoods as [Neighborhood<Float32Array>];
  const changed = kept.map((share) => 1 - share);
  const pair = { first, second, disparity, displacement, changed };
  if (!meanSigma) return pair;
  return {
    ...pair,
    uncertainty: {
      displacement: await correlateRanks(displacement, meanSigma, seed, signal),
      changed: await correlateRanks(changed, meanSigma, seed, signal),
    },
  };
}

function meansOfRows(matrix: Matrix): Float32Array {
  return Float32Array.from({ length: matrix.rows }, (_, i) => {
    let sum = 0;
    for (const value of matrix.row(i)) sum += value;
    return sum / matrix.cols;
  });
}
