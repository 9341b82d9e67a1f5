/**
 * 300 points of a noisy plane in 10 dimensions, whose embeddings all reach the same KL divergence. They are made without functions such as
 * sin, whose last bits differ between systems.
 */
let state = 42;
const random = () => {
  state = (state * 1664525 + 1013904223) % 2 ** 32;
  return state / 2 ** 32;
};

export const points = Array.from({ length: 300 }, () => {
  const [u, v] = [random(), random()];
  return Array.from({ length: 10 }, (_, k) => u * ((k % 3) - 1) + v * ((k % 7) / 3 - 1) + 0.1 * random());
});
