import { join } from "node:path";
import { readLabels, readMatrix } from "../src/io/index.js";
import { evaluate, type Quality } from "../src/quality/index.js";
import { type ResolvedTsneOptions, Tsne, type TsneResult } from "../src/tsne/index.js";
import { type Dataset, openDataset } from "./datasets.js";
import { describeMeasurement, type Machine } from "./machine.js";
import { count, markdownTable } from "./markdown.js";

const OPTIMIZERS: readonly ResolvedTsneOptions["optimizer"][] = ["momentum", "curvature"];

/** Label files of the data sets with labels, and the number of rows that a data set uses. */
const LABELS: Readonly<Record<string, { files: readonly string[]; rows?: number }>> = {
  "mnist-2000": { files: ["mnist/train-labels-idx1-ubyte.gz"], rows: 2000 },
  "mnist-test": { files: ["mnist/t10k-labels-idx1-ubyte.gz"] },
  latents: { files: ["mnist/t10k-labels-idx1-ubyte.gz"] },
  mnist: { files: ["mnist/train-labels-idx1-ubyte.gz", "mnist/t10k-labels-idx1-ubyte.gz"] },
};

/**
 * Data sets of different kinds: images, codes with sigma, micrographs, groups, no groups, a manifold, equal points and
 * distant groups.
 */
export const USUAL_WITH_FILES = ["mnist-2000", "mnist-test", "latents", "stem", "mnist"];
export const USUAL_WITHOUT_FILES = [
  "generated-1000",
  "generated-30000",
  "gaussian-10000",
  "swiss-roll-10000",
  "duplicates-10000",
  "far-groups-5000",
  "generated-1000000",
];

/** A run with the defaults of one optimizer. */
export interface OptimizerRun {
  dataset: string;
  n: number;
  optimizer: string;
  kl: number;
  iterations: number;
  stopped: TsneResult["stopped"];
  /** KL divergence after twice as many iterations, if the run stopped by itself. */
  klTwice?: number | undefined;
  /** KL divergence after 50, 100, ... iterations. */
  trace: number[];
  spearman: number;
  kept10: number;
  accuracy: number | null;
}

export interface OptimizersRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: { threads: number; perplexity: number; seed: number };
  runs: OptimizerRun[];
}

/** Embeds each data set with the defaults of each optimizer and scores the embeddings. */
export async function measureOptimizers(
  record: OptimizersRecord,
  names: readonly string[],
  folder: string | undefined,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const name of names) {
    const dataset = await openDataset(name, folder, false, signal);
    const data = await readMatrix(dataset.x, { signal });
    const sigma = dataset.sigma === undefined ? undefined : await readMatrix(dataset.sigma, { signal });
    const labels = await readItsLabels(dataset, folder, signal);
    for (const optimizer of OPTIMIZERS) {
      const trace: number[] = [];
      const embedding = new Tsne(data, {
        ...record.settings,
        sigma,
        optimizer,
        signal,
        onProgress({ iteration, kl }) {
          if (kl != null && iteration >= 50) trace[Math.floor(iteration / 50) - 1] ??= kl;
        },
      });
      const result = await embedding.fit();
      const { threads } = record.settings;
      const quality = await evaluate(data, result.embedding, { sigma, labels, k: 10, threads, signal });
      const run = describeRun(dataset, optimizer, result, [...trace], quality);
      record.runs.push(run);
      log(`${name}: ${optimizer} KL ${run.kl.toFixed(3)} after ${run.iterations} iterations (${run.stopped})`);
      if (run.stopped !== "converged") continue;
      run.klTwice = (await embedding.fit(run.iterations)).kl;
      log(`${name}: ${optimizer} KL ${run.klTwice.toFixed(3)} after ${2 * run.iterations} iterations`);
    }
  }
}

async function readItsLabels(
  { name }: Dataset,
  folder: string | undefined,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const known = LABELS[name];
  if (!known || folder === undefined) return undefined;
  const parts = await Promise.all(known.files.map((file) => readLabels(join(folder, file), { signal })));
  return parts.flat().slice(0, known.rows);
}

function describeRun(
  { name, n }: Dataset,
  optimizer: string,
  { kl, iterations, stopped }: TsneResult,
  trace: number[],
  { distanceCorrelation, neighborhoods, accuracy }: Quality,
): OptimizerRun {
  return {
    dataset: name,
    n,
    optimizer,
    kl,
    iterations,
    stopped,
    trace,
    spearman: distanceCorrelation.spearman?.value ?? Number.NaN,
    kept10: neighborhoods[0]?.kept.value ?? Number.NaN,
    accuracy: accuracy?.value ?? null,
  };
}

/** Number of iterations, a multiple of 50, after which the first run reaches the KL divergence of the second. */
function iterationsTo(kl: number, { trace }: OptimizerRun): string {
  const at = trace.findIndex((value) => value <= kl);
  return at < 0 ? "-" : count(50 * (at + 1));
}

/** Formats the KL divergence after twice as many iterations, and the difference. */
function describeTwice({ kl, klTwice }: OptimizerRun): string {
  return klTwice === undefined ? "" : `${klTwice.toFixed(3)} (${(100 * (klTwice / kl - 1)).toFixed(1)} %)`;
}

export function formatOptimizers({ settings, runs, ...facts }: OptimizersRecord): string {
  const rows = runs
    .filter(({ optimizer }) => optimizer === "curvature")
    .map((run) => {
      const momentum = runs.find((other) => other.dataset === run.dataset && other.optimizer === "momentum");
      if (!momentum) return [];
      const both = (value: (of: OptimizerRun) => number | null, digits: number) =>
        [momentum, run].map((of) => value(of)?.toFixed(digits) ?? "").join(", ");
      return [
        `${run.dataset}, ${count(run.n)}`,
        both(({ kl }) => kl, 3),
        `${count(run.iterations)}${run.stopped === "converged" ? "" : ` (${run.stopped})`}`,
        describeTwice(run),
        iterationsTo(momentum.kl, run),
        both(({ spearman }) => spearman, 3),
        both(({ kept10 }) => kept10, 3),
        run.accuracy === null ? "" : both(({ accuracy }) => accuracy, 4),
      ];
    });
  const header = [
    "data",
    "KL: momentum, curvature",
    "iterations of curvature",
    "KL after twice as many",
    "of these to the KL of momentum",
    "correlation of distances (Spearman)",
    "kept neighbors of 10",
    "label accuracy",
  ];
  const { threads, perplexity, seed } = settings;
  return [
    markdownTable(header, rows, 7),
    `Threads ${threads}, perplexity ${perplexity}, seed ${seed}. ${describeMeasurement(facts)}`,
  ].join("\n\n");
}
