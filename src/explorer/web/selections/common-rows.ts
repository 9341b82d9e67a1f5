/** Number of rows that two ascending lists have in common. */
export function countCommon(one: Uint32Array, other: Uint32Array): number {
  let [i, j, common] = [0, 0, 0];
  while (i < one.length && j < other.length) {
    if (one[i] === other[j]) common++;
    const step = one[i] <= other[j];
    if (other[j] <= one[i]) j++;
    if (step) i++;
  }
  return common;
}
