import type { Correlation } from "../compare/index.js";
import type { DemoFile } from "./options.js";
import type { Difference } from "./scores.js";

/** A mean over all images, over the half with the lower doses and over the half with the higher doses. */
export interface Halves {
  all: number;
  lowDose: number;
  highDose: number;
}

/** The scores of one map. */
export interface MapScores {
  /**
   * KL divergence of the map from the affinities that it was computed from. The two maps are computed from different
   * affinities, so their divergences are not comparable.
   */
  kl: number;
  iterations: number;
  /** Share of the images for which most of the 10 nearest neighbors in the map have the image's own label. */
  accuracy: Halves;
  /**
   * Share of the 10 nearest neighbors in the map that are among the 10 nearest neighbors of the noise-free scenes, by
   * Euclidean distance between their principal components.
   */
  neighborsKept: Halves;
}

/** Results of the demo of repeated acquisitions, identical to the content of `summary.json`. */
export interface AcquisitionsSummary {
  data: "acquisitions";
  /** Number of images. */
  n: number;
  /** Number of embedded input dimensions. */
  d: number;
  seed: number;
  /** Number of acquisitions of every scene. */
  acquisitions: number;
  /** Lowest, median and highest dose, in electrons per pixel at the image value 1. */
  dose: { least: number; median: number; most: number };
  /** Root mean square of the standard deviations. */
  sigma: Halves;
  maps: { standard: MapScores; sigma: MapScores };
  /**
   * Sigma-aware map minus standard map: the mean difference and its standard error over the images. The error does not
   * include the variation between seeds of the optimization.
   */
  gain: { accuracy: Record<keyof Halves, Difference>; neighborsKept: Record<keyof Halves, Difference> };
  /**
   * The accuracy if the neighbors are searched among the noise-free scenes instead of in a map. It shows how much
   * accuracy is lost by noise and embedding.
   */
  noiseFreeAccuracy: number;
  /** Share of every image's 10 nearest neighbors that the two maps have in common. */
  agreement: number;
  /** Accuracy for the half of each class that has the lower doses. */
  lowDoseAccuracy: { label: string; standard: number; sigma: number }[];
  files: readonly DemoFile[];
  /** Wall-clock times. All other values are the same for the same seed and count. */
  seconds: { data: number; standard: number; sigma: number; total: number };
  /** A few sentences on what to look at. */
  explanation: string[];
}

/** Results of the demo of an autoencoder's codes, identical to the content of `summary.json`. */
export interface CodesSummary {
  data: "codes";
  /** Number of images. */
  n: number;
  /** Number of classes. */
  classes: number;
  seed: number;
  model: {
    name: string;
    parameters: number;
    zDim: number;
    /** Number of latent dimensions in use, which are those whose means differ between images. */
    activeDimensions: number;
    epochs: number;
    /** Mean loss of the last epoch; for a `vae` in nats per image. */
    loss: number;
    /** Backend that computed the network. */
    backend: string;
  };
  /** Mean, 5th and 95th percentile of the images' mean standard deviations. */
  sigma: { mean: number; low: number; high: number };
  /**
   * Share of the images for which most of the 10 nearest neighbors in the map have the same label. KL divergences of
   * the two maps are not comparable.
   */
  maps: Record<"standard" | "sigma", { kl: number; accuracy: number }>;
  /**
   * Accuracy of the sigma-aware map minus that of the standard map. The error does not include the variation between
   * seeds of the optimization.
   */
  gain: Difference;
  /**
   * Mean share of an image's k nearest neighbors in the standard map that are not among its k nearest neighbors in the
   * sigma-aware map.
   */
  changed: { k: number; mean: number };
  /**
   * Correlation between the movement of the images from one map to the other and their uncertainty; null if all images
   * have the same mean standard deviation.
   */
  uncertainty: Correlation | null;
  separation: { evenness: number; evennessBefore: number; keptNeighbors: number; rows: number; columns: number };
  /** Files in the output folder. */
  files: readonly DemoFile[];
  /** Wall-clock times. */
  seconds: { data: number; training: number; comparison: number; pictures: number; total: number };
  /** A few sentences on what to look at. */
  explanation: string[];
}
