import type { Estimate } from "../quality/index.js";
import type { ResolvedTsneOptions } from "../tsne/index.js";
import type { Comparison, QualityReference } from "./compare.js";
import type { Correlation } from "./correlation.js";
import type { Alignment } from "./procrustes.js";

/** Value of the field `kind` in metrics.json, which identifies the folder of an earlier comparison. */
export const METRICS_KIND = "sigma-tsne comparison";

/** Summary of a quantity over the points. */
export interface Spread {
  mean: number;
  median: number;
  /** 95 % of the points have a smaller value. */
  percentile95: number;
  largest: number;
}

/** Content of `metrics.json`: a {@link Comparison} with summaries instead of values per point. */
export interface ComparisonMetrics {
  kind: typeof METRICS_KIND;
  /** The files of the folder. */
  files: string[];
  n: number;
  d: number;
  k: number;
  maps: {
    name: string;
    file: string;
    kl: number;
    iterations: number;
    method: string;
    neighbors: { method: string; recall: number };
    alignment: Alignment;
    accuracy?: Estimate;
    silhouette?: Estimate | null;
    options: ResolvedTsneOptions;
  }[];
  /** The measures of each map under each distance. */
  quality: {
    map: string;
    distance: QualityReference;
    kl: number;
    kept: Estimate;
    trustworthiness: Estimate;
    continuity: Estimate;
    distanceCorrelation: Estimate | null;
  }[];
  pairs: {
    first: string;
    second: string;
    disparity: number;
    displacement: Spread;
    /** Fraction of changed neighbors per point, over the `count` points that were measured. */
    changed: Spread & { count: number };
    /** With sigma: Spearman's rho with the points' mean sigma, and its 95 % bootstrap interval. */
    uncertainty?: { displacement: Correlation | null; changed: Correlation | null };
  }[];
  /** Rows of the points that are numbered in the picture and the report, for the first and the last map. */
  marks: number[];
  /** Computation time of each map in seconds. All other values are the same for the same input, options and seed. */
  seconds: number[];
}

/** Summarizes a comparison. */
export function summarize(
  { n, d, k, maps, references, quality, pairs }: Comparison,
  files: { all: string[]; maps: string[] },
  marks: number[],
): ComparisonMetrics {
  const name = (i: number) => maps[i]?.name;
  return {
    kind: METRICS_KIND,
    files: files.all,
    n,
    d,
    k,
    maps: maps.map(({ embedding: _, seconds: __, ...map }, i) => ({ ...map, file: files.maps[i] })),
    quality: quality.flatMap((figures, i) =>
      figures.map((figure, s) => ({ map: name(i), distance: references[s], ...figure })),
    ),
    pairs: pairs.map(({ first, second, disparity, displacement, changed, uncertainty }) => ({
      first: name(first),
      second: name(second),
      disparity,
      displacement: spreadOf(displacement),
      changed: { ...spreadOf(changed), count: changed.filter((share) => !Number.isNaN(share)).length },
      ...(uncertainty && { uncertainty }),
    })),
    marks,
    seconds: maps.map(({ seconds }) => seconds),
  };
}

/** Summarizes the values other than NaN. */
function spreadOf(values: Float32Array): Spread {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { mean, median: at(0.5), percentile95: at(0.95), largest: at(1) };
}
