import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { readMatrix } from "../src/io/index.js";
import type { Matrix } from "../src/matrix.js";
import { Tsne } from "../src/tsne/index.js";
import { type Dataset, openDataset } from "./datasets.js";
import { FOLDERS } from "./folders.js";
import { describeMeasurement, type Machine } from "./machine.js";
import { count, markdownTable, median, percent, significant } from "./markdown.js";

/** The libraries of `peers/neighbors.py`. Libraries that are not installed are left out. */
export const NEIGHBOR_LIBRARIES = ["faiss-flat", "faiss-ivf", "faiss-hnsw", "hnswlib", "pynndescent"] as const;

export interface NeighborSettings {
  threads: number;
  perplexity: number;
  /** Recall that the libraries must reach, in [0, 1]. */
  recall: number;
  rounds: number;
  seed: number;
}

/** One search for the neighbors of all points. */
export interface NeighborRun {
  dataset: string;
  n: number;
  /** A search of this project, such as `ours, cells`, or a library. */
  program: string;
  seconds: number;
  /** Processor time of all threads, in seconds. Other programs on the machine affect it less than the elapsed time. */
  cpuSeconds: number;
  /** Share of the true neighbors that were found, for 512 random points. */
  recall: number;
  setting: string;
}

export interface NeighborRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: NeighborSettings;
  runs: NeighborRun[];
}

/** Searches alternately with this project and each library: ours, theirs, ours, theirs. */
export async function measureNeighbors(
  record: NeighborRecord,
  names: readonly string[],
  folder: string | undefined,
  python: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const name of names) {
    const dataset = await openDataset(name, folder, false, signal);
    const data = await readMatrix(dataset.x, { signal });
    const sigma = dataset.sigma === undefined ? undefined : await readMatrix(dataset.sigma, { signal });
    const missing = new Set<string>();
    for (let round = 0; round < record.settings.rounds; round++) {
      const add = (run: NeighborRun | undefined): void => {
        if (!run) return;
        record.runs.push(run);
        log(`${name}: ${run.program} ${significant(run.seconds)} s, recall ${percent(run.recall)} (${run.setting})`);
      };
      add(await searchOurs(dataset, data, undefined, "exact", record.settings, signal));
      if (sigma) add(await searchOurs(dataset, data, sigma, "cells", record.settings, signal));
      for (const library of NEIGHBOR_LIBRARIES) {
        if (missing.has(library)) continue;
        add(await searchOurs(dataset, data, undefined, "cells", record.settings, signal));
        const run = await searchTheirs(dataset, library, python, record.settings, signal);
        add(run);
        if (!run) {
          missing.add(library);
          log(`${name}: ${library} cannot be run by the Python of --python and is left out`);
        }
      }
    }
  }
}

async function searchOurs(
  { name, n }: Dataset,
  data: Matrix,
  sigma: Matrix | undefined,
  neighbors: "exact" | "cells",
  { threads, perplexity, seed }: NeighborSettings,
  signal: AbortSignal,
): Promise<NeighborRun> {
  let begin: NodeJS.CpuUsage | undefined;
  let cpuSeconds = 0;
  const run = new Tsne(data, {
    ...{ threads, perplexity, seed, neighbors, sigma, signal, varianceFloor: 0.01 },
    onProgress({ stage }) {
      if (stage !== "neighbors") return;
      begin ??= process.cpuUsage();
      const { user, system } = process.cpuUsage(begin);
      cpuSeconds = (user + system) / 1e6;
    },
  });
  // Without iterations, only the neighbors, the affinities and the initial positions are computed.
  const result = await run.fit(0);
  return {
    dataset: name,
    n,
    program: `ours, ${result.neighbors.method}${sigma ? ", with sigma" : ""}`,
    seconds: result.seconds.neighbors ?? 0,
    cpuSeconds,
    recall: result.neighbors.recall,
    setting: "defaults",
  };
}

async function searchTheirs(
  { name, n, x }: Dataset,
  library: string,
  python: string,
  { threads, perplexity, recall }: NeighborSettings,
  signal: AbortSignal,
): Promise<NeighborRun | undefined> {
  const script = join(FOLDERS.peers, "neighbors.py");
  const args = [script, library, x, String(Math.floor(3 * perplexity)), String(threads), String(recall)];
  try {
    const { stdout } = await promisify(execFile)(python, args, { signal });
    return { dataset: name, n, program: library, ...JSON.parse(stdout.trim().split("\n").at(-1) ?? "") };
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

export function formatNeighbors({ settings, runs, ...facts }: NeighborRecord): string {
  const keys = [...new Set(runs.map(({ dataset, program }) => `${dataset}\n${program}`))];
  const groups = keys.map((key) => runs.filter(({ dataset, program }) => `${dataset}\n${program}` === key));
  // Small data sets are always searched exactly.
  const ours = (dataset: string): number => {
    const secondsOf = (program: string) =>
      runs.filter((run) => run.dataset === dataset && run.program === program).map(({ seconds }) => seconds);
    const inCells = secondsOf("ours, cells");
    return median(inCells.length > 0 ? inCells : secondsOf("ours, exact"));
  };
  const rows = groups.map((group) => {
    const [{ dataset, n, program, recall, setting }] = group;
    const seconds = median(group.map((run) => run.seconds));
    return [
      `${dataset}, ${count(n)}`,
      program,
      significant(seconds),
      significant(median(group.map((run) => run.cpuSeconds))),
      `${significant(seconds / ours(dataset))}x`,
      percent(recall),
      setting,
    ];
  });
  const header = ["data", "program", "seconds", "CPU seconds", "time, ours = 1", "recall", "setting"];
  const { threads, perplexity, recall, rounds } = settings;
  return [
    markdownTable(header, rows, 0),
    `${Math.floor(3 * perplexity)} neighbors, threads ${threads}, medians of ${rounds} rounds in turn. A library has the first of several ` +
      `settings with a recall of ${percent(recall)} or more, or the most accurate one.`,
    describeMeasurement(facts),
  ].join("\n\n");
}
