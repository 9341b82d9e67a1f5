import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset } from "./datasets.js";
import { BenchmarkError } from "./failure.js";
import { type Implementation, OURS, OURS_WITH_SIGMA, type PeerPaths, run } from "./implementations.js";
import { describeMachine, type Machine, round } from "./machine.js";
import type { Task } from "./peers/task.js";
import { type Score, Scorer } from "./scorer.js";

/** The settings that all implementations share. */
export interface Settings {
  perplexity: number;
  iterations: number;
  threads: number;
  seed: number;
  /** Seconds after which a run is aborted. */
  timeout: number;
  /** Further options of this project's own runs. */
  ours: Readonly<Record<string, unknown>>;
}

export interface RaceSettings extends Settings {
  /** Number of times that every pair is run. */
  rounds: number;
}

/** One run. Runs are stored in the order of their execution. */
export interface RaceRun extends Score {
  implementation: string;
  round: number;
  seconds: number;
  peakMib: number;
  /** Load of the machine just before the run. */
  load: number;
  stages?: Readonly<Record<string, number>> | undefined;
  method?: string | undefined;
  /** Iterations of gradient descent; `undefined` if it is the number of the settings. */
  iterations?: number | undefined;
  statedKl?: number | undefined;
}

/** All runs on one data set. */
export interface Race {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  dataset: { name: string; n: number; d: number };
  settings: RaceSettings;
  implementations: { name: string; label: string; failure?: string | undefined }[];
  runs: RaceRun[];
}

/**
 * Runs this project alternately with each peer: ours, theirs, ours, theirs. A peer that fails is left out of the later
 * rounds.
 *
 * @throws if a run of this project fails
 * @param race race to which the runs are added, so that an interrupted race keeps its finished runs
 */
export async function runRace(
  race: Race,
  dataset: Dataset,
  peers: readonly Implementation[],
  paths: PeerPaths,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-bench-"));
  const scorers = new Map<boolean, Scorer>();
  const turn = (implementation: Implementation, number: number) =>
    runOnce({ race, dataset, paths, scorers, log, signal, y: join(folder, "map.npy") }, implementation, number);
  try {
    const failed = new Set<Implementation>();
    for (let number = 0; number < race.settings.rounds; number++) {
      if (peers.length === 0) await turn(OURS, number);
      for (const peer of peers.filter((candidate) => !failed.has(candidate))) {
        await turn(OURS, number);
        if (!(await turn(peer, number))) failed.add(peer);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Data that all runs of a race share. */
interface RaceContext {
  race: Race;
  dataset: Dataset;
  paths: PeerPaths;
  /** Scorers for P with and without standard deviations. */
  scorers: Map<boolean, Scorer>;
  log: (line: string) => void;
  signal: AbortSignal;
  /** Path of the embedding. */
  y: string;
}

/** Runs and scores one implementation and adds the run to the race. Returns false if a peer fails. */
async function runOnce(
  { race, dataset, paths, scorers, log, signal, y }: RaceContext,
  implementation: Implementation,
  number: number,
): Promise<boolean> {
  const { perplexity, timeout } = race.settings;
  const usesSigma = implementation === OURS_WITH_SIGMA;
  const task = taskOf(race.settings, dataset, implementation, number, y);
  const load = round(loadavg()[0], 2);
  try {
    const { seconds, peakMib, ...rest } = await run(implementation, task, paths, timeout, signal);
    const scorer = scorers.get(usesSigma) ?? (await Scorer.prepare(dataset, usesSigma, perplexity, signal));
    scorers.set(usesSigma, scorer);
    const score = await scorer.score(y, signal);
    race.runs.push({ implementation: implementation.name, round: number, seconds, peakMib, load, ...score, ...rest });
    log(
      `${dataset.name}, round ${number + 1}: ${implementation.label} ${seconds.toFixed(2)} s, KL ${score.kl.toFixed(3)}, ` +
        `kept ${score.kept10.toFixed(3)}, ${Math.round(peakMib)} MiB`,
    );
    return true;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const failure = (error as Error).message;
    const entry = race.implementations.find(({ name }) => name === implementation.name);
    if (entry) entry.failure = failure;
    log(`${dataset.name}, round ${number + 1}: ${implementation.label} failed: ${failure}`);
    if (implementation === OURS) {
      throw new BenchmarkError(`${implementation.label} failed: ${failure}`, { cause: error });
    }
    return false;
  } finally {
    await rm(y, { force: true });
  }
}

/**
 * Makes the task of a round. Every round has its own seed, because the KL divergence of an embedding varies with the
 * seed and a single embedding is not representative.
 */
function taskOf(
  { perplexity, iterations, threads, seed, ours }: RaceSettings,
  { x, sigma }: Dataset,
  implementation: Implementation,
  number: number,
  y: string,
): Task {
  const usesSigma = implementation === OURS_WITH_SIGMA;
  return {
    ...{ x, y, perplexity, iterations, threads },
    seed: seed + number,
    options: implementation === OURS || usesSigma ? ours : undefined,
    ...(usesSigma && { sigma }),
  };
}

export function startRace(
  { name, n, d }: Dataset,
  peers: readonly Implementation[],
  settings: RaceSettings,
  versions: Record<string, string>,
): Race {
  return {
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions,
    dataset: { name, n, d },
    settings,
    implementations: [OURS, ...peers].map((implementation) => ({
      name: implementation.name,
      label: implementation.label,
    })),
    runs: [],
  };
}
