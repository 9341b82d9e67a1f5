import { reject } from "../arguments.js";
import { readLabels } from "../colors/index.js";
import { ArgumentError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { checkOptions } from "../options/index.js";
import {
  drawPositions,
  type PositionUncertainty,
  requirePlacementMemory,
  rowsOfDraws,
  spreadOf,
  Tsne,
} from "../tsne/index.js";
import { judgeGroups, NULLS, type TrustGroups } from "./groups.js";
import { TRUST_OPTIONS, type TrustOptions, type TrustStage } from "./options.js";
import { checkPerplexities, comparePerplexities, type PerplexityComparison } from "./perplexities.js";
import { quantile } from "./quantile.js";

/** Distances by which points jump when they are moved a little and placed again. */
export interface PerturbationScores {
  /**
   * n: the largest distance between a new position and the original position of the point, in units of the embedding.
   */
  scores: Float32Array;
  /** Distance by which the points were moved, in units of the embedded data. */
  length: number;
  /** Number of principal components of the data along which points were moved, each in both directions. */
  directions: number;
  /** A quarter of the embedding's radius. A point with a higher score jumps to another part of the embedding. */
  threshold: number;
}

/** How weakly the forces on each point hold it at its position. */
export interface SingularityScores {
  /**
   * n: the inverse of the smallest eigenvalue of the Hessian of the point's own cost, in squared units of the embedding
   * per nat. Infinite if the position is not a minimum of that cost.
   */
  scores: Float32Array;
  /** Ten times the median of the scores. */
  threshold: number;
  /** Whether the second derivatives of the repulsion are sums over all pairs, or are interpolated from a mesh. */
  repulsion: "exact" | "mesh";
}

/** The class of a point by its reliability. The thresholds come from the scores of permuted data. */
export type ReliabilityClass = "trustworthy" | "undecided" | "dubious";

/**
 * Preservation of the neighborhood of each point, compared with permuted data, which have no neighborhoods to preserve.
 */
export interface ReliabilityScores {
  /** n: one correlation per point, -1 to 1. */
  scores: Float64Array;
  /** n: the class of each point by its score. */
  classes: ReliabilityClass[];
  /** The 5th percentile of the scores of the permuted data: lower scores are dubious. */
  dubiousBelow: number;
  /** The 95th percentile of the scores of the permuted data: higher scores are trustworthy. */
  trustworthyAbove: number;
  /** Number of points of the permuted data, which were embedded with the options of the run. */
  permuted: number;
}

/** Scores that show which points of an embedding can be trusted; see {@link trust}. */
export interface Trust {
  /** The embedding, n x outputDimensions. */
  embedding: Matrix;
  /** Root mean square distance of the points from their center. */
  radius: number;
  /** `undefined` for runs whose `degreesOfFreedom` is not 1, because no points can be placed into their embedding. */
  perturbation: PerturbationScores | undefined;
  singularity: SingularityScores;
  reliability: ReliabilityScores;
  /** `undefined` for runs without sigma, and for those whose `degreesOfFreedom` is not 1. */
  measurement: PositionUncertainty | undefined;
  /** The groups of the map, if the option `groups` is set. The verdicts on groups are not counted in `doubts`. */
  groups: TrustGroups | undefined;
  /** Embeddings with other perplexities, with the option `perplexities`. */
  perplexities: PerplexityComparison | undefined;
  /** n: number of scores that fail their threshold for each point, 0 to 4. */
  doubts: Uint8Array;
  /** Seconds that the computation took. */
  seconds: number;
}

const LEAST_POINTS = 10;
const DIRECTIONS = 3;
const ITERATIONS = 100;
/**
 * A point jumps if it moves farther than this fraction of the radius. A point is loose if its score exceeds this
 * multiple of the median.
 */
const JUMP = 0.25;
const LOOSE = 10;
/** The measurement of a point is too uncertain if less than this fraction of its draws stays among its neighbors. */
export const LEAST_SHARE = 0.5;

/**
 * Measures which points of an embedding can be trusted. Four scores correspond to four ways in which a position can
 * mislead. Perturbation: the point jumps when its data change a little. Singularity: the point is held loosely at its
 * position. Reliability: the embedding shows other neighbors than the data. Measurement (only with sigma): the values
 * are too uncertain to determine the position. docs/trust.md explains the scores with their sources and thresholds.
 *
 * @param run a run with data and an embedding, of at least 10 points
 * @throws {ArgumentError} for a run without an embedding, or without data and distance, and for bad options
 * @throws {SigmaTsneError} BUSY during `fit`, OUT_OF_MEMORY
 * @throws {AbortError} if the signal is aborted
 */
export async function trust(run: Tsne, options: TrustOptions = {}): Promise<Trust> {
  const begin = performance.now();
  const settings = checkOptions(TRUST_OPTIONS, options);
  checkRun(run);
  checkGroupOptions(settings, run.shape[0]);
  const compared = settings.perplexities && checkPerplexities(settings.perplexities, run.shape[0]);
  const [n, d] = run.shape;
  const { outputDimensions, perplexity, degreesOfFreedom } = run.options;
  const isPlaceable = degreesOfFreedom === 1;
  const { signal, seed } = settings;
  const spread = spreadOf(d, run.hasSigma, run.hasCovariance);
  if (isPlaceable) requirePlacementMemory(n, d, n, spread, outputDimensions, perplexity, rowsOfDraws(1));
  let stage: TrustStage = "singularity";
  const onProgress = ({ fraction }: { fraction: number }) => settings.onProgress?.({ stage, fraction });
  const measured = await run.exclusively({ signal, onProgress }, async (native, report) => {
    const begin = (next: TrustStage) => {
      stage = next;
      report(0);
    };
    begin("singularity");
    const singularity = await native.measureSingularity({ onProgress: report });
    let perturbation: Awaited<ReturnType<typeof native.measurePerturbation>> | undefined;
    if (isPlaceable) {
      begin("perturbation");
      const how = { length: settings.perturbation ?? 0, directions: DIRECTIONS, iterations: ITERATIONS, seed };
      perturbation = await native.measurePerturbation({ options: how, onProgress: report });
    }
    begin("reliability");
    const reliability = await native.measureReliability({ options: { seed }, onProgress: report });
    const embedding = new Matrix(native.embedding(), n, outputDimensions);
    return { singularity, perturbation, reliability, embedding };
  });
  let measurement: PositionUncertainty | undefined;
  let drawn: Float32Array | undefined;
  if (isPlaceable && run.hasSigma) {
    stage = "measurement";
    const how = { draws: settings.draws, seed, signal, onProgress };
    ({ uncertainty: measurement, drawn } = await drawPositions(run, how, settings.groups));
  }
  stage = "groups";
  const groups = settings.groups
    ? await run.exclusively({ signal, onProgress }, async (native, report) => {
        const how = { reruns: settings.reruns, nulls: NULLS, seed };
        return judgeGroups(await native.measureGroups({ options: how, drawn, onProgress: report }), settings.labels);
      })
    : undefined;
  stage = "perplexities";
  const report = (fraction: number) => onProgress({ fraction });
  const perplexities = compared && (await comparePerplexities(run, { perplexities: compared, seed, signal, report }));
  const radius = radiusOf(measured.embedding);
  const { scores, isExact } = measured.singularity;
  const parts = {
    perturbation: measured.perturbation && { ...measured.perturbation, threshold: JUMP * radius },
    singularity: {
      scores,
      threshold: LOOSE * quantile(scores, 0.5),
      repulsion: isExact ? ("exact" as const) : ("mesh" as const),
    },
    reliability: classify(measured.reliability),
    measurement,
  };
  const doubts = countDoubts(n, parts);
  return {
    embedding: measured.embedding,
    radius,
    ...parts,
    groups,
    perplexities,
    doubts,
    seconds: (performance.now() - begin) / 1000,
  };
}

/** Checks the labels, and rejects them if the option `groups` is not set. */
function checkGroupOptions(
  { groups, labels }: { groups: boolean; labels: ArrayLike<string | number> | undefined },
  n: number,
): void {
  readLabels(labels, n);
  if (groups || labels === undefined) return;
  reject("labels", labels, "to be left out without groups, because only the test of groups uses labels");
}

function checkRun(run: Tsne): void {
  if (!(run instanceof Tsne)) {
    const accepted = "a Tsne that has an embedding";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "run", received: run, accepted });
  }
  const [n, d] = run.shape;
  if (run.options.distance === "given" || d === 0) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "run",
      received: run,
      accepted: "a run with data and a distance",
      message:
        "run: its neighbors were given without data or without the name of a distance, so points cannot be moved and compared. Fit it with data and a distance.",
    });
  }
  if (n < LEAST_POINTS) {
    const accepted = `a run of at least ${LEAST_POINTS} points`;
    throw new ArgumentError("OUT_OF_RANGE", { argument: "run", received: `${n} points`, accepted });
  }
}

/** Returns the root mean square distance from the center. */
function radiusOf({ data, rows, cols }: Matrix): number {
  const center = new Float64Array(cols);
  for (let at = 0; at < data.length; at++) center[at % cols] += data[at] / rows;
  let squared = 0;
  for (let at = 0; at < data.length; at++) squared += (data[at] - center[at % cols]) ** 2;
  return Math.sqrt(squared / rows);
}

function classify({ scores, nullScores }: { scores: Float64Array; nullScores: Float64Array }): ReliabilityScores {
  const dubiousBelow = quantile(nullScores, 0.05);
  const trustworthyAbove = quantile(nullScores, 0.95);
  const classOf = (score: number): ReliabilityClass =>
    score < dubiousBelow ? "dubious" : score > trustworthyAbove ? "trustworthy" : "undecided";
  return { scores, classes: Array.from(scores, classOf), dubiousBelow, trustworthyAbove, permuted: nullScores.length };
}

function countDoubts(
  n: number,
  {
    perturbation,
    singularity,
    reliability,
    measurement,
  }: Pick<Trust, "perturbation" | "singularity" | "reliability" | "measurement">,
): Uint8Array {
  return Uint8Array.from(
    { length: n },
    (_, i) =>
      Number(perturbation !== undefined && perturbation.scores[i] > perturbation.threshold) +
      Number(singularity.scores[i] > singularity.threshold) +
      Number(reliability.classes[i] === "dubious") +
      Number(measurement !== undefined && measurement.share[i] < LEAST_SHARE),
  );
}
