import type { Dataset } from "./dataset.js";

/** A likelihood that suits the images of a data set, and the reason for choosing it. */
export interface SuitableLikelihood {
  readonly likelihood: "bernoulli" | "learned-gaussian";
  /** The reason, as the end of a sentence that begins with the name of the likelihood. */
  readonly reason: string;
}

/** Largest number of training images that are examined. */
const MOST_IMAGES = 256;
/** Values whose distances from 0 and from 1 are both larger than this are gray. */
const MARGIN = 0.1;
/** If at least this fraction of the examined values is gray, the images count as gray images. */
const GRAY_FRACTION = 0.3;

/**
 * Chooses a likelihood for a data set. For a named data set, this is the likelihood that is usually chosen. For any
 * other data set, it is `"learned-gaussian"` if at least 30 % of the values in 256 training images are between 0.1 and
 * 0.9, and `"bernoulli"` if fewer are. A Bernoulli likelihood treats each value as the probability of white, so it
 * hardly distinguishes one gray value from another.
 */
export async function suitableLikelihood({ name, train, likelihood }: Dataset): Promise<SuitableLikelihood> {
  if (likelihood) return { likelihood, reason: `as is customary for ${name}` };
  const count = Math.min(train.count, MOST_IMAGES);
  const values = await train.read(Int32Array.from({ length: count }, (_, i) => Math.floor((i * train.count) / count)));
  let gray = 0;
  for (const value of values) if (value > MARGIN && value < 1 - MARGIN) gray++;
  const percent = Math.round((100 * gray) / Math.max(1, values.length));
  return gray >= GRAY_FRACTION * values.length && gray > 0
    ? { likelihood: "learned-gaussian", reason: `because ${percent} % of the pixels are gray` }
    : { likelihood: "bernoulli", reason: `because only ${percent} % of the pixels are gray` };
}
