/**
 * Measurements whose truth is known: five groups of points in ten coordinates. Each value has an error of its own, and its standard deviation is
 * known, as in a catalog of stars or a table of assays.
 *
 * @returns {{ truth: number[][], means: number[][], sigma: number[][], labels: string[] }}
 */
export function simulateMeasurements({ count = 500, coordinates = 10, groups = 5, seed = 1 } = {}) {
  const uniform = createRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const centers = Array.from({ length: groups }, () => Array.from({ length: coordinates }, () => 2 * normal()));
  const labels = Array.from({ length: count }, (_, i) => `group ${i % groups}`);
  const truth = labels.map((_, i) => centers[i % groups].map((center) => center + normal()));
  // Half of the values are precise, half are very uncertain.
  const sigma = truth.map((row) => row.map(() => (uniform() < 0.5 ? 0.1 : 5)));
  const means = truth.map((row, i) => row.map((value, j) => value + sigma[i][j] * normal()));
  return { truth, means, sigma, labels };
}

/** Numbers from 0 to 1 that depend on the seed alone (a linear congruential generator, good enough for an example). */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
