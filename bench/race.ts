import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { readMatrix, writeMatrix } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import { type Contestant, OURS, OURS_WITH_SIGMA, type Places, run } from "./contestants.js";
import type { Dataset } from "./datasets.js";
import { BenchmarkError } from "./failure.js";
import { describeMachine, type Machine, round } from "./machine.js";
import type { Task } from "./peers/contestant.js";
import { affinities, findAllNearest, keptNeighbors, klDivergence, type Nearest, toPoints } from "./score.js";

/** The settings that all contestants share. */
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
  /** KL(P||Q) of the map, in nats; P with the standard deviations where the contestant uses them. */
  kl: number;
  /** Share of each point's 10 nearest neighbors in the data that are also among its 10 nearest in the map. */
  kept10: number;
}

/** One run, in the order in which they were. */
export interface RaceRun extends Score {
  contestant: string;
  round: number;
  seconds: number;
  peakMib: number;
  /** Load of the machine just before. */
  load: number;
  stages?: Readonly<Record<string, number>> | undefined;
  method?: string | undefined;
  statedKl?: number | undefined;
}

/** All runs on one data set. */
export interface Race {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  dataset: { name: string; n: number; d: number };
  settings: RaceSettings;
  contestants: { name: string; label: string; failure?: string | undefined }[];
  runs: RaceRun[];
}

/**
 * Runs this project against each opponent in turn: ours, theirs, ours, theirs. An opponent that fails is left out of the later
 * rounds.
 *
 * @throws where a run of ours fails
 * @param race where the runs are added, so that a race that is interrupted keeps those that were finished
 */
export async function runRace(
  race: Race,
  dataset: Dataset,
  opponents: readonly Contestant[],
  places: Places,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { settings } = race;
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-bench-"));
  const scorers = new Map<boolean, Scorer>();
  const turn = async (contestant: Contestant, number: number): Promise<boolean> => {
    const y = join(folder, "map.npy");
    const usesSigma = contestant === OURS_WITH_SIGMA;
    const { perplexity, iterations, threads, seed, ours, timeout } = settings;
    const isOurs = contestant === OURS || usesSigma;
    // A seed of its own for every round: a single map's KL divergence says little, it varies with the seed.
    const task: Task = {
      x: dataset.x,
      y,
      perplexity,
      iterations,
      threads,
      seed: seed + number,
      options: isOurs ? ours : undefined,
    };
    if (usesSigma) task.sigma = dataset.sigma;
    const load = round(loadavg()[0], 2);
    try {
      const { seconds, peakMib, ...rest } = await run(contestant, task, places, timeout, signal);
      const scorer = scorers.get(usesSigma) ?? (await Scorer.prepare(dataset, usesSigma, perplexity, signal));
      scorers.set(usesSigma, scorer);
      const score = await scorer.score(y, signal);
      race.runs.push({ contestant: contestant.name, round: number, seconds, peakMib, load, ...score, ...rest });
      log(
        `${dataset.name}, round ${number + 1}: ${contestant.label} ${seconds.toFixed(2)} s, KL ${score.kl.toFixed(3)}, ` +
          `kept ${score.kept10.toFixed(3)}, ${Math.round(peakMib)} MiB`,
      );
      return true;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const failure = (error as Error).message;
      const entry = race.contestants.find(({ name }) => name === contestant.name);
      if (entry) entry.failure = failure;
      log(`${dataset.name}, round ${number + 1}: ${contestant.label} failed: ${failure}`);
      if (contestant === OURS) throw new BenchmarkError(`${contestant.label} failed: ${failure}`, { cause: error });
      return false;
    } finally {
      await rm(y, { force: true });
    }
  };
  try {
    const failed = new Set<Contestant>();
    for (let number = 0; number < settings.rounds; number++) {
      if (opponents.length === 0) await turn(OURS, number);
      for (const opponent of opponents.filter((candidate) => !failed.has(candidate))) {
        await turn(OURS, number);
        if (!(await turn(opponent, number))) failed.add(opponent);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function startRace(
  { name, n, d }: Dataset,
  opponents: readonly Contestant[],
  settings: RaceSettings,
  versions: Record<string, string>,
): Race {
  return {
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions,
    dataset: { name, n, d },
    settings,
    contestants: [OURS, ...opponents].map((contestant) => ({ name: contestant.name, label: contestant.label })),
    runs: [],
  };
}

/** Scores maps of one data set, all in the same way. */
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

  /** A map that came out the same before is not scored again. */
  async score(file: string, signal: AbortSignal): Promise<Score> {
    const map = await readMatrix(file, { signal });
    const n = this.nearest.indices.length / this.nearest.k;
    if (map.rows !== n || !map.data.every((value) => Number.isFinite(value))) {
      throw new BenchmarkError(`gave a map of ${map.rows} x ${map.cols} that is not ${n} finite points`);
    }
    const { buffer, byteOffset, byteLength } = map.data;
    const hash = createHash("sha256")
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest("hex");
    const known = this.known.get(hash);
    if (known) return known;
    const points = toPoints(map);
    const near = await findAllNearest(points, 10, signal);
    const score = { kl: klDivergence(this.p, points), kept10: keptNeighbors(this.nearest, near, 10) };
    this.known.set(hash, score);
    return score;
  }
}
