import { ArgumentError } from "../errors.js";
import { Matrix } from "../matrix.js";
import { evaluate } from "../quality/index.js";
import {
  describePerplexity,
  resolvePerplexity,
  runTsne,
  Tsne,
  type TsneOptions,
  type TsneResult,
} from "../tsne/index.js";
import { quantile } from "./quantile.js";

/** The results of one perplexity. */
export interface PerplexityScores {
  perplexity: number;
  /**
   * KL divergence of the embedding. For all data it decreases when the perplexity increases, so it cannot be used to
   * compare perplexities.
   */
  kl: number;
  /** 2 * KL + log(n) * perplexity / n (Cao & Wang 2017). Lower is better. */
  criterion: number;
  /** The 95th percentile of the singularity scores, which decreases when the perplexity increases. */
  singularity: number;
  /**
   * Trustworthiness of the embedding of drawn data with respect to the measured data, 0 to 1, averaged over the draws.
   * Higher is better. `undefined` without sigma.
   */
  recovered: number | undefined;
}

/** Comparison of embeddings of the same data with several perplexities. */
export interface PerplexityComparison {
  /** Sorted by perplexity. */
  scores: PerplexityScores[];
  /** The perplexity at which the singularity scores stop falling; `undefined` if they have no elbow. */
  elbow: number | undefined;
  /** The perplexity with the lowest criterion. */
  lowestCriterion: number;
  /** The perplexity with the highest `recovered`; `undefined` without sigma. */
  bestRecovered: number | undefined;
  /** The perplexity of the run itself, or a list if the run averages several perplexities in one embedding. */
  own: number | readonly number[];
}

/**
 * Number of data sets that are drawn from the Gaussians of the points. Each of these data sets is embedded with every
 * perplexity.
 */
const DRAWS = 2;
/** Neighborhood size of the trustworthiness. */
const NEIGHBORS = 10;

interface Settings {
  readonly perplexities: readonly number[];
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly report: (fraction: number) => void;
}

/** @throws {ArgumentError} for fewer than two perplexities, and for values out of range for `n` points */
export function checkPerplexities(given: unknown, n: number): readonly number[] {
  const accepted = "an array of two or more different perplexities";
  if (!Array.isArray(given) || given.length < 2 || new Set(given).size < given.length) {
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "perplexities", received: given, accepted });
  }
  try {
    return resolvePerplexity(given, n) as readonly number[];
  } catch (error) {
    if (error instanceof ArgumentError && error.argument === "perplexity") {
      const { received, accepted: range } = error;
      throw new ArgumentError("OUT_OF_RANGE", { argument: "perplexities", received, accepted: String(range) });
    }
    throw error;
  }
}

/**
 * Embeds the data of a run with several perplexities and its other options. With sigma, data drawn from the Gaussians
 * of the points are embedded as well: with a good perplexity, their embedding shows the neighbors of the measured data,
 * although the noise differs.
 */
export async function comparePerplexities(run: Tsne, settings: Settings): Promise<PerplexityComparison> {
  const { perplexities, seed, signal, report } = settings;
  const { means, sigma } = await readPoints(run, signal);
  const options = { ...reusable(run), sigma, signal };
  const drawn: Matrix[] = [];
  for (let s = 0; sigma && s < DRAWS; s++) drawn.push((await readPoints(run, signal, seed + s)).means);
  const scores: PerplexityScores[] = [];
  for (const perplexity of perplexities) {
    const one = new Tsne(means, { ...options, perplexity });
    const result = await one.fit();
    const singularity = await one.exclusively({ signal }, (native) =>
      native.measureSingularity({ onProgress: undefined }),
    );
    let recovered = 0;
    for (const draw of drawn) {
      const { embedding } = await runTsne(draw, { ...options, perplexity });
      const quality = await evaluate(means, embedding, { k: [NEIGHBORS], seed, signal });
      recovered += quality.neighborhoods[0].trustworthiness.value / DRAWS;
    }
    scores.push({
      perplexity,
      ...criteria(result, perplexity, singularity.scores),
      recovered: sigma ? recovered : undefined,
    });
    report(scores.length / perplexities.length);
  }
  const best = (of: (one: PerplexityScores) => number) =>
    scores.reduce((so, one) => (of(one) > of(so) ? one : so)).perplexity;
  return {
    scores,
    elbow: findElbow(scores),
    lowestCriterion: best(({ criterion }) => -criterion),
    bestRecovered: sigma && best(({ recovered: share }) => share as number),
    own: run.options.perplexity,
  };
}

/** Describes the suggestions of the scores in plain sentences. */
export function describePerplexities({
  scores,
  elbow,
  lowestCriterion,
  bestRecovered,
  own,
}: PerplexityComparison): string {
  const tried = scores.map(({ perplexity }) => perplexity).join(", ");
  const recovered =
    bestRecovered === undefined
      ? ""
      : ` Neighbors are recovered best with ${bestRecovered}: embeddings of other draws of the data show the measured neighbors most reliably.`;
  const bend =
    elbow === undefined
      ? " The singularity scores have no elbow."
      : ` The singularity scores have their elbow at ${elbow}.`;
  return `The embedding has ${describePerplexity(own)}; tried: ${tried}.${recovered}${bend} The criterion of Cao & Wang (2017) is lowest at ${lowestCriterion}. These are suggestions to look at, not proofs: no score finds the best value on all data.`;
}

function criteria({ kl, embedding }: TsneResult, perplexity: number, scores: Float32Array) {
  const n = embedding.rows;
  return { kl, criterion: 2 * kl + (Math.log(n) * perplexity) / n, singularity: quantile(scores, 0.95) };
}

/**
 * Finds the perplexity at which the singularity scores are farthest below the straight line from the first to the last
 * score, with both axes logarithmic (the knee of Satopaa, Albrecht, Irwin & Raghavan 2011). Returns `undefined` if no
 * score is below the line, if the scores do not fall, or if fewer than three are finite.
 */
export function findElbow(scores: readonly Pick<PerplexityScores, "perplexity" | "singularity">[]): number | undefined {
  const points = scores.map(({ perplexity, singularity }) => [Math.log(perplexity), Math.log(singularity)]);
  const finite = points.filter(([, y]) => Number.isFinite(y));
  if (finite.length < 3) return undefined;
  const [[x0, y0], [x1, y1]] = [finite[0], finite[finite.length - 1]];
  if (y1 >= y0) return undefined;
  // Rounding must not turn a straight line into an elbow.
  let deepest = 1e-9;
  let elbow: number | undefined;
  for (const [x, y] of finite) {
    const depth = y0 + ((y1 - y0) * (x - x0)) / (x1 - x0) - y;
    if (depth > deepest) [deepest, elbow] = [depth, Math.exp(x)];
  }
  return elbow === undefined ? undefined : Number(elbow.toPrecision(12));
}

/** Returns the points of a run or, with a seed, draws from their Gaussians. */
async function readPoints(
  run: Tsne,
  signal: AbortSignal | undefined,
  drawSeed?: number,
): Promise<{ means: Matrix; sigma?: Matrix }> {
  const [n] = run.shape;
  const { columns, means, sigma } = await run.exclusively({ signal }, async (native) => native.points(drawSeed));
  return { means: new Matrix(means, n, columns), ...(sigma && { sigma: new Matrix(sigma, n, columns) }) };
}

/** Returns the options of a run for use with its own points, which are already reduced to principal components. */
function reusable({ options }: Tsne): TsneOptions {
  const { finalLearningRate: _, pca: _pca, init, neighbors, theta, method, learningRate, ...others } = options;
  return {
    ...others,
    ...(others.distance === "given" && { distance: undefined }),
    init: init === "given" ? undefined : init,
    neighbors: neighbors === "given" ? undefined : neighbors,
    method,
    // A given theta would select Barnes-Hut.
    theta: method === "barnes-hut" ? theta : undefined,
    learningRate,
  } as TsneOptions;
}
