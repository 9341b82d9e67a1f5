import { join } from "node:path";
import { readLabels, readMatrix } from "../src/io/index.js";
import { evaluate } from "../src/quality/index.js";
import { runTsne, type TsneOptions } from "../src/tsne/index.js";
import type { Competition } from "./competitors.js";
import { openDataset } from "./datasets.js";
import { type Machine, round } from "./machine.js";
import { addNoise, drawRows, NOISE_KINDS, TRUTHS, type Truth, toUnitSpread } from "./uncertain-data.js";

/** How well embeddings of measured values represent the truth, over all seeds. */
export interface Recovery {
  data: string;
  noise: string;
  level: number;
  /** Scores by variant. */
  scores: Record<string, Score>;
  /** Mean of the floor that `auto` chooses. */
  floor: number;
}

/** Means over the seeds. */
export interface Score {
  /** Share of the true 10 nearest neighbors that are among the 10 nearest in the embedding. */
  kept: number;
  accuracy: number;
  /** Difference of `kept` from the embedding without sigma, with the standard error of its mean. */
  gain: number;
  error: number;
}

export interface UncertaintyRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: { points: number; syntheticPoints: number; seeds: number; competitorSeeds: number; threads: number };
  recoveries: Recovery[];
  /** Results of all methods on synthetic and real data. */
  competitions: Competition[];
}

/** The variant with which all others are compared. */
export const PLAIN = "without sigma";

/** The embeddings that are compared, by their names in the table. */
const VARIANTS: Readonly<Record<string, TsneOptions>> = {
  [PLAIN]: { distance: "euclidean" },
  "floor 0.01": { distance: "inverse-variance", varianceFloor: 0.01 },
  auto: { distance: "inverse-variance" },
  "likelihood-ratio": { distance: "likelihood-ratio" },
};

const LEVELS = [0.1, 0.3, 1] as const;
const NEIGHBORS = 10;
const MNIST = "MNIST";

/** Embeds noisy measurements of known truths, and scores the embeddings against the truths. */
export async function measureUncertainty(
  record: UncertaintyRecord,
  folder: string | undefined,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { points, syntheticPoints, seeds, threads } = record.settings;
  const sources: [string, readonly (typeof NOISE_KINDS)[number][], (seed: number) => Promise<Truth>][] = Object.entries(
    TRUTHS,
  ).map(([name, make]) => [name, NOISE_KINDS, async (seed) => make(syntheticPoints, seed)]);
  if (folder !== undefined) sources.unshift([MNIST, ["value"], await openMnist(folder, points, signal)]);
  for (const [data, kinds, draw] of sources) {
    for (const noise of kinds) {
      for (const level of LEVELS) {
        const embeddings: ScoredEmbeddings[] = [];
        for (let seed = 1; seed <= seeds; seed++) {
          embeddings.push(await scoreEmbeddings(await draw(seed), { noise, level, seed }, threads, signal));
        }
        const recovery = { data, noise, level, ...average(embeddings) };
        record.recoveries.push(recovery);
        const scores = Object.entries(recovery.scores).map(([name, { kept }]) => `${name} ${kept.toFixed(3)}`);
        log(`${data}, noise per ${noise}, level ${level}: ${scores.join(", ")}`);
      }
    }
  }
}

/** Embeddings of one draw of the noise. */
interface ScoredEmbeddings {
  readonly scores: Readonly<Record<string, { readonly kept: number; readonly accuracy: number }>>;
  readonly floor: number;
}

async function scoreEmbeddings(
  truth: Truth,
  { noise, level, seed }: { noise: (typeof NOISE_KINDS)[number]; level: number; seed: number },
  threads: number,
  signal: AbortSignal,
): Promise<ScoredEmbeddings> {
  const { means, sigma } = addNoise(truth, noise, level, 1000 * seed + 7);
  const scores: Record<string, { kept: number; accuracy: number }> = {};
  let floor = 0;
  for (const [name, options] of Object.entries(VARIANTS)) {
    const { embedding, varianceFloor } = await runTsne(means, { ...options, sigma, seed, threads, signal });
    if (name === "auto") floor = varianceFloor as number;
    const settings = { k: NEIGHBORS, labels: truth.labels, distance: "euclidean", threads, signal } as const;
    const { neighborhoods, accuracy } = await evaluate(truth.means, embedding, settings);
    scores[name] = { kept: neighborhoods[0]?.kept.value as number, accuracy: accuracy?.value as number };
  }
  return { scores, floor };
}

function average(embeddings: readonly ScoredEmbeddings[]): Pick<Recovery, "scores" | "floor"> {
  const scores = Object.keys(VARIANTS).map((name) => {
    const own = embeddings.map(({ scores }) => scores[name] as { kept: number; accuracy: number });
    const gains = own.map(({ kept }, i) => kept - (embeddings[i]?.scores[PLAIN]?.kept as number));
    const gain = mean(gains);
    const variance = gains.reduce((sum, value) => sum + (value - gain) ** 2, 0) / Math.max(1, gains.length - 1);
    return [
      name,
      {
        kept: round(mean(own.map(({ kept }) => kept)), 4),
        accuracy: round(mean(own.map(({ accuracy }) => accuracy)), 4),
        gain: round(gain, 4),
        error: round(Math.sqrt(variance / gains.length), 4),
      },
    ] as const;
  });
  return { scores: Object.fromEntries(scores), floor: round(mean(embeddings.map(({ floor }) => floor)), 5) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Draws points of MNIST's test set in 50 principal components, scaled to unit spread. */
async function openMnist(
  folder: string,
  points: number,
  signal: AbortSignal,
): Promise<(seed: number) => Promise<Truth>> {
  const { x } = await openDataset("mnist-test", folder, false, signal);
  const means = toUnitSpread(await readMatrix(x, { signal }));
  const labels = (await readLabels(join(folder, "mnist/t10k-labels-idx1-ubyte.gz"), { signal })).map(Number);
  return async (seed) => {
    const rows = drawRows(means.rows, points, seed);
    return { means: means.take(rows), labels: Array.from(rows, (row) => labels[row] as number) };
  };
}
