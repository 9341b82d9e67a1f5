/** The settings of a map that an offline page computes. */
import type { EmbeddingChoices } from "../../protocol.js";

export interface MapSettings {
  readonly perplexity: number;
  readonly usesSigma: boolean;
  readonly distance: string;
  readonly iterations: "auto" | number;
  readonly earlyExaggeration: number;
  readonly seed: number;
  readonly start: string;
}

/** The distances between points with standard deviations, or without them. The first one is the default. */
export function distancesFor({ distances }: EmbeddingChoices, usesSigma: boolean): string[] {
  return distances.filter((distance) => distance.usesSigma === usesSigma).map(({ name }) => name);
}

export function defaultSettings(choices: EmbeddingChoices, hasSigma: boolean): MapSettings {
  return {
    perplexity: choices.perplexity,
    usesSigma: hasSigma,
    distance: distancesFor(choices, hasSigma)[0],
    iterations: "auto",
    earlyExaggeration: choices.earlyExaggeration,
    seed: choices.seed,
    start: choices.starts[0],
  };
}

/** A short name of a map: its perplexity, and the settings that differ from their defaults. */
export function titleOf(settings: MapSettings, choices: EmbeddingChoices, hasSigma: boolean): string {
  const usual = defaultSettings(choices, hasSigma);
  const { perplexity, usesSigma, distance, iterations, earlyExaggeration, seed, start } = settings;
  return [
    `Perplexity ${perplexity}`,
    hasSigma && (usesSigma ? "with sigma" : "without sigma"),
    distance !== distancesFor(choices, usesSigma)[0] && distance,
    iterations !== usual.iterations && `${iterations} iterations`,
    earlyExaggeration !== usual.earlyExaggeration && `exaggeration ${earlyExaggeration}`,
    start !== usual.start && `${start} start`,
    seed !== usual.seed && `seed ${seed}`,
  ]
    .filter(Boolean)
    .join(", ");
}
