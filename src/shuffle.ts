/**
 * Returns 0 to n - 1 in a random order that is always the same (Fisher-Yates over a linear congruential generator).
 * Drawing points in this order avoids that a class is hidden only because it comes first in the file.
 */
export function shuffled(n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  let state = 1;
  for (let i = n - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
