import { readFileSync } from "node:fs";

/** What one run is asked for. Paths are of C-ordered float32 .npy files. */
export interface Task {
  /** n x d data. */
  x: string;
  /** Standard deviations, for those that use them. */
  sigma?: string | undefined;
  /** Where the embedding goes. */
  y: string;
  perplexity: number;
  /** Of the peers; this project's own runs end when they have converged, unless their options have another number. */
  iterations: number;
  threads: number;
  seed: number;
  /** Further options of this project's own runs. */
  options?: Readonly<Record<string, unknown>> | undefined;
}

/** What a run answers, as the last line of its standard output in JSON. */
export interface Answer {
  /** From the matrix in memory to the embedding in memory. */
  seconds: number;
  /** The most memory that the process ever held, runtime and data included. */
  peakMib: number;
  /** Of the run's stages, where they are known. */
  stages?: Readonly<Record<string, number>> | undefined;
  method?: string | undefined;
  /** Of gradient descent, where the program chooses the number. */
  iterations?: number | undefined;
  /** KL divergence as the program itself states it. */
  statedKl?: number | undefined;
}

/**
 * Peak resident memory of this process in MiB. `getrusage` would count the parent's peak in, which a forked process inherits,
 * so Linux's own figure comes first.
 */
export function peakMib(): number {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    if (kib) return Number(kib) / 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS / 1024;
}

/** The task of this process, from its command line. */
export function readTask<T = Task>(): T {
  return JSON.parse(process.argv[2]);
}

export function answer(value: Answer): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
