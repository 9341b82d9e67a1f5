/** How well clusters agree with labels that they were made without. */
export interface ClusterAccuracy {
  /** Share of the images whose label is the most frequent one of their cluster. */
  readonly accuracy: number;
  /** That label of every cluster; -1 for an empty one. */
  readonly labels: readonly number[];
  /** Images in every cluster. */
  readonly sizes: readonly number[];
}

/**
 * The unsupervised accuracy of Dilokthanakul et al. 2016, section 4.2: every cluster is given the label that most of its images have.
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
    labels: most.map(([label]) => label),
    sizes: tallies.map((tally) => [...tally.values()].reduce((sum, size) => sum + size, 0)),
  };
}
