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

/** How far each point jumps when it is moved a little and placed again. */
export interface PerturbationScores {
  /** n: the largest distance between a new position and the point's own, in units of the embedding. */
  scores: Float32Array;
  /** How far the points were moved, in units of the data as they were embedded. */
  length: number;
  /** Principal components of the data along which they were moved, in both directions each. */
  directions: number;
  /** A quarter of the embedding's radius: a point whose score is above it jumps to another part of the embedding. */
  threshold: number;
}

/** How loosely each point is held at its position. */
export interface SingularityScores {
  /**
   * n: the inverse of the smallest eigenvalue of the Hessian of the point's own cost, in squared units of the embedding per nat. Infinite
   * where the position is no minimum of that cost.
   */
  scores: Float32Array;
  /** Ten times the median. */
  threshold: number;
  /** Whether the second derivatives of the repulsion are sums over all pairs, or were read from a mesh. */
  repulsion: "exact" | "mesh";
}

/** The class of a point by its reliability: its score is compared with those of permuted data. */
export type ReliabilityClass = "trustworthy" | "undecided" | "dubious";

/** How well the neighborhood of each point is kept, compared with permuted data, which have no neighborhoods to keep. */
export interface ReliabilityScores {
  /** n: correlations, -1 to 1. */
  scores: Float64Array;
  /** n: the class of each score. */
  classes: ReliabilityClass[];
  /** The 5th percentile of the scores of the permuted data: lower scores are dubious. */
  dubiousBelow: number;
  /** Their 95th percentile: higher scores are trustworthy. */
  trustworthyAbove: number;
  /** Points of the permuted data, which were embedded with the options of the run. */
  permuted: number;
}

/** Which points of an embedding can be trusted; see {@link trust}. */
export interface Trust {
  /** The embedding, n x outputDimensions. */
  embedding: Matrix;
  /** Root mean square distance of the points from their center. */
  radius: number;
  /** `undefined` for runs whose `degreesOfFreedom` are not 1: points cannot be placed into their embedding. */
  perturbation: PerturbationScores | undefined;
  singularity: SingularityScores;
  reliability: ReliabilityScores;
  /** `undefined` for runs without sigma, and for those whose `degreesOfFreedom` are not 1. */
  measurement: PositionUncertainty | undefined;
  /** The groups of the map, with the option `groups`. They do not count as doubts. */
  groups: TrustGroups | undefined;
  /** Embeddings with other perplexities, with the option `perplexities`. */
  perplexities: PerplexityComparison | undefined;
  /** n: in how many of the scores each point fails its threshold, 0 to 4. */
  doubts: Uint8Array;
  /** Seconds that the computation took. */
  seconds: number;
}

const LEAST_POINTS = 10;
const DIRECTIONS = 3;
const ITERATIONS = 100;
/** Share of the radius beyond which a point counts as jumping, and multiple of the median beyond which one counts as loose. */
const JUMP = 0.25;
const LOOSE = 10;
/** A point whose draws stay among its neighbors less often than this is not held by its measurement. */
export const LEAST_SHARE = 0.5;

/**
 * Measures which points of an embedding can be trusted. Four scores show four ways in which a position can mislead: the point jumps when
 * its data change a little (perturbation), nothing holds it where it is (singularity), the embedding shows other neighbors than the data
 * (reliability), or its measurement is too uncertain to say where it belongs (measurement, with sigma only). docs/trust.md explains
 * them with their sources and thresholds.
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

/** Labels and reruns are for groups. */
function checkGroupOptions(
  { groups, labels }: { groups: boolean; labels: ArrayLike<string | number> | undefined },
  n: number,
): void {
  readLabels(labels, n);
  if (groups || labels === undefined) return;
  reject("labels", labels, "to be left out without groups");
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

/** Root mean square distance from the center. */
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
