import type { Matrix } from "../matrix.js";
import type { TsneResult } from "../tsne/index.js";
import type { Diffractograms, Features } from "./acquisition-features.js";
import { labelHits, mean, meanWithError, nearestNeighbors, sharedNeighbors } from "./scores.js";
import type { AcquisitionsSummary, Halves, MapScores } from "./summary.js";

const NEIGHBORS = 10;

/** The scores in the summary that depend on the two maps. */
export type AcquisitionScores = Pick<
  AcquisitionsSummary,
  "sigma" | "maps" | "gain" | "noiseFreeAccuracy" | "agreement" | "lowDoseAccuracy"
>;

/** Scores both maps against the labels and against the neighbors of the noise-free scenes. */
export async function scoreMaps(
  standard: TsneResult,
  aware: TsneResult,
  { labels, dose }: Diffractograms,
  { sigma, scenes }: Features,
  signal: AbortSignal | undefined,
): Promise<AcquisitionScores> {
  const isLow = lowerHalf(dose);
  const truth = await nearestNeighbors(scenes, NEIGHBORS, signal);
  const inStandard = await nearestNeighbors(standard.embedding, NEIGHBORS, signal);
  const inAware = await nearestNeighbors(aware.embedding, NEIGHBORS, signal);
  const n = labels.length;
  const hits = [labelHits(inStandard, labels), labelHits(inAware, labels)] as const;
  const kept = [sharedNeighbors(inStandard, truth, n), sharedNeighbors(inAware, truth, n)] as const;
  const scoresOf = (run: TsneResult, index: 0 | 1): MapScores => ({
    kl: run.kl,
    iterations: run.iterations,
    accuracy: halves(hits[index], isLow),
    neighborsKept: halves(kept[index], isLow),
  });
  return {
    sigma: halves(meanSquares(sigma), isLow, Math.sqrt),
    maps: { standard: scoresOf(standard, 0), sigma: scoresOf(aware, 1) },
    gain: { accuracy: gains(hits, isLow), neighborsKept: gains(kept, isLow) },
    noiseFreeAccuracy: mean(labelHits(truth, labels)),
    agreement: mean(sharedNeighbors(inStandard, inAware, n)),
    lowDoseAccuracy: [...new Set(labels)].map((label) => {
      const isMember = (_: number, i: number) => labels[i] === label && isLow[i] === true;
      return { label, standard: mean(hits[0].filter(isMember)), sigma: mean(hits[1].filter(isMember)) };
    }),
  };
}

/** Marks the images whose dose is in the lower half of all doses. */
function lowerHalf(dose: Float32Array): boolean[] {
  const order = Array.from(dose.keys()).sort((i, j) => dose[i] - dose[j]);
  const lower = new Set(order.slice(0, dose.length >> 1));
  return Array.from(dose, (_, i) => lower.has(i));
}

function byHalves<T>(
  values: Float64Array,
  isLow: boolean[],
  measure: (some: Float64Array) => T,
): Record<keyof Halves, T> {
  return {
    all: measure(values),
    lowDose: measure(values.filter((_, i) => isLow[i])),
    highDose: measure(values.filter((_, i) => !isLow[i])),
  };
}

function halves(values: Float64Array, isLow: boolean[], transform = (value: number) => value): Halves {
  return byHalves(values, isLow, (some) => transform(mean(some)));
}

function gains([before, after]: readonly [Float64Array, Float64Array], isLow: boolean[]) {
  const differences = after.map((value, i) => value - before[i]);
  return byHalves(differences, isLow, meanWithError);
}

function meanSquares(matrix: Matrix): Float64Array {
  return Float64Array.from({ length: matrix.rows }, (_, i) => mean(Float64Array.from(matrix.row(i), (v) => v * v)));
}
