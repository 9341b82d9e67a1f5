import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Panel, Series } from "./chart.js";
import { openDataset } from "./datasets.js";
import { type Implementation, OURS, type PeerPaths, run } from "./implementations.js";
import { describeMeasurement, type Machine } from "./machine.js";
import { count, markdownTable, significant } from "./markdown.js";
import type { Settings } from "./race.js";

/** One run. */
export interface ScalingPoint {
  implementation: string;
  label: string;
  n: number;
  threads: number;
  seconds: number;
  peakMib: number;
  stages?: Readonly<Record<string, number>> | undefined;
  method?: string | undefined;
}

export interface Scaling {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: Settings;
  points: ScalingPoint[];
}

/** The planned measurements, all on generated data. */
export interface ScalingPlan {
  /** Numbers of points that are run with the largest number of threads. */
  sizes: readonly number[];
  threads: readonly number[];
  /** Numbers of points that are run with every number of threads. */
  threadSizes: readonly number[];
  peers: readonly Implementation[];
  /** Largest number of points for the peers. */
  peerMax: number;
}

/** 1000, 3000, 10000, 30000, ... up to `max`, and `max` itself. */
export function sizesUpTo(max: number): number[] {
  const sizes = [];
  for (let power = 1000; power < max; power *= 10) sizes.push(power, 3 * power);
  return [...sizes.filter((size) => size < max), max];
}

/** Runs the plan, from few to many points. Every finished run is added to `record.points`. */
export async function measureScaling(
  record: Scaling,
  plan: ScalingPlan,
  paths: PeerPaths,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const most = Math.max(...plan.threads);
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-bench-"));
  const { perplexity, iterations, seed, timeout, ours } = record.settings;
  const failed = new Set<Implementation>();
  try {
    for (const n of [...new Set([...plan.sizes, ...plan.threadSizes])].sort((a, b) => a - b)) {
      const { x } = await openDataset(`generated-${n}`, undefined, false, signal);
      const y = join(folder, "map.npy");
      const runs = plan.threads
        .filter((threads) => threads === most || plan.threadSizes.includes(n))
        .map((threads) => ({ implementation: OURS, threads }));
      if (n <= plan.peerMax) runs.push(...plan.peers.map((implementation) => ({ implementation, threads: most })));
      for (const { implementation, threads } of runs.filter((candidate) => !failed.has(candidate.implementation))) {
        const task = {
          x,
          y,
          perplexity,
          iterations,
          threads,
          seed,
          options: implementation === OURS ? ours : undefined,
        };
        try {
          const { seconds, peakMib, stages, method } = await run(implementation, task, paths, timeout, signal);
          const { name, label } = implementation;
          record.points.push({ implementation: name, label, n, threads, seconds, peakMib, stages, method });
          log(`${count(n)} points, threads ${threads}: ${label} ${significant(seconds)} s, ${Math.round(peakMib)} MiB`);
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          // An implementation that fails at one size will fail at larger ones.
          failed.add(implementation);
          log(`${count(n)} points, threads ${threads}: ${implementation.label} failed: ${(error as Error).message}`);
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Panels with seconds over n, with stages and peers, and over threads if several numbers were measured. */
export function drawnPanels({ points }: Scaling): Panel[] {
  const most = Math.max(...points.map(({ threads }) => threads));
  const own = points.filter(({ implementation }) => implementation === OURS.name);
  const atMost = own.filter(({ threads }) => threads === most);
  const stageNames = ["neighbors", "affinities", "optimization"];
  const overSize: Series[] = [
    { name: OURS.label, weight: "main", points: atMost.map(({ n, seconds }) => [n, seconds]) },
    ...stageNames.map((stage): Series => {
      const known = atMost.filter(({ stages }) => stages?.[stage]);
      return { name: stage, weight: "part", points: known.map(({ n, stages }) => [n, stages?.[stage] as number]) };
    }),
    ...[...new Set(points.map(({ label }) => label))]
      .filter((label) => label !== OURS.label)
      .map((name): Series => {
        const theirs = points.filter(({ label }) => label === name);
        return { name, weight: "other", points: theirs.map(({ n, seconds }) => [n, seconds]) };
      }),
  ];
  const panels: Panel[] = [
    { title: `Seconds over points, threads ${most}`, x: "points", y: "seconds", series: overSize },
  ];
  const sizes = [...new Set(own.map(({ n }) => n))].filter((n) => own.filter((point) => point.n === n).length > 1);
  if (sizes.length > 0) {
    const overThreads = sizes.map((n): Series => {
      const runs = own.filter((point) => point.n === n).sort((a, b) => a.threads - b.threads);
      return { name: `${count(n)} points`, weight: "main", points: runs.map((run) => [run.threads, run.seconds]) };
    });
    const ideal = overThreads.map(
      ({ points: [[threads, seconds] = [1, 1], ...rest] }): Series => ({
        name: "",
        weight: "guide",
        points: [[threads, seconds], ...rest.map(([t]): [number, number] => [t, (seconds * threads) / t])],
      }),
    );
    panels.push({
      title: "Seconds over threads; dotted: perfect sharing",
      x: "threads",
      y: "seconds",
      series: [...ideal, ...overThreads],
    });
  }
  return panels;
}

export function formatScaling({ settings, points, ...facts }: Scaling): string {
  const stages = ["neighbors", "affinities", "initialization", "optimization"];
  const rows = points.map(({ n, label, method, threads, seconds, peakMib, stages: own }) => [
    count(n),
    method === undefined ? label : `${label} (${method})`,
    String(threads),
    significant(seconds),
    ...stages.map((stage) => (own ? significant(own[stage] ?? 0) : "")),
    count(Math.round(peakMib)),
  ]);
  const header = ["points", "program", "threads", "seconds", ...stages, "peak MiB"];
  return [
    markdownTable(header, rows, header.length - 2),
    `Generated mixtures of 50 dimensions, perplexity ${settings.perplexity}, iterations of the peers ${settings.iterations}, one run each. ` +
      describeMeasurement(facts),
  ].join("\n\n");
}
