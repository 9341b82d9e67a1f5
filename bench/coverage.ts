import { Matrix } from "../src/matrix.js";
import { positionUncertainty, Tsne } from "../src/tsne/index.js";
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
  /** Of the fifth of the points with the smallest standard deviations. */
  best: Coverage;
  /** Of the fifth with the largest. */
  worst: Coverage;
}

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

/** Embeds measured values, and counts true positions inside the ellipses of the fitted points. */
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
          const truth = make(points, seed);
          runs.push(await cover(truth, addNoise(truth, noise, level, 1000 * seed + 7), record.settings, seed, signal));
        }
        const average = (part: "all" | "best" | "worst"): Coverage => ({
          inner: round(mean(runs.map((run) => run[part].inner)), 3),
          outer: round(mean(runs.map((run) => run[part].outer)), 3),
        });
        const setting = { data, noise, level, all: average("all"), best: average("best"), worst: average("worst") };
        record.coverages.push(setting);
        log(`${data}, noise ${noise}, level ${level}: ${setting.all.inner} / ${setting.all.outer}`);
      }
    }
  }
}

async function cover(
  truth: Truth,
  { means, sigma }: Measured,
  { draws, threads }: CoverageRecord["settings"],
  seed: number,
  signal: AbortSignal,
): Promise<{ all: Coverage; best: Coverage; worst: Coverage }> {
  const run = new Tsne(means, { sigma, threads, seed, signal });
  const { embedding } = await run.fit();
  const { covariance } = await positionUncertainty(run, { draws, signal });
  const positions = await placeWithoutOwn(run, truth.means, sigma, signal);
  const distances = Array.from({ length: means.rows }, (_, i) => {
    const [xx, xy, yy] = covariance.row(i) as ArrayLike<number> as [number, number, number];
    const [x, y] = [positions.at(i, 0) - embedding.at(i, 0), positions.at(i, 1) - embedding.at(i, 1)];
    return (yy * x * x - 2 * xy * x * y + xx * y * y) / (xx * yy - xy * xy);
  });
  const spread = Array.from({ length: means.rows }, (_, i) => Math.hypot(...Array.from(sigma.row(i))));
  const order = Array.from(spread.keys()).sort((a, b) => (spread[a] as number) - (spread[b] as number));
  const fifth = Math.floor(order.length / 5);
  const within = (rows: readonly number[]): Coverage => ({
    inner: mean(rows.map((i) => Number((distances[i] as number) <= quantile(0.68)))),
    outer: mean(rows.map((i) => Number((distances[i] as number) <= quantile(0.95)))),
  });
  return { all: within(order), best: within(order.slice(0, fifth)), worst: within(order.slice(-fifth)) };
}

/** Places true values as draws are placed: the fitted point of the same row neither attracts nor repels. */
async function placeWithoutOwn(run: Tsne, means: Matrix, sigma: Matrix, signal: AbortSignal): Promise<Matrix> {
  const own = Uint32Array.from({ length: means.rows }, (_, i) => i);
  const options = { ...PLACEMENT, uncertainty: undefined };
  const { positions } = await run.exclusively({ signal }, (native) =>
    native.place({ data: means, sigma, own, options, onProgress: undefined }),
  );
  return new Matrix(positions, means.rows, 2);
}

/** Of the chi-squared distribution with two degrees of freedom. */
const quantile = (share: number): number => -2 * Math.log(1 - share);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function formatCoverage({ coverages, settings }: CoverageRecord): string {
  const show = ({ inner, outer }: Coverage) => `${inner.toFixed(2)} / ${outer.toFixed(2)}`;
  const rows = coverages.map(({ data, noise, level, all, best, worst }) => [
    data,
    noise === "equal" ? "equal" : `per ${noise}`,
    String(level),
    ...[all, best, worst].map(show),
  ]);
  const table = markdownTable(["data", "noise", "median sigma", "all points", "best fifth", "worst fifth"], rows, 4);
  const range = (part: "all" | "best" | "worst", which: "inner" | "outer") => {
    const values = coverages.map((setting) => setting[part][which]);
    return `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
  };
  const inAll = coverages.filter(({ all, best, worst }) =>
    [all, best, worst].every(({ inner, outer }) => inner >= 0.6 && inner <= 0.8 && outer >= 0.88 && outer <= 0.98),
  );
  return `${table}\n\nShare of true positions inside the 68 % / 95 % ellipse, ${settings.points} points, ${settings.draws} draws, means over ${settings.seeds} seeds. All points: ${range("all", "inner")} / ${range("all", "outer")}; best-measured fifth: ${range("best", "inner")} / ${range("best", "outer")}; worst-measured fifth: ${range("worst", "inner")} / ${range("worst", "outer")}. In ${inAll.length} of ${coverages.length} settings all three lie within 0.60 to 0.80 and 0.88 to 0.98.`;
}
