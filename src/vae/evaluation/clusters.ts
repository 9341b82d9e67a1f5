import type { Matrix } from "../../matrix.js";
import { Gmvae } from "../models/gmvae/model.js";
import type { toImages } from "../models/images.js";
import type { Model } from "../models/model.js";

/** Agreement of clusters with labels that were not used to find the clusters. */
export interface ClusterAccuracy {
  /** Fraction of the images whose label is the most frequent label of their cluster. */
  readonly accuracy: number;
  /**
   * Mutual information of clusters and labels, divided by the mean of their entropies, 0 to 1 (Strehl & Ghosh 2002,
   * with the arithmetic mean). Unlike the accuracy, this number does not grow when clusters are divided into smaller
   * clusters.
   */
  readonly normalizedMutualInformation: number;
  /** Most frequent label of every cluster; -1 for an empty cluster. */
  readonly labels: readonly number[];
  /** Number of images in every cluster. */
  readonly sizes: readonly number[];
}

/**
 * Computes the unsupervised accuracy of Dilokthanakul et al. 2016, section 4.2: every cluster gets the label that is
 * most frequent among its images.
 *
 * @param clusters the cluster of every image, 0 to `count` - 1
 * @param labels the label of every image
 */
export function clusterAccuracy(
  clusters: ArrayLike<number>,
  labels: ArrayLike<number>,
  count: number,
): ClusterAccuracy {
  const tallies = Array.from({ length: count }, () => new Map<number, number>());
  for (let i = 0; i < clusters.length; i++) {
    const tally = tallies[clusters[i]];
    const label = labels[i];
    tally.set(label, (tally.get(label) ?? 0) + 1);
  }
  const most = tallies.map((tally) => [...tally].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [-1, 0]));
  const agreeing = most.reduce((sum, [, size]) => sum + size, 0);
  return {
    accuracy: clusters.length > 0 ? agreeing / clusters.length : Number.NaN,
    normalizedMutualInformation: normalizedMutualInformation(tallies),
    labels: most.map(([label]) => label),
    sizes: tallies.map((tally) => [...tally.values()].reduce((sum, size) => sum + size, 0)),
  };
}

/** @param tallies for each cluster, the number of its images with each label */
function normalizedMutualInformation(tallies: readonly ReadonlyMap<number, number>[]): number {
  const ofClusters = tallies.map((tally) => total(tally.values()));
  const ofLabels = new Map<number, number>();
  for (const [label, size] of tallies.flatMap((tally) => [...tally])) {
    ofLabels.set(label, (ofLabels.get(label) ?? 0) + size);
  }
  const [clusters, labels] = [entropy(ofClusters), entropy([...ofLabels.values()])];
  const joint = entropy(tallies.flatMap((tally) => [...tally.values()]));
  // Without any entropy, all images are in one cluster and have one label, which agree completely.
  return clusters + labels > 0 ? (2 * (clusters + labels - joint)) / (clusters + labels) : 1;
}

/** Entropy, in nats, of the distribution with these frequencies. */
function entropy(frequencies: readonly number[]): number {
  const all = total(frequencies);
  return total(frequencies.map((frequency) => (frequency > 0 ? -(frequency / all) * Math.log(frequency / all) : 0)));
}

function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/**
 * Measures how well the components of a mixture agree with the labels of images. The result is undefined for models
 * that are not mixtures, and for images without labels.
 */
export async function evaluateClusters(
  model: Model,
  images: ReturnType<typeof toImages>,
  signal: AbortSignal | undefined,
): Promise<ClusterAccuracy | undefined> {
  if (!(model instanceof Gmvae) || !images.labels || images.count === 0) return undefined;
  const probabilities = await model.classify(images, { signal });
  return clusterAccuracy(largest(probabilities), images.labels, probabilities.cols);
}

/** Returns, for each row, the index of the column with the largest entry. */
export function largest(matrix: Matrix): Int32Array {
  return Int32Array.from({ length: matrix.rows }, (_, i) => {
    const row = matrix.row(i);
    return row.indexOf(Math.max(...row));
  });
}
