/** Returns a quantile of some numbers, interpolated between the two nearest ranks. Infinities are sorted last. */
export function quantile(values: Float32Array | Float64Array, share: number): number {
  const sorted = values.slice().sort();
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low === high ? low : low + (at - Math.floor(at)) * (high - low);
}
