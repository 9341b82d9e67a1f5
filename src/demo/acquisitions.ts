import { join } from "node:path";
import { assertWritable, writeFileAtomic, writeMatrix } from "../io/index.js";
import { Matrix } from "../matrix.js";
import { pca } from "../pca/index.js";
import { drawMapsSideBySide } from "../plot/index.js";
import { runBhTsne, type TsneProgress } from "../tsne/index.js";
import { generateMicrographs } from "../vae/datasets/index.js";
import { createDiffractometer } from "./diffractogram.js";
import { explainAcquisitions } from "./explanation.js";
import type { DemoFile, ResolvedDemo } from "./options.js";
import { pause } from "./pause.js";
import { type Difference, labelHits, mean, meanWithError, nearestNeighbors, sharedNeighbors } from "./scores.js";

/** A mean over all images, over the half with the lower doses, and over the half with the higher doses. */
export interface Halves {
  all: number;
  lowDose: number;
  highDose: number;
}

/** What the maps are scored by. */
export interface MapScores {
  /** KL divergence of the map from its own affinities; those of the two maps differ, so these are not comparable. */
  kl: number;
  iterations: number;
  /** Share of the images for which most of the 10 nearest neighbors in the map bear the image's own label. */
  accuracy: Halves;
  /**
   * Share of the 10 nearest neighbors in the map that are among the 10 nearest neighbors of the noise-free scenes, by
   * Euclidean distance between their principal components.
   */
  neighborsKept: Halves;
}

/** What the demo of repeated acquisitions did and found; `summary.json` holds the same. */
export interface AcquisitionsSummary {
  data: "acquisitions";
  /** Number of images. */
  n: number;
  /** Dimensions that were embedded. */
  d: number;
  seed: number;
  /** Acquisitions of every scene. */
  acquisitions: number;
  /** Lowest, median and highest dose, in electrons a pixel that the image value 1 stands for. */
  dose: { least: number; median: number; most: number };
  /** Root mean square of the standard deviations. */
  sigma: Halves;
  maps: { standard: MapScores; sigma: MapScores };
  /**
   * Sigma-aware minus standard map: the mean difference and its standard error over the images. Another seed of the optimization
   * would add to it.
   */
  gain: { accuracy: Record<keyof Halves, Difference>; neighborsKept: Record<keyof Halves, Difference> };
  /** The accuracy among the noise-free scenes, before any map: what noise and embedding take away from. */
  noiseFreeAccuracy: number;
  /** Share of every image's 10 nearest neighbors that the two maps have in common. */
  agreement: number;
  /** Accuracy within every class and the half with the lower doses. */
  lowDoseAccuracy: { label: string; standard: number; sigma: number }[];
  files: readonly DemoFile[];
  /** Wall-clock times; all else is the same for the same seed and count. */
  seconds: { data: number; standard: number; sigma: number; total: number };
  /** A few sentences on what to look at. */
  explanation: string[];
}

const ACQUISITIONS = 8;
const COMPONENTS = 25;
/** Periods a side, of at most 24 that 48 pixels resolve. */
const RESOLUTION = 16;
const NEIGHBORS = 10;
const FILES = [
  { name: "means.npy", content: "what was embedded: for each micrograph the mean of its acquisitions" },
  { name: "sigma.npy", content: "the standard errors of these means" },
  { name: "labels.csv", content: "what each micrograph shows" },
  { name: "map_standard.npy", content: "the map of the means alone" },
  { name: "map_standard.csv", content: "the same as text" },
  { name: "map_sigma.npy", content: "the map that knows the standard errors, too" },
  { name: "map_sigma.csv", content: "the same as text" },
  { name: "micrographs.png", content: "the images, from the lowest dose to the highest" },
  { name: "comparison.png", content: "both maps beside each other" },
  { name: "summary.json", content: "all figures" },
] as const;

/**
 * Shows what standard deviations change, on data whose truth is known: simulated micrographs, of which every scene is acquired
 * 8 times at a dose of its own.
 *
 * Every acquisition is reduced to its diffractogram, up to two thirds of the Nyquist frequency, and the diffractograms to 25
 * principal components: those of the correlation matrix, so that weak high frequencies, which few electrons leave uncertain,
 * count as much as strong low ones. That is where standard deviations matter; components of the covariance matrix, in which
 * the weak frequencies hardly count, give better maps that are equally good with and without them. Components are divided by the standard deviation
 * of the first one.
 *
 * What is embedded is the mean over the 8 acquisitions; its uncertainty is the standard error of that mean, s / sqrt(8), where
 * s is the standard deviation of the acquisitions with 7 degrees of freedom. Both maps have the same means, options and seed;
 * the second one knows the standard errors too. Nothing in them sees the labels or the noise-free scenes, which only serve to
 * score them.
 *
 * Writes the files of `summary.files`, each atomically: means and sigma (n x 25), labels, both maps (n x 2), a contact sheet of
 * the micrographs, the maps side by side, and the summary. Same seed and count: same bytes, but for `seconds` in the summary.
 *
 * @throws {FileError} FILE_WRITE, before the work begins if the directory cannot be written to
 * @throws {AbortError} once the signal is aborted
 */
export async function mapAcquisitions(options: ResolvedDemo): Promise<AcquisitionsSummary> {
  const { directory, count, seed, threads, signal, onProgress } = options;
  const began = performance.now();
  const path = (name: (typeof FILES)[number]["name"]) => join(directory, name);
  for (const { name } of FILES) await assertWritable(path(name));

  const observed = await observe(count, seed, signal, onProgress);
  const { labels, dose } = observed;
  const { means, sigma, scenes } = await reduce(observed, threads, signal);
  const observedAt = performance.now();

  const shared = { seed, threads, signal };
  const standard = await runBhTsne(means, { ...shared, onProgress: report("standard") });
  const aware = await runBhTsne(means, { ...shared, sigma, onProgress: report("sigma") });

  const isLow = lowerHalf(dose);
  const truth = await nearestNeighbors(scenes, NEIGHBORS, signal);
  const inStandard = await nearestNeighbors(standard.embedding, NEIGHBORS, signal);
  const inAware = await nearestNeighbors(aware.embedding, NEIGHBORS, signal);
  const hits = [labelHits(inStandard, labels), labelHits(inAware, labels)] as const;
  const kept = [sharedNeighbors(inStandard, truth, count), sharedNeighbors(inAware, truth, count)] as const;
  const scoresOf = (run: typeof standard, which: 0 | 1): MapScores => ({
    kl: run.kl,
    iterations: run.iterations,
    accuracy: halves(hits[which], isLow),
    neighborsKept: halves(kept[which], isLow),
  });
  const doses = Array.from(dose).sort((a, b) => a - b);
  const maps = { standard: scoresOf(standard, 0), sigma: scoresOf(aware, 1) };
  const findings = {
    data: "acquisitions" as const,
    n: count,
    d: means.cols,
    seed,
    acquisitions: ACQUISITIONS,
    dose: { least: doses[0], median: doses[count >> 1], most: doses[count - 1] },
    sigma: halves(meanSquares(sigma), isLow, Math.sqrt),
    maps,
    gain: { accuracy: gains(hits, isLow), neighborsKept: gains(kept, isLow) },
    noiseFreeAccuracy: mean(labelHits(truth, labels)),
    agreement: mean(sharedNeighbors(inStandard, inAware, count)),
    lowDoseAccuracy: [...new Set(labels)].map((label) => {
      const isMember = (_: number, i: number) => labels[i] === label && isLow[i] === true;
      return { label, standard: mean(hits[0].filter(isMember)), sigma: mean(hits[1].filter(isMember)) };
    }),
    files: FILES,
  };

  const { drawContactSheet } = await import("./contact-sheet.js");
  const sheet = await drawContactSheet(labels, dose, seed);
  const comparison = await drawMapsSideBySide(
    [
      { points: standard.embedding, title: "Standard t-SNE", subtitle: caption(maps.standard) },
      { points: aware.embedding, title: "Sigma-aware t-SNE", subtitle: caption(maps.sigma) },
    ],
    { labels, title: `${count} simulated micrographs` },
  );
  await pause(signal);
  const writing = { signal };
  await writeMatrix(path("means.npy"), means, writing);
  await writeMatrix(path("sigma.npy"), sigma, writing);
  await writeFileAtomic(path("labels.csv"), `label\n${labels.join("\n")}\n`, writing);
  await writeMatrix(path("map_standard.npy"), standard.embedding, writing);
  await writeMatrix(path("map_standard.csv"), standard.embedding, writing);
  await writeMatrix(path("map_sigma.npy"), aware.embedding, writing);
  await writeMatrix(path("map_sigma.csv"), aware.embedding, writing);
  await writeFileAtomic(path("micrographs.png"), sheet, writing);
  await writeFileAtomic(path("comparison.png"), comparison, writing);
  const seconds = {
    data: (observedAt - began) / 1000,
    standard: standard.seconds.total,
    sigma: aware.seconds.total,
    total: (performance.now() - began) / 1000,
  };
  const summary = { ...findings, seconds, explanation: explainAcquisitions(findings) };
  await writeFileAtomic(path("summary.json"), `${JSON.stringify(summary, undefined, 2)}\n`, writing);
  return summary;

  function report(part: "standard" | "sigma") {
    return onProgress && ((progress: TsneProgress) => onProgress({ ...progress, part }));
  }
}

/** Diffractograms of all scenes. */
interface Observed {
  labels: string[];
  dose: Float32Array;
  /** (n * 8) x frequencies: the acquisitions of the first scene, those of the second, and so on. */
  acquisitions: Matrix;
  /** n x frequencies, of the scenes without noise. */
  scenes: Matrix;
}

/** Generates and measures some scenes at a time: the images of all of them would take much more memory. */
async function observe(
  count: number,
  seed: number,
  signal: AbortSignal | undefined,
  onProgress: ResolvedDemo["onProgress"],
): Promise<Observed> {
  const piece = 32;
  const { size } = generateMicrographs({ count: 0 });
  const { length, measure } = createDiffractometer(size, RESOLUTION);
  const acquisitions = new Matrix(new Float32Array(count * ACQUISITIONS * length), count * ACQUISITIONS, length);
  const scenes = new Matrix(new Float32Array(count * length), count, length);
  const labels: string[] = [];
  const dose = new Float32Array(count);
  for (let first = 0; first < count; first += piece) {
    onProgress?.({ part: "data", stage: "micrographs", fraction: first / count });
    const micrographs = generateMicrographs({ first, count: Math.min(piece, count - first), seed });
    labels.push(...micrographs.labels);
    dose.set(micrographs.dose, first);
    for (let r = 0; r < ACQUISITIONS; r++) {
      const images = r === 0 ? micrographs.images : micrographs.acquire(r);
      for (let i = 0; i < images.rows; i++) {
        measure(images.row(i), dose[first + i], acquisitions.row((first + i) * ACQUISITIONS + r));
      }
      await pause(signal);
    }
    for (let i = 0; i < micrographs.scenes.rows; i++) {
      measure(micrographs.scenes.row(i), Number.POSITIVE_INFINITY, scenes.row(first + i));
    }
  }
  onProgress?.({ part: "data", stage: "micrographs", fraction: 1 });
  return { labels, dose, acquisitions, scenes };
}

/** Means over the acquisitions, their standard errors, and the noise-free scenes, along the same principal components. */
async function reduce(
  { acquisitions, scenes }: Observed,
  threads: number,
  signal: AbortSignal | undefined,
): Promise<{ means: Matrix; sigma: Matrix; scenes: Matrix }> {
  const { rows: n, cols: length } = scenes;
  const averages = new Matrix(new Float64Array(n * length), n, length);
  for (let i = 0; i < acquisitions.rows; i++) {
    const average = averages.row(Math.floor(i / ACQUISITIONS));
    acquisitions.row(i).forEach((value, f) => {
      average[f] += value / ACQUISITIONS;
    });
  }
  const center = new Float64Array(length);
  const spread = new Float64Array(length);
  for (let f = 0; f < length; f++) {
    const column = Float64Array.from({ length: n }, (_, i) => averages.at(i, f));
    center[f] = mean(column);
    spread[f] = Math.sqrt(column.reduce((sum, value) => sum + (value - center[f]) ** 2, 0) / (n - 1));
  }
  const standardize = (row: ArrayLike<number>) => Float64Array.from(row, (value, f) => (value - center[f]) / spread[f]);
  const standardized = new Float64Array(n * length);
  for (let i = 0; i < n; i++) standardized.set(standardize(averages.row(i)), i * length);
  const axes = await pca(new Matrix(standardized, n, length), Math.min(COMPONENTS, n), { threads, signal });
  const d = axes.components.rows;
  const scale = Math.sqrt(axes.variances[0]);
  const project = (row: ArrayLike<number>) => {
    const values = standardize(row).map((value, f) => value - axes.mean[f]);
    return Float64Array.from({ length: d }, (_, c) => {
      const axis = axes.components.row(c);
      return values.reduce((sum, value, f) => sum + value * axis[f], 0) / scale;
    });
  };
  const means = new Float32Array(n * d);
  const sigma = new Float32Array(n * d);
  const clean = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    if (i % 64 === 0) await pause(signal);
    clean.set(project(scenes.row(i)), i * d);
    const scores = Array.from({ length: ACQUISITIONS }, (_, r) => project(acquisitions.row(i * ACQUISITIONS + r)));
    for (let c = 0; c < d; c++) {
      const repeats = Float64Array.from(scores, (score) => score[c]);
      const { mean: center, standardError } = meanWithError(repeats);
      means[i * d + c] = center;
      sigma[i * d + c] = standardError;
    }
  }
  return { means: new Matrix(means, n, d), sigma: new Matrix(sigma, n, d), scenes: new Matrix(clean, n, d) };
}

/** Whether a dose is among the lower half of them. */
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

function caption({ accuracy, neighborsKept }: MapScores): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return `10-nn label accuracy ${percent(accuracy.all)} (low dose ${percent(accuracy.lowDose)}), true neighbors ${percent(neighborsKept.all)}`;
}
