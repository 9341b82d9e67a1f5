import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { readMatrix, writeMatrix } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import type { Dataset } from "./datasets.js";
import { BenchmarkError } from "./failure.js";
import { type Implementation, OURS, OURS_WITH_SIGMA, type PeerPaths, run } from "./implementations.js";
import { describeMachine, type Machine, round } from "./machine.js";
import type { Task } from "./peers/task.js";
import { affinities, findAllNearest, keptNeighbors, klDivergence, type Nearest, toPoints } from "./score.js";

/** The settings that all implementations share. */
export interface Settings {
  perplexity: number;
  iterations: number;
  threads: number;
  seed: number;
  /** Seconds after which a run is given up. */
  timeout: number;
  /** Further options of this project's own runs. */
  ours: Readonly<Record<string, unknown>>;
}

export interface RaceSettings extends Settings {
  /** How often every pair is run. */
  rounds: number;
}

export interface Score {
  /** KL(P||Q) of the embedding, in nats; P with the standard deviations where the implementation uses them. */
  kl: number;
  /** Share of each point's 10 nearest neighbors in the data that are also among its 10 nearest in the embedding. */
  kept10: number;
}

/** One run, in the order in which they were. */
export interface RaceRun extends Score {
  implementation: string;
  round: number;
  seconds: number;
  peakMib: number;
  /** Load of the machine just before. */
  load: number;
  stages?: Readonly<Record<string, number>> | undefined;
  method?: string | undefined;
  /** Of gradient descent; `undefined` for the number of the settings. */
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
 * Runs this project against each peer in turn: ours, theirs, ours, theirs. A peer that fails is left out of the later
 * rounds.
 *
 * @throws where a run of ours fails
 * @param race where the runs are added, so that a race that is interrupted keeps those that were finished
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

/** What all runs of a race share. */
interface RaceContext {
  race: Race;
  dataset: Dataset;
  paths: PeerPaths;
  /** With and without standard deviations. */
  scorers: Map<boolean, Scorer>;
  log: (line: string) => void;
  signal: AbortSignal;
  /** The file of the embedding. */
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

/** Every round has its own seed: the KL divergence of an embedding varies with the seed, so a single embedding says little. */
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

/** Scores embeddings of one data set, all in the same way. */
class Scorer {
  private readonly known = new Map<string, Score>();

  private constructor(
    private readonly nearest: Nearest,
    private readonly p: ReturnType<typeof affinities>,
  ) {}

  /** The neighbors are kept beside the data: at 70,000 points they take minutes. */
  static async prepare(dataset: Dataset, usesSigma: boolean, perplexity: number, signal: AbortSignal): Promise<Scorer> {
    const k = Math.min(Math.floor(3 * perplexity), dataset.n - 1);
    const stem = dataset.x.replace(/\.npy$/, `${usesSigma ? "-sigma" : ""}-${k}-nearest`);
    const [indexFile, distanceFile] = [`${stem}.npy`, `${stem}-squared.npy`];
    let nearest: Nearest;
    if (existsSync(indexFile)) {
      const squared = await readMatrix(distanceFile, { signal });
      const indices = Uint32Array.from((await readMatrix(indexFile, { signal })).data);
      nearest = { k, indices, squared: Float64Array.from(squared.data) };
    } else {
      const sigma = usesSigma && dataset.sigma ? await readMatrix(dataset.sigma, { signal }) : undefined;
      nearest = await findAllNearest(toPoints(await readMatrix(dataset.x, { signal }), sigma), k, signal);
      await writeMatrix(distanceFile, new Matrix(nearest.squared, dataset.n, k), { signal });
      await writeMatrix(indexFile, new Matrix(Float64Array.from(nearest.indices), dataset.n, k), { signal });
    }
    return new Scorer(nearest, affinities(nearest, perplexity));
  }

  /** An embedding that came out the same before is not scored again. */
  async score(file: string, signal: AbortSignal): Promise<Score> {
    const embedding = await readMatrix(file, { signal });
    const n = this.nearest.indices.length / this.nearest.k;
    if (embedding.rows !== n || !embedding.data.every((value) => Number.isFinite(value))) {
      throw new BenchmarkError(
        `gave an embedding of ${embedding.rows} x ${embedding.cols} that is not ${n} finite points`,
      );
    }
    const { buffer, byteOffset, byteLength } = embedding.data;
    const hash = createHash("sha256")
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest("hex");
    const known = this.known.get(hash);
    if (known) return known;
    const points = toPoints(embedding);
    const near = await findAllNearest(points, 10, signal);
    const score = { kl: klDivergence(this.p, points), kept10: keptNeighbors(this.nearest, near, 10) };
    this.known.set(hash, score);
    return score;
  }
}
