import { Matrix } from "../src/matrix.js";
import { ellipseRadius, positionUncertainty, Tsne } from "../src/tsne/index.js";
import { type Machine, round } from "./machine.js";
import { markdownTable } from "./markdown.js";
import { addNoise, type Measured, type NoiseKind, TRUTHS, type Truth } from "./uncertain-data.js";

/** Shares of points whose true position lies inside their 68 % and 95 % ellipse. */
export interface Coverage {
  inner: number;
  outer: number;
}

/** One setting: means over the seeds. */
export interface CoverageSetting {
  data: string;
  noise: NoiseKind;
  level: number;
  all: Coverage;
  /** Coverage of the fifth of the points with the smallest standard deviations. */
  best: Coverage;
  /** Coverage of the fifth of the points with the largest standard deviations. */
  worst: Coverage;
  /** Coverage of placed points: other measured points, a quarter as many, that were placed into the embedding. */
  placed: Coverage;
}

type Group = "all" | "best" | "worst" | "placed";

export interface CoverageRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: { points: number; draws: number; seeds: number; threads: number };
  coverages: CoverageSetting[];
}

const NOISES: readonly (readonly [NoiseKind, readonly number[]])[] = [
  ["equal", [0.1, 0.3]],
  ["value", [0.1, 0.3, 1]],
  ["point", [0.1, 0.3, 1]],
];
const PLACEMENT = { perplexity: 30, iterations: 100 };

/**
 * Embeds measured values, and counts how many true positions are inside the ellipses of fitted and of placed points.
 */
export async function measureCoverage(
  record: CoverageRecord,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { points, seeds } = record.settings;
  for (const [data, make] of Object.entries(TRUTHS)) {
    for (const [noise, levels] of NOISES) {
      for (const level of levels) {
        const runs: Omit<CoverageSetting, "data" | "noise" | "level">[] = [];
        for (let seed = 1; seed <= seeds; seed++) {
          const truth = make(Math.round(1.25 * points), seed);
          const measured = addNoise(truth, noise, level, 1000 * seed + 7);
          runs.push(await cover(truth, measured, record.settings, seed, signal));
        }
        const average = (part: Group): Coverage => ({
          inner: round(mean(runs.map((run) => run[part].inner)), 3),
          outer: round(mean(runs.map((run) => run[part].outer)), 3),
        });
        const [all, best, worst, placed] = (["all", "best", "worst", "placed"] as const).map(average) as [
          Coverage,
          Coverage,
          Coverage,
          Coverage,
        ];
        record.coverages.push({ data, noise, level, all, best, worst, placed });
        const shown = [all, best, worst, placed].map(({ inner, outer }) => `${inner} / ${outer}`);
        log(`${data}, noise ${noise}, level ${level}: ${shown.join(", ")}`);
      }
    }
  }
}

/** Fits four fifths of the measured points, and places the remaining fifth into the embedding. */
async function cover(
  truth: Truth,
  measured: Measured,
  { draws, threads }: CoverageRecord["settings"],
  seed: number,
  signal: AbortSignal,
): Promise<Record<Group, Coverage>> {
  const rows = Array.from({ length: truth.means.rows }, (_, i) => i);
  const [fitted, others] = [rows.filter((i) => i % 5 !== 4), rows.filter((i) => i % 5 === 4)];
  const take = (chosen: readonly number[]) => ({
    truth: truth.means.take(chosen),
    means: measured.means.take(chosen),
    sigma: measured.sigma.take(chosen),
  });
  const [own, other] = [take(fitted), take(others)];
  const run = new Tsne(own.means, { sigma: own.sigma, threads, seed, signal });
  const { embedding } = await run.fit();
  const { covariance } = await positionUncertainty(run, { draws, signal });
  const distances = distancesFrom(embedding, covariance, await placeWithoutOwn(run, own.truth, own.sigma, signal));
  const placed = await run.place(other.means, { sigma: other.sigma, uncertainty: draws, signal });
  const ofTruth = await run.place(other.truth, { sigma: other.sigma, signal });
  const scattered = placed.uncertainty as NonNullable<typeof placed.uncertainty>;
  const spread = fitted.map((_, i) => Math.hypot(...Array.from(own.sigma.row(i))));
  const order = Array.from(spread.keys()).sort((a, b) => (spread[a] as number) - (spread[b] as number));
  const fifth = Math.floor(order.length / 5);
  const within = (chosen: readonly number[]): Coverage =>
    coverageOf(
      chosen.map((i) => distances[i] as number),
      draws,
    );
  return {
    all: within(order),
    best: within(order.slice(0, fifth)),
    worst: within(order.slice(-fifth)),
    placed: coverageOf(distancesFrom(placed.embedding, scattered.covariance, ofTruth.embedding), draws),
  };
}

/** Squared distances of positions from the centers of ellipses, in units of their covariances. */
function distancesFrom(centers: Matrix, covariances: Matrix, positions: Matrix): number[] {
  return Array.from({ length: centers.rows }, (_, i) => {
    const [xx, xy, yy] = covariances.row(i) as ArrayLike<number> as [number, number, number];
    const [x, y] = [positions.at(i, 0) - centers.at(i, 0), positions.at(i, 1) - centers.at(i, 1)];
    return (yy * x * x - 2 * xy * x * y + xx * y * y) / (xx * yy - xy * xy);
  });
}

const coverageOf = (distances: readonly number[], draws: number): Coverage => ({
  inner: mean(distances.map((distance) => Number(distance <= ellipseRadius(0.68, draws) ** 2))),
  outer: mean(distances.map((distance) => Number(distance <= ellipseRadius(0.95, draws) ** 2))),
});

/** Places true values in the same way as draws: the fitted point of the same row neither attracts nor repels them. */
async function placeWithoutOwn(run: Tsne, means: Matrix, sigma: Matrix, signal: AbortSignal): Promise<Matrix> {
  const own = Uint32Array.from({ length: means.rows }, (_, i) => i);
  const options = { ...PLACEMENT, uncertainty: undefined };
  const { positions } = await run.exclusively({ signal }, (native) =>
    native.place({ data: means, sigma, own, options, onProgress: undefined }),
  );
  return new Matrix(positions, means.rows, 2);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function formatCoverage({ coverages, settings }: CoverageRecord): string {
  const show = ({ inner, outer }: Coverage) => `${inner.toFixed(2)} / ${outer.toFixed(2)}`;
  const groups = ["all", "best", "worst", "placed"] as const;
  const rows = coverages.map((setting) => [
    setting.data,
    setting.noise === "equal" ? "equal" : `per ${setting.noise}`,
    String(setting.level),
    ...groups.map((group) => show(setting[group])),
  ]);
  const header = ["data", "noise", "median sigma", "all points", "best fifth", "worst fifth", "placed points"];
  const range = (part: Group, which: "inner" | "outer") => {
    const values = coverages.map((setting) => setting[part][which]);
    return `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
  };
  const isWithin = ({ inner, outer }: Coverage) => inner >= 0.6 && inner <= 0.8 && outer >= 0.88 && outer <= 0.98;
  const inAll = coverages.filter((setting) => groups.every((group) => isWithin(setting[group])));
  const names = {
    all: "All points",
    best: "best-measured fifth",
    worst: "worst-measured fifth",
    placed: "placed points",
  };
  const ranges = groups.map((group) => `${names[group]}: ${range(group, "inner")} / ${range(group, "outer")}`);
  const about = `Share of true positions inside the 68 % / 95 % ellipse, ${settings.points} fitted and a quarter as many placed points, ${settings.draws} draws, means over ${settings.seeds} seeds.`;
  return `${markdownTable(header, rows, 4)}\n\n${about} ${ranges.join("; ")}. In ${inAll.length} of ${coverages.length} settings all four lie within 0.60 to 0.80 and 0.88 to 0.98.`;
}
