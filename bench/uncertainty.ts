import { join } from "node:path";
import { readLabels, readMatrix } from "../src/io/index.js";
import { evaluate } from "../src/quality/index.js";
import { runTsne, type TsneOptions } from "../src/tsne/index.js";
import { openDataset } from "./datasets.js";
import type { Machine } from "./machine.js";
import { addNoise, drawRows, NOISE_KINDS, TRUTHS, type Truth, toUnitSpread } from "./uncertain-data.js";

/** How well the embedding of measured values shows the truth. */
export interface Recovery {
  data: string;
  noise: string;
  level: number;
  seed: number;
  /** By variant: share of the true 10 nearest neighbors that are among the 10 nearest in the embedding, and label accuracy. */
  scores: Record<string, { kept: number; accuracy: number }>;
  /** The floor that `auto` stands for. */
  floor: number;
}

export interface UncertaintyRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: { points: number; syntheticPoints: number; seeds: number; threads: number };
  recoveries: Recovery[];
}

/** The embeddings that are compared, by their names in the table. */
const VARIANTS: Readonly<Record<string, TsneOptions>> = {
  "without sigma": { distance: "euclidean" },
  "floor 0.01": { distance: "inverse-variance", varianceFloor: 0.01 },
  auto: { distance: "inverse-variance" },
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
        for (let seed = 1; seed <= seeds; seed++) {
          const recovery = await recover(await draw(seed), { data, noise, level, seed }, threads, signal);
          record.recoveries.push(recovery);
          const scores = Object.entries(recovery.scores).map(([name, { kept }]) => `${name} ${kept.toFixed(3)}`);
          log(`${data}, noise per ${noise}, level ${level}, seed ${seed}: ${scores.join(", ")}`);
        }
      }
    }
  }
}

async function recover(
  truth: Truth,
  { data, noise, level, seed }: Pick<Recovery, "data" | "level" | "seed"> & { noise: (typeof NOISE_KINDS)[number] },
  threads: number,
  signal: AbortSignal,
): Promise<Recovery> {
  const { means, sigma } = addNoise(truth, noise, level, 1000 * seed + 7);
  const recovery: Recovery = { data, noise, level, seed, scores: {}, floor: 0 };
  for (const [name, options] of Object.entries(VARIANTS)) {
    const { embedding, varianceFloor } = await runTsne(means, { ...options, sigma, seed, threads, signal });
    if (name === "auto") recovery.floor = varianceFloor as number;
    const settings = { k: NEIGHBORS, labels: truth.labels, distance: "euclidean", threads, signal } as const;
    const { neighborhoods, accuracy } = await evaluate(truth.means, embedding, settings);
    recovery.scores[name] = {
      kept: neighborhoods[0]?.kept.value as number,
      accuracy: accuracy?.value as number,
    };
  }
  return recovery;
}

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
