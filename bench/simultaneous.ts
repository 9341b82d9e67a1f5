import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { openDataset } from "./datasets.js";
import { FOLDERS } from "./folders.js";
import { describeMeasurement, type Machine } from "./machine.js";
import { count, markdownTable, median, significant } from "./markdown.js";
import type { SimultaneousAnswer, SimultaneousTask } from "./peers/simultaneous.js";

export interface SimultaneousSettings {
  threads: number;
  perplexity: number;
  rounds: number;
}

/** A measurement: a fixed number of runs, some of them at the same time, in one process or in one process each. */
export interface SimultaneousRun {
  dataset: string;
  n: number;
  runs: number;
  atOnce: number;
  processes: number;
  seconds: number;
  cpuSeconds: number;
}

export interface SimultaneousRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: SimultaneousSettings;
  measured: SimultaneousRun[];
}

/** Number of runs in each measurement, so that all measurements do the same work. */
const RUNS = 8;
const AT_ONCE = [1, 2, 4, 8];

/**
 * Does the same runs one after the other, and 2, 4 and 8 at the same time, alternately in one process and in several.
 */
export async function measureSimultaneous(
  record: SimultaneousRecord,
  name: string,
  folder: string | undefined,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { name: dataset, n, x } = await openDataset(name, folder, false, signal);
  const { threads, perplexity, rounds } = record.settings;
  for (let round = 0; round < rounds; round++) {
    for (const atOnce of AT_ONCE) {
      for (const processes of new Set([1, atOnce])) {
        const task = { x, threads, perplexity, runs: RUNS / processes, atOnce: atOnce / processes };
        const answers = await Promise.all(Array.from({ length: processes }, () => start(task, signal)));
        const seconds =
          (Math.max(...answers.map(({ end }) => end)) - Math.min(...answers.map(({ start }) => start))) / 1000;
        const cpuSeconds = answers.reduce((sum, answer) => sum + answer.cpuSeconds, 0);
        record.measured.push({ dataset, n, runs: RUNS, atOnce, processes, seconds, cpuSeconds });
        log(
          `${atOnce} at once in ${processes} process(es): ${significant(seconds)} s, CPU ${significant(cpuSeconds)} s`,
        );
      }
    }
  }
}

async function start(task: SimultaneousTask, signal: AbortSignal): Promise<SimultaneousAnswer> {
  const args = [join(FOLDERS.build, "simultaneous.js"), JSON.stringify(task)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { signal });
  return JSON.parse(stdout);
}

export function formatSimultaneous({ settings, measured, ...facts }: SimultaneousRecord): string {
  const keys = [...new Set(measured.map(({ atOnce, processes }) => `${atOnce} ${processes}`))];
  const of = (key: string) => measured.filter(({ atOnce, processes }) => `${atOnce} ${processes}` === key);
  const alone = median(of("1 1").map(({ seconds }) => seconds));
  const rows = keys.map((key) => {
    const group = of(key);
    const [{ runs, atOnce, processes }] = group;
    const seconds = median(group.map((run) => run.seconds));
    return [
      String(atOnce),
      String(processes),
      significant(seconds),
      significant(median(group.map((run) => run.cpuSeconds))),
      significant(seconds / runs),
      significant(seconds / alone),
    ];
  });
  const [{ dataset, n, runs }] = measured;
  return [
    markdownTable(
      ["at once", "processes", "seconds", "CPU seconds", "seconds per run", "time, one by one = 1"],
      rows,
      6,
    ),
    `${runs} runs of ${dataset} (${count(n)} points), threads ${settings.threads} each, medians of ${settings.rounds} rounds in turn.`,
    describeMeasurement(facts),
  ].join("\n\n");
}
