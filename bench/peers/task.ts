import { readFileSync } from "node:fs";

/** The input of one run. Paths refer to C-ordered float32 .npy files. */
export interface Task {
  /** n x d data. */
  x: string;
  /** Standard deviations, for programs that use them. */
  sigma?: string | undefined;
  /** Path for the embedding. */
  y: string;
  perplexity: number;
  /**
   * Iterations of the peers. The runs of this project end when they have converged, unless `options` states a number.
   */
  iterations: number;
  threads: number;
  seed: number;
  /** Further options of this project's own runs. */
  options?: Readonly<Record<string, unknown>> | undefined;
}

/** The result of a run. It is printed as JSON in the last line of standard output. */
export interface Answer {
  /** Seconds from the matrix in memory to the embedding in memory. */
  seconds: number;
  /** Peak memory of the process, including the runtime and the data. */
  peakMib: number;
  /** Seconds of the stages of the run, if they are known. */
  stages?: Readonly<Record<string, number>> | undefined;
  method?: string | undefined;
  /** Iterations of gradient descent, if the program chooses the number. */
  iterations?: number | undefined;
  /** KL divergence that the program itself reports. */
  statedKl?: number | undefined;
}

/**
 * Peak resident memory of this process in MiB. A forked process inherits the peak of its parent in `getrusage`, so the
 * number that Linux reports in /proc is preferred.
 */
export function peakMib(): number {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    if (kib) return Number(kib) / 1024;
  } catch {
    // This system is not Linux.
  }
  return process.resourceUsage().maxRSS / 1024;
}

/** Reads the task of this process from its command line. */
export function readTask<T = Task>(): T {
  return JSON.parse(process.argv[2]);
}

export function answer(value: Answer): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
