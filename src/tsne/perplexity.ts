/** One perplexity, or several in ascending order. */
type Perplexity = number | readonly number[];

/** How many neighbors of each of n points are searched: three times the perplexity, or the largest one. */
export function neighborCount(perplexity: Perplexity, n: number): number {
  const largest = typeof perplexity === "number" ? perplexity : (perplexity.at(-1) as number);
  return Math.min(Math.floor(3 * largest), n - 1);
}

/** One perplexity, or several, in words. */
export const describePerplexity = (perplexity: Perplexity): string =>
  `perplexity ${[perplexity].flat().map(round).join(", ")}`;

const round = (value: number): number => Math.round(value * 100) / 100;
