import type * as library from "../../src/index.js";
import { readTask } from "./task.js";

// Imports the built package by its public name. The name is a variable, so that types can be checked before the package
// is built.
const PACKAGE = "sigma-tsne";
const { readMatrix, runTsne } = (await import(PACKAGE)) as typeof library;

/** Several runs in one process. */
export interface SimultaneousTask {
  x: string;
  /** Total number of runs. */
  runs: number;
  /** Number of runs that work at the same time. */
  atOnce: number;
  threads: number;
  perplexity: number;
}

export interface SimultaneousAnswer {
  /** Time of the first start and of the last end, in milliseconds since 1970. */
  start: number;
  end: number;
  cpuSeconds: number;
}

const { x, runs, atOnce, threads, perplexity } = readTask<SimultaneousTask>();
const data = await readMatrix(x);
let next = 0;
const work = async (): Promise<void> => {
  while (next < runs) {
    next++;
    await runTsne(data, { threads, perplexity });
  }
};
const start = Date.now();
const before = process.cpuUsage();
await Promise.all(Array.from({ length: atOnce }, work));
const { user, system } = process.cpuUsage(before);
const answer: SimultaneousAnswer = { start, end: Date.now(), cpuSeconds: (user + system) / 1e6 };
process.stdout.write(`${JSON.stringify(answer)}\n`);
