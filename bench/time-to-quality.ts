import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset } from "./datasets.js";
import { BenchmarkError } from "./failure.js";
import { type Implementation, OURS, type PeerPaths, run } from "./implementations.js";
import { describeMeasurement, type Machine } from "./machine.js";
import { count, markdownTable, median, significant } from "./markdown.js";
import type { RaceSettings } from "./race.js";
import { Scorer } from "./scorer.js";

/** Largest relative difference between a KL divergence and the smallest final one of the peers. */
const TOLERANCE = 0.005;

export interface QualitySettings extends RaceSettings {
  /** Iterations of the peers' runs, in ascending order. The last run is a program's final one. */
  counts: readonly number[];
  /** Iterations of the runs of this project. After them, one run ends when it has converged. */
  ownCounts: readonly number[];
}

/** A whole run, from the data to the embedding. */
export interface QualityRun {
  implementation: string;
  round: number;
  /** Number of iterations that were done, if the program chooses it. */
  iterations: number;
  /** Whether it is the program's final run. */
  isFinal: boolean;
  seconds: number;
  kl: number;
}

/** Runs of all programs on one data set. */
export interface QualityRace {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  dataset: { name: string; n: number; d: number };
  settings: QualitySettings;
  implementations: { name: string; label: string; failure?: string | undefined }[];
  runs: QualityRun[];
}

/**
 * Runs each program with its own schedule, from few iterations to its usual number, and scores every embedding in the
 * same way. Separate runs of different length are used because some programs give no intermediate results.
 */
export async function measureTimeToQuality(
  race: QualityRace,
  dataset: Dataset,
  programs: readonly Implementation[],
  paths: PeerPaths,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { rounds, perplexity, counts, ownCounts } = race.settings;
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-bench-"));
  try {
    const scorer = await Scorer.prepare(dataset, false, perplexity, signal);
    for (let round = 0; round < rounds; round++) {
      for (const program of programs) {
        const lengths = program === OURS ? [...ownCounts, undefined] : counts;
        for (const iterations of lengths) {
          const isFinal = iterations === lengths.at(-1);
          const finished = await runOnce({ race, dataset, paths, scorer, folder, log, signal }, program, {
            round,
            iterations,
            isFinal,
          });
          if (!finished) break;
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Context {
  race: QualityRace;
  dataset: Dataset;
  paths: PeerPaths;
  scorer: Scorer;
  folder: string;
  log: (line: string) => void;
  signal: AbortSignal;
}

/** Runs and scores one program. Returns false if a peer fails. */
async function runOnce(
  { race, dataset, paths, scorer, folder, log, signal }: Context,
  program: Implementation,
  { round, iterations, isFinal }: { round: number; iterations: number | undefined; isFinal: boolean },
): Promise<boolean> {
  const { perplexity, threads, seed, timeout, ours } = race.settings;
  const task = {
    x: dataset.x,
    y: join(folder, "map.npy"),
    perplexity,
    iterations: iterations ?? race.settings.iterations,
    threads,
    seed: seed + round,
    options: program === OURS ? { ...ours, ...(iterations !== undefined && { iterations }) } : undefined,
  };
  try {
    const answer = await run(program, task, paths, timeout, signal);
    const { kl } = await scorer.score(task.y, signal);
    const done = answer.iterations ?? task.iterations;
    const { seconds } = answer;
    race.runs.push({ implementation: program.name, round, iterations: done, isFinal, seconds, kl });
    log(`${dataset.name}: ${program.label}, ${done} iterations, ${seconds.toFixed(2)} s, KL ${kl.toFixed(3)}`);
    return true;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const failure = (error as Error).message;
    log(`${dataset.name}: ${program.label} failed: ${failure}`);
    if (program === OURS) throw new BenchmarkError(`${program.label} failed: ${failure}`, { cause: error });
    const entry = race.implementations.find(({ name }) => name === program.name);
    if (entry) entry.failure = failure;
    return false;
  }
}

/** Medians of one program after one number of iterations. */
interface Milestone {
  iterations: number;
  isFinal: boolean;
  seconds: number;
  kl: number;
}

/** The milestones of a program in the order of its runs. */
function milestonesOf({ runs }: QualityRace, name: string): Milestone[] {
  const own = runs.filter(({ implementation }) => implementation === name);
  // The number of iterations of a run that ends by itself may differ between seeds.
  const keyOf = ({ iterations, isFinal }: QualityRun) => (isFinal ? "final" : iterations);
  return [...new Set(own.map(keyOf))].map((key) => {
    const same = own.filter((run) => keyOf(run) === key);
    const middle = (pick: (run: QualityRun) => number) => median(same.map(pick));
    return {
      iterations: middle(({ iterations }) => iterations),
      isFinal: key === "final",
      seconds: middle(({ seconds }) => seconds),
      kl: middle(({ kl }) => kl),
    };
  });
}

/**
 * Target of the KL divergence: 0.5 % above the smallest final one of the peers, or of this project if there are no
 * peers.
 */
export function targetOf(race: QualityRace): number {
  const finals = race.implementations.flatMap(({ name }) =>
    milestonesOf(race, name).flatMap(({ isFinal, kl }) => (isFinal ? [{ name, kl }] : [])),
  );
  const peers = finals.filter(({ name }) => name !== OURS.name);
  return (1 + TOLERANCE) * Math.min(...(peers.length > 0 ? peers : finals).map(({ kl }) => kl));
}

/** Returns the shortest run of a program that reaches the target; `undefined` if no run does. */
export function firstToReach(race: QualityRace, name: string, target: number): Milestone | undefined {
  return milestonesOf(race, name)
    .filter(({ kl }) => kl <= target)
    .sort((a, b) => a.seconds - b.seconds)[0];
}

/** Returns the published races. Races that were run again replace earlier ones. */
export function mergeQualityRaces(known: readonly QualityRace[], latest: readonly QualityRace[]): QualityRace[] {
  return [...new Map([...known, ...latest].map((race) => [race.dataset.name, race])).values()];
}

export function formatTimeToQuality(races: readonly QualityRace[]): string {
  const rows = races.flatMap((race) => {
    const target = targetOf(race);
    const ours = firstToReach(race, OURS.name, target);
    const { name, n, d } = race.dataset;
    return race.implementations.map((program, i) => [
      i === 0 ? `**${name}**, ${count(n)} x ${d}, to KL ${target.toFixed(3)}` : "",
      program.label,
      ...cells(race, program, target, ours),
    ]);
  });
  const header = ["data", "program", "seconds", "times ours", "iterations", "final KL", "after seconds"];
  const notes = races.map(({ settings, ...facts }) => {
    const { threads, perplexity, seed, rounds, counts, ownCounts } = settings;
    return `Threads ${threads}, perplexity ${perplexity}, seed ${seed} and one more each round, rounds ${rounds} (medians). Runs of ${counts.join(", ")} iterations, of sigma-tsne ${ownCounts.join(", ")} and until it has converged. ${describeMeasurement(facts)}`;
  });
  return [markdownTable(header, rows, 5), ...new Set(notes)].join("\n\n");
}

function cells(
  race: QualityRace,
  { name, failure }: QualityRace["implementations"][number],
  target: number,
  ours: Milestone | undefined,
): string[] {
  const final = milestonesOf(race, name).find(({ isFinal }) => isFinal);
  if (!final) return [failure === undefined ? "not run" : `failed: ${failure}`, "", "", "", ""];
  const end = [final.kl.toFixed(3), significant(final.seconds)];
  const reached = firstToReach(race, name, target);
  if (!reached) return ["not reached", "", "", ...end];
  const ratio = ours ? (reached.seconds / ours.seconds).toFixed(2) : "";
  return [significant(reached.seconds), name === OURS.name ? "1" : ratio, count(reached.iterations), ...end];
}
