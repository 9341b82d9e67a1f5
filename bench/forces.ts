import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readMatrix, writeMatrix } from "../src/io/index.js";
import { type Dataset, openDataset } from "./datasets.js";
import type { PeerPaths } from "./implementations.js";
import { type KernelTiming, makeEmbedding } from "./kernels.js";
import { describeMeasurement, type Machine } from "./machine.js";
import { count, markdownTable, percent } from "./markdown.js";
import type { Settings } from "./race.js";

/** Errors of the approximate repulsion compared with the sum over all pairs, for one finished embedding. */
export interface Forces extends Pick<KernelTiming, "dataset" | "kernel" | "n"> {
  forceError: number;
  zError: number;
}

export interface ForcesRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: Pick<Settings, "threads" | "perplexity" | "iterations" | "seed">;
  forces: Forces[];
}

/** Largest root mean square error of the forces that is acceptable with the default settings. */
export const MOST_FORCE_ERROR = 0.02;
const DEFAULTS = ["Barnes-Hut, theta 0.5, 2-D", "particle mesh, spacing 0.4, 2-D"];

const SIZES = [1000, 3000, 10000, 30000, 70000];

/**
 * Compares forces on finished embeddings of this project: of the first 1,000 to 70,000 points of a data set, and of all
 * points.
 */
export async function compareForces(
  executable: string,
  name: string,
  folder: string | undefined,
  settings: Settings,
  paths: PeerPaths,
  signal: AbortSignal,
): Promise<Forces[]> {
  const dataset = await openDataset(name, folder, false, signal);
  const sizes = [...SIZES.filter((size) => size < dataset.n), dataset.n];
  const embeddings: string[] = [];
  for (const n of sizes)
    embeddings.push(await makeEmbedding(await cut(dataset, n, signal), 2, settings, paths, signal));
  const { stdout } = await promisify(execFile)(executable, [String(settings.threads), "forces", ...embeddings], {
    signal,
  });
  const timings: KernelTiming[] = stdout
    .trim()
    .split("\n")
    .map((line) => ({ dataset: name, ...JSON.parse(line) }));
  return timings.flatMap(({ kernel, n, forceError, zError }) =>
    forceError === undefined || zError === undefined ? [] : [{ dataset: name, kernel, n, forceError, zError }],
  );
}

async function cut(dataset: Dataset, n: number, signal: AbortSignal): Promise<Dataset> {
  if (n === dataset.n) return dataset;
  const x = dataset.x.replace(/\.npy$/, `-first-${n}.npy`);
  await writeMatrix(x, await readMatrix(dataset.x, { rows: [0, n], signal }), { signal });
  return { ...dataset, n, x };
}

/** Returns the results of default settings whose error is too large. */
export function tooLarge(forces: readonly Forces[]): Forces[] {
  return forces.filter(({ kernel, forceError }) => DEFAULTS.includes(kernel) && !(forceError <= MOST_FORCE_ERROR));
}

export function formatForces({ forces, ...facts }: ForcesRecord): string {
  const kernels = [...new Set(forces.map(({ kernel }) => kernel))];
  const embeddings = [...new Set(forces.map(({ dataset, n }) => `${dataset}, ${count(n)}`))];
  const rows = embeddings.map((embedding) => [
    embedding,
    ...kernels.map((kernel) => {
      const found = forces.find((one) => one.kernel === kernel && `${one.dataset}, ${count(one.n)}` === embedding);
      return found ? `${percent(found.forceError)}, ${percent(found.zError)}` : "";
    }),
  ]);
  return [
    markdownTable(["embedding", ...kernels.map((kernel) => kernel.replace(/, 2-D$/, ""))], rows, 0),
    describeMeasurement(facts),
  ].join("\n\n");
}
