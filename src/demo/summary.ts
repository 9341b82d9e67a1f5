import type { Correlation } from "../compare/index.js";
import type { DemoFile } from "./options.js";
import type { Difference } from "./scores.js";

/** A mean over all images, over the half with the lower doses, and over the half with the higher doses. */
export interface Halves {
  all: number;
  lowDose: number;
  highDose: number;
}

/** The scores of one map. */
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
  /** Lowest, median and highest dose, in electrons per pixel at the image value 1. */
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

/** What the demo of an autoencoder's codes did and found; `summary.json` holds the same. */
export interface CodesSummary {
  data: "codes";
  /** Number of images. */
  n: number;
  /** Kinds of image. */
  classes: number;
  seed: number;
  model: {
    name: string;
    parameters: number;
    zDim: number;
    /** Dimensions whose means differ between images. */
    activeDimensions: number;
    epochs: number;
    /** Mean loss of the last epoch; of a `vae` in nats per image. */
    loss: number;
    /** What the network was computed with. */
    backend: string;
  };
  /** Mean, 5th and 95th percentile of the images' mean standard deviations. */
  sigma: { mean: number; low: number; high: number };
  /** Share of the images for which most of the 10 nearest neighbors in the map are of their own kind. KL divergences are not comparable. */
  maps: Record<"standard" | "sigma", { kl: number; accuracy: number }>;
  /** Accuracy of the sigma-aware minus that of the standard map. Another seed of the optimization would add to the error. */
  gain: Difference;
  /** Mean share of an image's k nearest neighbors in the standard map that are not among them in the sigma-aware one. */
  changed: { k: number; mean: number };
  /** Whether the images that moved are the uncertain ones; null where all have one mean standard deviation. */
  uncertainty: Correlation | null;
  separation: { evenness: number; evennessBefore: number; keptNeighbors: number; rows: number; columns: number };
  /** In the directory. */
  files: readonly DemoFile[];
  /** Wall-clock times. */
  seconds: { data: number; training: number; comparison: number; pictures: number; total: number };
  /** A few sentences on what to look at. */
  explanation: string[];
}
