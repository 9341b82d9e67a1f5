/** Describes a number of bytes: 1300000 bytes are `"1.3 MB"`. */
export function describeBytes(bytes: number): string {
  const [unit, size] = bytes < 1e6 ? ["kB", bytes / 1e3] : ["MB", bytes / 1e6];
  return `${size >= 10 ? Math.round(size) : Number(size.toFixed(1))} ${unit}`;
}
