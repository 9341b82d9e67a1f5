/** One perplexity, or several in ascending order. */
type Perplexity = number | readonly number[];

/** Returns the number of neighbors to search for each of n points: three times the largest perplexity. */
export function neighborCount(perplexity: Perplexity, n: number): number {
  const largest = typeof perplexity === "number" ? perplexity : (perplexity.at(-1) as number);
  return Math.min(Math.floor(3 * largest), n - 1);
}

/** Describes one or several perplexities in words. */
export const describePerplexity = (perplexity: Perplexity): string =>
  `perplexity ${[perplexity].flat().map(round).join(", ")}`;

const round = (value: number): number => Math.round(value * 100) / 100;
