import { Matrix } from "../matrix.js";
import { pca } from "../pca/index.js";
import { generateMicrographs } from "../vae/datasets/index.js";
import { createDiffractometer } from "./diffractogram.js";
import type { ResolvedDemo } from "./options.js";
import { pause } from "./pause.js";
import { mean, meanWithError } from "./scores.js";

/** Number of acquisitions of every scene. */
export const ACQUISITIONS = 8;
const COMPONENTS = 25;
/**
 * Highest measured spatial frequency in periods per side of an image. Images of 48 pixels per side can show at most 24
 * periods.
 */
const RESOLUTION = 16;
/** Number of scenes in memory at a time. */
const SCENES_AT_ONCE = 32;

/** Diffractograms of all scenes. */
export interface Diffractograms {
  labels: string[];
  dose: Float32Array;
  /**
   * (n * 8) x frequencies: all acquisitions of the first scene, then all acquisitions of the second scene, and so on.
   */
  acquisitions: Matrix;
  /** n x frequencies: the diffractograms of the scenes without noise. */
  scenes: Matrix;
}

/** Generates the micrographs and measures their diffractograms, a few scenes at a time to save memory. */
export async function measureDiffractograms({
  count,
  seed,
  signal,
  onProgress,
}: ResolvedDemo): Promise<Diffractograms> {
  const { size } = generateMicrographs({ count: 0 });
  const { length, measure } = createDiffractometer(size, RESOLUTION);
  const acquisitions = new Matrix(new Float32Array(count * ACQUISITIONS * length), count * ACQUISITIONS, length);
  const scenes = new Matrix(new Float32Array(count * length), count, length);
  const labels: string[] = [];
  const dose = new Float32Array(count);
  for (let first = 0; first < count; first += SCENES_AT_ONCE) {
    onProgress?.({ part: "data", stage: "micrographs", fraction: first / count });
    const micrographs = generateMicrographs({ first, count: Math.min(SCENES_AT_ONCE, count - first), seed });
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

/** The data of both maps, and the noise-free scenes in the same principal components. Each matrix is n x components. */
export interface Features {
  means: Matrix;
  sigma: Matrix;
  scenes: Matrix;
}

/**
 * Reduces diffractograms to principal components of the correlation matrix of their means. The mean and the standard
 * error of a scene in each component are computed from the acquisitions of the scene.
 */
export async function reduceToComponents(
  { acquisitions, scenes }: Diffractograms,
  threads: number,
  signal: AbortSignal | undefined,
): Promise<Features> {
  const { rows: n } = scenes;
  const { project, length: d } = await fitComponents(averageAcquisitions(acquisitions), threads, signal);
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

function averageAcquisitions(acquisitions: Matrix): Matrix {
  const [n, length] = [acquisitions.rows / ACQUISITIONS, acquisitions.cols];
  const averages = new Matrix(new Float64Array(n * length), n, length);
  for (let i = 0; i < acquisitions.rows; i++) {
    const average = averages.row(Math.floor(i / ACQUISITIONS));
    acquisitions.row(i).forEach((value, f) => {
      average[f] += value / ACQUISITIONS;
    });
  }
  return averages;
}

/**
 * Fits principal components to standardized columns. The returned projection divides all components by the standard
 * deviation of the first one.
 */
async function fitComponents(points: Matrix, threads: number, signal: AbortSignal | undefined) {
  const { rows: n, cols: length } = points;
  const center = new Float64Array(length);
  const spread = new Float64Array(length);
  for (let f = 0; f < length; f++) {
    const column = Float64Array.from({ length: n }, (_, i) => points.at(i, f));
    center[f] = mean(column);
    spread[f] = Math.sqrt(column.reduce((sum, value) => sum + (value - center[f]) ** 2, 0) / (n - 1));
  }
  const standardize = (row: ArrayLike<number>) => Float64Array.from(row, (value, f) => (value - center[f]) / spread[f]);
  const standardized = new Float64Array(n * length);
  for (let i = 0; i < n; i++) standardized.set(standardize(points.row(i)), i * length);
  const axes = await pca(new Matrix(standardized, n, length), Math.min(COMPONENTS, n), { threads, signal });
  const scale = Math.sqrt(axes.variances[0]);
  const project = (row: ArrayLike<number>) => {
    const values = standardize(row).map((value, f) => value - axes.mean[f]);
    return Float64Array.from({ length: axes.components.rows }, (_, c) => {
      const axis = axes.components.row(c);
      return values.reduce((sum, value, f) => sum + value * axis[f], 0) / scale;
    });
  };
  return { project, length: axes.components.rows };
}
