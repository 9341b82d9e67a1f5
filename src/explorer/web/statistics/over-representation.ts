/** The over-representation of a value in a group of points. */
export interface OverRepresentation {
  /** Index of the value among all values. */
  readonly value: number;
  /** Occurrences in the group. */
  readonly count: number;
  /** Share of the value in the group, divided by its share in all points. */
  readonly lift: number;
  /** Log odds ratio in units of its standard error. A score above 3 is hardly due to chance. */
  readonly score: number;
}

/**
 * Number of pseudo-occurrences that are added in proportion to the shares of the values in all points. They keep rare
 * values from the top of the list: without them, a value that occurs only once, in this group, would have an infinite
 * lift.
 */
const PRIOR = 50;

/**
 * Finds the values that are over-represented in a group of points compared with all other points. The score is the log
 * odds ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis 16,
 * 2008, equations 15, 16 and 22). Unlike class-based TF-IDF, this score has an absolute scale: scores below about 3 are
 * not significant.
 *
 * @param counts occurrences of each value in the group
 * @param totals occurrences of each value in all points
 * @returns values with a score above `minScore`, the highest scores first
 */
export function findOverRepresented(
  counts: ArrayLike<number>,
  totals: ArrayLike<number>,
  minScore = 3,
): OverRepresentation[] {
  const sizeOf = (values: ArrayLike<number>) => Array.prototype.reduce.call(values, (a, b) => a + b, 0) as number;
  const [size, all] = [sizeOf(counts), sizeOf(totals)];
  const rest = all - size;
  const found: OverRepresentation[] = [];
  if (size === 0) return found;
  for (let value = 0; value < totals.length; value++) {
    const count = counts[value];
    if (count === 0) continue;
    const prior = (PRIOR * totals[value]) / all;
    const [inside, outside] = [count + prior, totals[value] - count + prior];
    const logOdds = Math.log(inside / (size + PRIOR - inside)) - Math.log(outside / (rest + PRIOR - outside));
    const score = logOdds / Math.sqrt(1 / inside + 1 / outside);
    if (score > minScore) {
      found.push({ value, count, lift: count / size / (totals[value] / all), score });
    }
  }
  return found.sort((a, b) => b.score - a.score || a.value - b.value);
}
