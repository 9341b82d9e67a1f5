import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { writeMatrix } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import { pca } from "../src/pca/index.js";
import { type Trust, trust } from "../src/trust/index.js";
import { runTsne, Tsne } from "../src/tsne/index.js";
import { FOLDERS } from "./folders.js";
import { GENERATORS, normals } from "./generated-data.js";
import { scoreExactly } from "./leave-one-out.js";
import { type Machine, round } from "./machine.js";
import { markdownTable, median } from "./markdown.js";

export interface TrustRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: { points: number; refits: number; rounds: number; threads: number };
  /**
   * Rank correlations of the perturbation score for some points: with its definition, and with refits of the whole
   * embedding.
   */
  refits: { points: number; exact: number; correlation: number }[];
  /** Area under the curve of each score, by the kind of planted points. */
  found: { kind: string; score: string; area: number }[];
  /** Seconds of an embedding and of its trust report, measured alternately. */
  speed: { points: number; embed: number; trust: number }[];
}

const GROUPS = 8;
const DIMENSIONS = 10;
/** Iterations of a refit. After them, a point that jumps has arrived, and the embedding has not drifted far. */
const REFIT_ITERATIONS = 40;
/** Number of nearest points in the embedding. Their common movement does not count as a jump. */
const NEAR = 10;

/**
 * Makes groups of Gaussians, with the points assigned to the groups in turn. The first `between` points lie halfway
 * between two groups.
 */
function makeGroups(n: number, between: number, seed: number): Matrix {
  const normal = normals(seed);
  const centers = Array.from({ length: GROUPS }, () => Array.from({ length: DIMENSIONS }, () => 2.5 * normal()));
  const data = new Float64Array(n * DIMENSIONS);
  for (let i = 0; i < n; i++) {
    const [own, next] = [centers[i % GROUPS], centers[(i + 1) % GROUPS]] as [number[], number[]];
    for (let c = 0; c < DIMENSIONS; c++) {
      const center = i < between ? ((own[c] as number) + (next[c] as number)) / 2 : (own[c] as number);
      data[i * DIMENSIONS + c] = center + (i < between ? 0.7 : 1) * normal();
    }
  }
  return new Matrix(data, n, DIMENSIONS);
}

/** Runs all parts and adds them to the record. */
export async function measureTrust(
  record: TrustRecord,
  python: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { points, refits, rounds, threads } = record.settings;
  for (const seed of [1, 2]) {
    const { exact, correlation } = await correlateRefits(points, refits, seed, threads, signal);
    record.refits.push({ points, exact: round(exact, 3), correlation: round(correlation, 3) });
    log(
      `data ${seed}: rank correlation ${exact.toFixed(3)} with the definition, ${correlation.toFixed(3)} with refits`,
    );
  }
  for (const kind of ["between two groups", "moved into another group"]) {
    const areas = await findPlanted(kind, points, threads, python, log, signal);
    for (const [score, area] of Object.entries(areas)) {
      record.found.push({ kind, score, area: round(area, 3) });
      log(`${kind}, ${score}: area ${area.toFixed(3)}`);
    }
  }
  for (let turn = 0; turn < rounds; turn++) {
    const data = GENERATORS.generated.generate(10_000);
    const begin = performance.now();
    const run = new Tsne(data, { threads, signal });
    await run.fit();
    const embed = (performance.now() - begin) / 1000;
    const { seconds } = await trust(run, { signal });
    record.speed.push({ points: 10_000, embed: round(embed, 2), trust: round(seconds, 2) });
    log(`10,000 points: embedded in ${embed.toFixed(1)} s, reported in ${seconds.toFixed(1)} s`);
  }
}

/**
 * Compares the perturbation score with refits of the whole embedding with the moved point. The refits start from the
 * finished embedding, with the point at its own position and at those of its two nearest neighbors, and the lowest KL
 * divergence counts. The jump is measured relative to the point's neighbors in the embedding and to a refit of the
 * unchanged data, because an embedding drifts while it is optimized further.
 */
async function correlateRefits(
  n: number,
  count: number,
  seed: number,
  threads: number,
  signal: AbortSignal,
): Promise<{ exact: number; correlation: number }> {
  const data = makeGroups(n, Math.round(n / 50), seed);
  const run = new Tsne(data, { seed, threads, signal });
  await run.fit();
  await run.fit(1500);
  const report = await trust(run, { signal });
  const { embedding, perturbation } = report;
  const { scores, length } = perturbation as NonNullable<Trust["perturbation"]>;
  const { components } = await pca(data, 3);
  const warm = { earlyExaggeration: 1, earlyExaggerationIterations: 0, iterations: REFIT_ITERATIONS };
  const refit = (points: Matrix, init: Matrix) =>
    runTsne(points, { ...warm, init, seed, threads, signal, method: "exact" });
  const control = (await refit(data, embedding)).embedding;
  const chosen = Array.from({ length: count }, (_, k) => Math.floor((k * n) / count));
  const defined = await scoreExactly(data, report, chosen);
  const pairs: [number, number][] = [];
  for (const i of chosen) {
    const near = nearest(embedding, i, NEAR);
    let farthest = 0;
    for (let move = 0; move < 6; move++) {
      const moved = copy(data);
      const sign = move % 2 === 0 ? 1 : -1;
      for (let c = 0; c < data.cols; c++) moved.data[i * data.cols + c] += sign * length * components.at(move >> 1, c);
      let best = { kl: Number.POSITIVE_INFINITY, jump: 0 };
      for (const start of [i, ...nearest(moved, i, 2)]) {
        const init = copy(embedding);
        for (let c = 0; c < 2; c++) init.data[2 * i + c] = embedding.at(start, c);
        const { kl, embedding: after } = await refit(moved, init);
        if (kl < best.kl) best = { kl, jump: distanceBetween(relative(after, i, near), relative(control, i, near)) };
      }
      farthest = Math.max(farthest, best.jump);
    }
    pairs.push([scores[i] as number, farthest]);
  }
  const exact = rankCorrelation(chosen.map((i, k) => [scores[i], defined[k]]));
  return { exact, correlation: rankCorrelation(pairs) };
}

const copy = ({ data, rows, cols }: Matrix) => new Matrix(Float64Array.from(data), rows, cols);

function nearest(points: Matrix, i: number, k: number): number[] {
  const squared = (j: number) => distanceBetween(points.row(i), points.row(j));
  const others = Array.from({ length: points.rows }, (_, j) => j).filter((j) => j !== i);
  const distances = new Map(others.map((j) => [j, squared(j)]));
  return others.sort((a, b) => (distances.get(a) as number) - (distances.get(b) as number)).slice(0, k);
}

/** Position of a point relative to the mean of other points. */
function relative(map: Matrix, i: number, others: readonly number[]): number[] {
  return [0, 1].map((c) => map.at(i, c) - others.reduce((sum, j) => sum + map.at(j, c), 0) / others.length);
}

function distanceBetween(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let squared = 0;
  for (let c = 0; c < a.length; c++) squared += ((a[c] as number) - (b[c] as number)) ** 2;
  return Math.sqrt(squared);
}

/** Computes the area under the curve of each score for planted points, which are the first fiftieth of the points. */
async function findPlanted(
  kind: string,
  n: number,
  threads: number,
  python: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const planted = Math.round(n / 50);
  const data = makeGroups(n, kind === "between two groups" ? planted : 0, 5);
  let run = new Tsne(data, { threads, signal });
  const { embedding } = await run.fit();
  if (kind !== "between two groups") {
    // Each planted point is moved to a point of the next group.
    const init = copy(embedding);
    for (let i = 0; i < planted; i++) {
      for (let c = 0; c < 2; c++) init.data[2 * i + c] = embedding.at(planted + i + 1, c) + 0.01;
    }
    run = new Tsne(data, { init, threads, signal });
    await run.fit(0);
  }
  const report = await trust(run, { signal });
  const areas: Record<string, number> = {
    perturbation: areaUnderCurve(report.perturbation?.scores ?? [], planted),
    singularity: areaUnderCurve(report.singularity.scores, planted),
    reliability: areaUnderCurve(
      report.reliability.scores.map((score) => -score),
      planted,
    ),
  };
  const zadu = await measureZadu(data, report.embedding, python).catch(() => undefined);
  if (!zadu) log("zadu is not installed in the Python of --python and is left out");
  for (const [name, values] of Object.entries(zadu ?? {})) {
    areas[`zadu ${name.replace("local_", "")}`] = areaUnderCurve(
      values.map((value) => -value),
      planted,
    );
  }
  return areas;
}

async function measureZadu(data: Matrix, map: Matrix, python: string): Promise<Record<string, number[]>> {
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-trust-"));
  try {
    const [points, positions] = [join(folder, "data.npy"), join(folder, "map.npy")];
    await writeMatrix(points, data);
    await writeMatrix(positions, map);
    const script = join(FOLDERS.peers, "trust.py");
    const { stdout } = await promisify(execFile)(python, [script, points, positions, "20"], { maxBuffer: 2 ** 26 });
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Probability that a planted point has a higher score than another point. The planted points are the first ones. */
function areaUnderCurve(scores: ArrayLike<number>, planted: number): number {
  let above = 0;
  for (let i = 0; i < planted; i++) {
    for (let j = planted; j < scores.length; j++) {
      above += Number((scores[i] as number) > (scores[j] as number)) + Number(scores[i] === scores[j]) / 2;
    }
  }
  return above / (planted * (scores.length - planted));
}

function rankCorrelation(pairs: readonly (readonly [number, number])[]): number {
  const ranks = [0, 1].map((side) => {
    const order = pairs.map((_, i) => i).sort((a, b) => pairs[a][side] - pairs[b][side]);
    const rank = new Array<number>(pairs.length);
    for (const [place, i] of order.entries()) rank[i] = place;
    return rank;
  });
  const squared = pairs.reduce((sum, _, i) => sum + (ranks[0][i] - ranks[1][i]) ** 2, 0);
  return 1 - (6 * squared) / (pairs.length * (pairs.length ** 2 - 1));
}

/** Formats the tables of bench/README.md. */
export function formatTrust({ refits, found, speed }: TrustRecord): string {
  const rows = found.map(({ kind, score, area }) => [kind, score, area.toFixed(3)]);
  const ratio = speed.length > 0 ? median(speed.map(({ embed, trust: seconds }) => seconds / embed)).toFixed(1) : "?";
  return [
    `Rank correlation of the perturbation score with its definition: ${refits.map(({ exact }) => exact.toFixed(3)).join(" and ")}; with refits: ${refits.map(({ correlation }) => correlation.toFixed(2)).join(" and ")} (two data sets).`,
    "",
    markdownTable(["planted points", "score", "area under the curve"], rows, 2),
    "",
    `A report on 10,000 points takes ${ratio} times as long as embedding them (median of ${speed.length} rounds, in turn).`,
  ].join("\n");
}
