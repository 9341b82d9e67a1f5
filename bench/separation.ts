import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readMatrix, writeMatrix } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import { FOLDERS } from "./folders.js";
import { normals } from "./generated-data.js";
import type { PeerPaths } from "./implementations.js";
import { describeMeasurement, type Machine, round } from "./machine.js";
import { count, markdownTable, median, significant } from "./markdown.js";
import type { SeparationTask } from "./peers/separate.js";
import type { Answer } from "./peers/task.js";

/** The compared methods: those of this project, and the iterative one in numpy. */
export const SEPARATORS = ["flow", "iterative", "conditional", "numpy"] as const;
export type Separator = (typeof SEPARATORS)[number];

const LABELS: Record<Separator, string> = {
  flow: "sigma-tsne, flow",
  iterative: "sigma-tsne, iterative",
  conditional: "sigma-tsne, conditional",
  numpy: "numpy, iterative (Ede 2020)",
};
const NEIGHBORS = 10;
const HISTOGRAM_SIDE = 32;

export interface SeparationSettings {
  threads: number;
  rounds: number;
  /** Seconds after which a run is aborted. */
  timeout: number;
}

export interface SeparationEmbedding {
  readonly name: string;
  readonly points: Matrix;
}

export interface SeparationScore {
  /** Coefficient of variation of a 32 x 32 histogram. */
  evenness: number;
  /** Share of the 10 nearest neighbors in the embedding that are kept. */
  kept: number;
  /** Number of points with NaN, or outside the unit square. */
  lost: number;
}

export interface SeparationRun extends Answer, SeparationScore {
  embedding: string;
  n: number;
  separator: Separator;
  round: number;
  /** Load of the machine just before the run. */
  load: number;
}

export interface SeparationRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: SeparationSettings;
  /** Evenness of each original embedding, stretched to fill the square. */
  before: Record<string, number>;
  runs: SeparationRun[];
}

/**
 * Reads the published embedding of micrographs if the folder contains it. Otherwise generates an embedding with the
 * same number of points in clusters.
 */
export async function readPublishedEmbedding(
  folder: string | undefined,
  signal: AbortSignal,
): Promise<SeparationEmbedding> {
  const path = folder && join(folder, "microscopy", "vae_tsne_stem_crops_96x96.npy");
  if (!path || !existsSync(path)) return generateEmbedding(20000);
  return { name: "stem, published embedding", points: await readMatrix(path, { signal }) };
}

/** Generates round clusters of different density, the same ones at every call. */
export function generateEmbedding(n: number): SeparationEmbedding {
  const normal = normals(3);
  const clusters = Array.from({ length: 20 }, () => [20 * normal(), 20 * normal(), 1 + 4 * Math.abs(normal())]);
  const data = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const [x, y, spread] = clusters[i % clusters.length] as [number, number, number];
    data[2 * i] = x + spread * normal();
    data[2 * i + 1] = y + spread * normal();
  }
  return { name: "generated", points: new Matrix(data, n, 2) };
}

/** Separates each embedding with each method in turn, round after round. Every finished run is added to the record. */
export async function measureSeparations(
  record: SeparationRecord,
  embeddings: readonly { embedding: SeparationEmbedding; separators: readonly Separator[] }[],
  { python }: Pick<PeerPaths, "python">,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-bench-"));
  const [x, y] = [join(folder, "map.npy"), join(folder, "even.npy")];
  const { threads, rounds, timeout } = record.settings;
  try {
    for (const { embedding, separators } of embeddings) {
      const { name, points } = embedding;
      await writeMatrix(x, points, { signal });
      record.before[name] = measureEvenness(fillSquare(points));
      for (let number = 0; number < rounds; number++) {
        for (const separator of separators) {
          const load = round(loadavg()[0], 2);
          const method = separator === "numpy" ? "iterative" : separator;
          const task = JSON.stringify({ x, y, method, threads } satisfies SeparationTask);
          const command: [string, string[]] =
            separator === "numpy"
              ? [python, [join(FOLDERS.peers, "separate.py"), task]]
              : [process.execPath, [join(FOLDERS.build, "separate.js"), task]];
          const { stdout } = await promisify(execFile)(...command, { signal, timeout: timeout * 1000 });
          const answer: Answer = JSON.parse(stdout.trim().split("\n").at(-1) as string);
          const score = scoreSeparation(points, await readMatrix(y, { signal }));
          record.runs.push({ embedding: name, n: points.rows, separator, round: number, load, ...answer, ...score });
          log(`${name}, round ${number + 1}: ${LABELS[separator]} ${significant(answer.seconds)} s`);
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Scores a separation. Neighbors are found by comparison with all points: for every point if there are up to some
 * thousands, otherwise for a regular selection of points.
 */
export function scoreSeparation(before: Matrix, after: Matrix): SeparationScore {
  const n = before.rows;
  const stride = Math.ceil((n * n) / 5e8);
  let kept = 0;
  let looked = 0;
  for (let i = 0; i < n; i += stride, looked++) {
    const old = new Set(findNearest(before, i));
    for (const j of findNearest(after, i)) kept += old.has(j) ? 1 : 0;
  }
  let lost = 0;
  for (let i = 0; i < n; i++) {
    if (!after.row(i).every((at: number) => at >= 0 && at <= 1)) lost++;
  }
  return { evenness: measureEvenness(after), kept: kept / (looked * Math.min(NEIGHBORS, n - 1)), lost };
}

function findNearest({ data, rows }: Matrix, point: number): number[] {
  const [x, y] = [data[2 * point], data[2 * point + 1]];
  const nearest: { far: number; j: number }[] = [];
  let farthest = Number.POSITIVE_INFINITY;
  for (let j = 0; j < rows; j++) {
    const dx = data[2 * j] - x;
    const dy = data[2 * j + 1] - y;
    const far = dx * dx + dy * dy;
    if (far >= farthest || j === point) continue;
    nearest.push({ far, j });
    nearest.sort((a, b) => a.far - b.far);
    if (nearest.length > NEIGHBORS) nearest.pop();
    if (nearest.length === NEIGHBORS) farthest = (nearest.at(-1) as { far: number }).far;
  }
  return nearest.map(({ j }) => j);
}

function fillSquare({ data, rows }: Matrix): Matrix {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [e, at] of data.entries()) {
    low[e % 2] = Math.min(low[e % 2], at);
    high[e % 2] = Math.max(high[e % 2], at);
  }
  const stretched = Float64Array.from(data, (at, e) => {
    const [from, to] = [low[e % 2], high[e % 2]];
    return (at - from) / (to - from);
  });
  return new Matrix(stretched, rows, 2);
}

function measureEvenness({ data, rows }: Matrix): number {
  const counts = new Float64Array(HISTOGRAM_SIDE ** 2);
  const bin = (at: number) => Math.min(HISTOGRAM_SIDE - 1, Math.floor(at * HISTOGRAM_SIDE));
  for (let i = 0; i < rows; i++) {
    const cell = bin(data[2 * i]) * HISTOGRAM_SIDE + bin(data[2 * i + 1]);
    counts[cell] = counts[cell] + 1;
  }
  const mean = rows / counts.length;
  return Math.sqrt(counts.reduce((sum, value) => sum + (value - mean) ** 2, 0) / counts.length) / mean;
}

/** Formats medians over the rounds. A ratio is that of a run to the run of `flow` in the same round. */
export function formatSeparations({ settings, before, runs, ...facts }: SeparationRecord): string {
  const rows = [...new Set(runs.map(({ embedding }) => embedding))].flatMap((embedding) => {
    const all = runs.filter((run) => run.embedding === embedding);
    const lines = SEPARATORS.flatMap((separator) => {
      const own = all.filter((run) => run.separator === separator);
      const [first] = own;
      if (first === undefined) return [];
      const ratios = own.flatMap(({ seconds, round: number }) => {
        const ours = all.find((run) => run.separator === "flow" && run.round === number);
        return ours ? [seconds / ours.seconds] : [];
      });
      return [
        [
          "",
          LABELS[separator],
          significant(median(own.map(({ seconds }) => seconds))),
          ratios.length === 0 ? "" : significant(median(ratios)),
          first.evenness.toFixed(3),
          first.kept.toFixed(3),
          String(first.lost),
          count(Math.round(Math.max(...own.map(({ peakMib }) => peakMib)))),
        ],
      ];
    });
    const title = `**${embedding}**, ${count(all[0].n)} points`;
    return [[title, "as it was", "", "", before[embedding].toFixed(3), "1.000", "0", ""], ...lines];
  });
  const header = [
    "embedding",
    "separated by",
    "seconds",
    "times the flow",
    "evenness",
    "10-NN kept",
    "lost",
    "peak MiB",
  ];
  return [
    markdownTable(header, rows, 6),
    `Threads ${settings.threads}, rounds ${settings.rounds} (medians), defaults throughout. ${describeMeasurement(facts)}`,
  ].join("\n\n");
}
