import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Dataset, openDataset } from "./datasets.js";
import { BenchmarkError } from "./failure.js";
import { FOLDERS } from "./folders.js";
import { OURS, type PeerPaths, run } from "./implementations.js";
import { describeMeasurement, type Machine } from "./machine.js";
import { count, markdownTable, percent, significant } from "./markdown.js";
import type { Settings } from "./race.js";

/** Upper limits of the machine. */
export interface Limits {
  instructionSet: string;
  /** Floating-point numbers per second in multiplications, alone or fused with an addition, on all threads. */
  multipliesPerSecond: number;
  /** The same with separate additions between the multiplications. */
  operationsPerSecond: number;
  /** Positions per second that are read through indices from the nearest cache. */
  indexedLoadsPerSecond: number;
  /** Memory bandwidth by the total size of the arrays, in ascending order: first the caches, then the memory. */
  triad: readonly { bytes: number; bytesPerSecond: number }[];
}

/** One call of one kernel. */
export interface KernelTiming {
  dataset: string;
  kernel: string;
  n: number;
  unit: string;
  units: number;
  seconds: number;
  /** Least work of a call, in the units of {@link Limits}; 0 if unknown. */
  multiplies: number;
  additions: number;
  loads: number;
  bytes: number;
  /** Bytes of all arrays in use. */
  footprint: number;
  /** What else limits the kernel, if it is none of these limits. */
  otherwise: string;
  /** Root mean square of the error of the force, relative to the force. */
  forceError?: number;
  /** Relative error of Z. */
  zError?: number;
}

export interface KernelRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: Pick<Settings, "threads" | "perplexity" | "iterations" | "seed">;
  limits: Limits;
  timings: KernelTiming[];
}

/** With more points than this, Barnes-Hut takes too long for an embedding of three dimensions. */
const MOST_POINTS_3D = 20000;

const EXECUTABLE = "sigma_kernels_bench";

/** Compiles the C++ part with CMake in `folder` and returns the path of the program. */
export async function buildKernels(folder: string, signal: AbortSignal): Promise<string> {
  const steps = [
    ["-S", FOLDERS.root, "-B", folder, "-DCMAKE_BUILD_TYPE=Release"],
    ["--build", folder, "--target", EXECUTABLE, "--parallel", "2"],
  ];
  for (const args of steps) {
    const child = spawn("cmake", args, { stdio: ["ignore", 2, 2], signal });
    const [code] = await once(child, "close");
    if (code !== 0) throw new BenchmarkError(`cmake ${args.join(" ")} failed`);
  }
  return join(folder, EXECUTABLE);
}

export async function measureLimits(executable: string, settings: Settings, signal: AbortSignal): Promise<Limits> {
  const args = [String(settings.threads), String(settings.perplexity)];
  const { stdout } = await promisify(execFile)(executable, args, { signal });
  return JSON.parse(stdout);
}

/**
 * Times the kernels on one data set and its finished embeddings, which this project computes and stores next to the
 * data.
 */
export async function measureKernels(
  executable: string,
  name: string,
  folder: string | undefined,
  settings: Settings,
  paths: PeerPaths,
  signal: AbortSignal,
): Promise<KernelTiming[]> {
  const dataset = await openDataset(name, folder, true, signal);
  const embeddings = [await makeEmbedding(dataset, 2, settings, paths, signal)];
  if (dataset.n <= MOST_POINTS_3D) embeddings.push(await makeEmbedding(dataset, 3, settings, paths, signal));
  const args = [String(settings.threads), String(settings.perplexity), dataset.x, dataset.sigma ?? "-", ...embeddings];
  const { stdout } = await promisify(execFile)(executable, args, { signal });
  return stdout
    .trim()
    .split("\n")
    .map((line) => ({ dataset: name, ...JSON.parse(line) }));
}

/**
 * Returns the file with the finished embedding of a data set. If the file is missing, this project computes the
 * embedding.
 */
export async function makeEmbedding(
  dataset: Dataset,
  outputDimensions: number,
  { threads, perplexity, iterations, seed, timeout, ours }: Settings,
  paths: PeerPaths,
  signal: AbortSignal,
): Promise<string> {
  const y = dataset.x.replace(/\.npy$/, `-map-${outputDimensions}d-${iterations}.npy`);
  if (!existsSync(y)) {
    const task = {
      x: dataset.x,
      y,
      perplexity,
      iterations,
      threads,
      seed,
      options: outputDimensions === 2 ? ours : { outputDimensions },
    };
    await run(OURS, task, paths, timeout, signal);
  }
  return y;
}

/** If a kernel reaches less than this share of a limit, something else limits it. */
const LEAST_SHARE = 0.25;

/**
 * Finds what limits a kernel: the resource for which its work takes the longest minimum time. Also returns the share of
 * this minimum in the time of the kernel.
 */
export function boundOf(timing: KernelTiming, limits: Limits): { by: string; share: number } {
  const { multiplies, additions, loads, bytes, footprint, seconds } = timing;
  const level = limits.triad.find((triad) => triad.bytes >= footprint) ?? limits.triad.at(-1);
  const operations = (multiplies + additions) / limits.operationsPerSecond;
  const needed: [string, number][] = [
    ["arithmetic", Math.max(multiplies / limits.multipliesPerSecond, operations)],
    ["loads", loads / limits.indexedLoadsPerSecond],
    ["memory", level ? bytes / level.bytesPerSecond : 0],
  ];
  const [by, least] = needed.reduce((a, b) => (b[1] > a[1] ? b : a));
  return { by, share: least / seconds };
}

export function formatKernels({ settings, limits, timings, ...facts }: KernelRecord): string {
  const rows = timings.map((timing) => {
    const { dataset, kernel, n, unit, units, seconds, forceError, zError } = timing;
    return [
      kernel,
      `${dataset}, ${count(n)}`,
      significant(seconds * 1e3),
      significant((seconds / n) * 1e9),
      unit === "point" ? "" : `${significant((seconds / units) * 1e9)} / ${unit}`,
      ...reached(timing, timings, limits),
      forceError === undefined ? "" : percent(forceError),
      zError === undefined ? "" : percent(zError),
    ];
  });
  // The rows are sorted by kernel, to show how the time grows with the size.
  const order = [...new Set(rows.map(([kernel]) => kernel))];
  rows.sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]));
  const header = ["kernel", "data", "ms", "ns / point", "ns", "bound", "reached", "force error", "Z error"];
  const levels = limits.triad.map(({ bytes, bytesPerSecond }) => {
    return `${significant(bytesPerSecond / 1e9)} GB/s over ${Math.round(bytes / 2 ** 20)} MiB`;
  });
  return [
    markdownTable(header, rows, 0),
    `Limits measured beside, threads ${settings.threads}, ${limits.instructionSet}: ` +
      `${significant(limits.multipliesPerSecond / 1e9)} billion multiply-adds of floats per second, ` +
      `${significant(limits.operationsPerSecond / 1e9)} billion where half are lone additions, ` +
      `${significant(limits.indexedLoadsPerSecond / 1e9)} billion indexed loads, triad ${levels.join(", ")}.`,
    describeMeasurement(facts),
  ].join("\n\n");
}

/** Describes what limits a kernel, and the share of the limit that it reaches. */
function reached(timing: KernelTiming, timings: readonly KernelTiming[], limits: Limits): [string, string] {
  if (timing.forceError !== undefined) return ["not counted", equivalent(timing, timings)];
  const { by, share } = boundOf(timing, limits);
  const percentage = `${(share * 100).toFixed(share < 0.095 ? 1 : 0)} %`;
  const isOther = share < LEAST_SHARE && timing.otherwise !== "";
  return isOther ? [timing.otherwise, `${percentage} of ${by}`] : [by, percentage];
}

/** The time of an approximate repulsion, expressed as a number of pairs of the exact repulsion. */
function equivalent(timing: KernelTiming, timings: readonly KernelTiming[]): string {
  const outputDimensions = timing.kernel.split(", ").at(-1);
  const exact = timings.find(
    ({ dataset, kernel }) => dataset === timing.dataset && kernel === `exact repulsion, ${outputDimensions}`,
  );
  if (!exact) return "";
  return `as long as ${significant(timing.seconds / timing.n / (exact.seconds / exact.units))} pairs per point`;
}
