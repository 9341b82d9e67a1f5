import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { readMatrix, readStack } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import { evaluate } from "../src/quality/index.js";
import { nearest } from "../src/search/index.js";
import { estimateNoiseModel, runTsne, Tsne, type TsneOptions } from "../src/tsne/index.js";
import { FOLDERS } from "./folders.js";
import { round } from "./machine.js";
import { addCorrelatedNoise, addNoise, drawRows, TRUTHS } from "./uncertain-data.js";

/** Measured points, and known facts about them. */
interface Measurements {
  readonly means: Matrix;
  readonly sigma: Matrix;
  /** Covariances, n x d x d, if the errors are correlated. */
  readonly covariance?: TsneOptions["covariance"];
  /** True values, if they are known. */
  readonly truth?: Matrix | undefined;
  /** Classes, or a true quantity of each point. */
  readonly labels: readonly number[];
  readonly quantity?: boolean;
}

/**
 * Result of one method on one data set: means over the seeds, with the standard error of the difference from plain
 * t-SNE.
 */
export interface Competitor {
  method: string;
  /** Share of the true 10 nearest neighbors in the embedding; `undefined` if the truth is unknown. */
  kept: number | undefined;
  /**
   * For labels: share of points whose label is predicted by their 10 nearest neighbors. For a quantity: squared
   * correlation with its mean over the 10 nearest neighbors.
   */
  score: number;
  gain: number;
  error: number;
  /** Share of the entries of neighbor lists that belong to the noisiest fifth of the points: 0.2 without hubs. */
  noisiest: number | undefined;
}

/** Results of all methods on one data set. */
export interface Competition {
  data: string;
  points: number;
  competitors: Competitor[];
}

const NEIGHBORS = 10;

type Method = (data: Measurements, settings: TsneOptions & { seed: number; threads: number }) => Promise<Matrix>;

const embedWith =
  (options: TsneOptions): Method =>
  async ({ means, sigma }, settings) =>
    (await runTsne(means, { ...settings, ...options, sigma })).embedding;

/** Plain t-SNE of the 75 % of the points with the least noise. The other points are placed into this embedding. */
const dropNoisy: Method = async ({ means, sigma }, settings) => {
  const noise = noiseOf(means, sigma);
  const order = Array.from(noise.keys()).sort((a, b) => (noise[a] as number) - (noise[b] as number));
  const [kept, dropped] = [
    order.slice(0, Math.round(0.75 * order.length)),
    order.slice(Math.round(0.75 * order.length)),
  ];
  const run = new Tsne(means.take(kept), settings);
  const { embedding } = await run.fit();
  const placed = await run.place(means.take(dropped));
  const whole = new Matrix(new Float32Array(means.rows * 2), means.rows, 2);
  for (const [r, i] of kept.entries()) whole.data.set(embedding.row(r), 2 * i);
  for (const [r, i] of dropped.entries()) whole.data.set(placed.embedding.row(r), 2 * i);
  return whole;
};

/**
 * Plain t-SNE of shrunken values: each value y is moved toward the mean m of its column according to its uncertainty, m
 * + S / (S + sigma^2) (y - m).
 */
const shrink: Method = async ({ means, sigma }, settings) => {
  const { mean, variance } = await estimateNoiseModel(means, sigma, { threads: settings.threads });
  const data = Float64Array.from(means.data, (y, at) => {
    const k = at % means.cols;
    const [m, s] = [mean[k] as number, variance[k] as number];
    return m + (s / (s + (sigma.data[at] as number) ** 2)) * (y - m);
  });
  return (await runTsne(new Matrix(data, means.rows, means.cols), settings)).embedding;
};

const DISTANCES = [
  "inverse-variance",
  "likelihood-ratio",
  "mahalanobis",
  "mahalanobis-logdet",
  "bhattacharyya",
  "jeffreys",
  "expected",
  "wasserstein",
] as const;
/** The method with which the others are compared. */
export const PLAIN = "plain t-SNE";

const METHODS: Readonly<Record<string, Method>> = {
  [PLAIN]: embedWith({ distance: "euclidean" }),
  ...Object.fromEntries(DISTANCES.map((distance) => [distance, embedWith({ distance })])),
  "dropping noisy points": dropNoisy,
  shrinkage: shrink,
};

/** Methods that also use covariances. */
const WITH_COVARIANCES: Readonly<Record<string, Method>> = Object.fromEntries(
  (["inverse-variance", "mahalanobis-logdet"] as const).map((distance) => [
    `${distance}, covariances`,
    async ({ means, covariance }, settings) => (await runTsne(means, { ...settings, distance, covariance })).embedding,
  ]),
);

type Draw = (seed: number) => Promise<Measurements>;

/**
 * Measures every method on synthetic truths with noise of median 0.3, on real data with measured errors, and on codes
 * of an autoencoder.
 *
 * @param folder of public data, for the codes
 */
export async function measureCompetitors(
  competitions: Competition[],
  how: { points: number; seeds: number; threads: number; python: string; folder: string | undefined },
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const [data, draw] of await openSources(how, log)) {
    const runs: Record<string, Scores>[] = [];
    let points = 0;
    for (let seed = 1; seed <= how.seeds; seed++) {
      const measurements = await draw(seed);
      points = measurements.means.rows;
      runs.push(await compete(measurements, { seed, threads: how.threads, signal }));
    }
    const competition = { data, points, competitors: summarize(runs) };
    competitions.push(competition);
    const shown = competition.competitors.map(({ method, kept, score }) => `${method} ${(kept ?? score).toFixed(3)}`);
    log(`${data}: ${shown.join(", ")}`);
  }
}

async function openSources(
  { points, python, folder }: { points: number; python: string; folder: string | undefined },
  log: (line: string) => void,
): Promise<[string, Draw][]> {
  const synthetic = Object.entries(TRUTHS).flatMap(([name, make]) =>
    (["value", "column", "point"] as const).map((kind): [string, Draw] => [
      `${name}, noise per ${kind}`,
      async (seed) => {
        const { means: truth, labels } = make(points, seed);
        return { ...addNoise({ means: truth, labels }, kind, 0.3, 1000 * seed + 7), truth, labels };
      },
    ]),
  );
  const correlated = Object.entries(TRUTHS).map(([name, make]): [string, Draw] => [
    `${name}, correlated noise`,
    async (seed) => {
      const { means: truth, labels } = make(points, seed);
      return { ...addCorrelatedNoise({ means: truth, labels }, 1, 1000 * seed + 7), truth, labels };
    },
  ]);
  const real = await openReal(python, log);
  return [...synthetic, ...correlated, ...real, ...(folder === undefined ? [] : [openCodes(folder)])];
}

const REAL = ["galaxies", "colors", "clusters", "cancer", "digits"] as const;

/** Extracts the real data from Python packages into bench/data. */
async function openReal(python: string, log: (line: string) => void): Promise<[string, Draw][]> {
  const folder = join(FOLDERS.data, "uncertain");
  await mkdir(folder, { recursive: true });
  let missing: Record<string, string>;
  try {
    const script = join(FOLDERS.peers, "uncertain.py");
    missing = JSON.parse((await promisify(execFile)(python, [script, folder])).stdout);
  } catch {
    log("the real data are left out: npm run bench -- setup installs the Python packages that hold them");
    return [];
  }
  const whole = REAL.filter((name) => !(name in missing) && !(name === "colors" && "galaxies" in missing));
  for (const [name, reason] of Object.entries(missing)) log(`${name} is left out: ${reason}`);
  return Promise.all(
    whole.map(async (name): Promise<[string, Draw]> => {
      const data = scale(await readReal(folder, name));
      return [name, async () => data];
    }),
  );
}

async function readReal(folder: string, name: (typeof REAL)[number]): Promise<Measurements> {
  const read = (part: string) => readMatrix(join(folder, `${name}-${part}.npy`));
  const [means, sigma, labels] = await Promise.all([read("means"), read("sigma"), read("labels")]);
  return {
    means,
    sigma,
    labels: Array.from(labels.data),
    quantity: name === "galaxies" || name === "colors",
    ...(name === "digits" && { truth: await read("truth") }),
    ...(name === "colors" && { covariance: await readStack(join(folder, "colors-covariance.npy")) }),
  };
}

/**
 * Scales columns and their standard deviations to the same spread. Columns of different kinds, as in the data of cells
 * and clusters, need this.
 */
function scale(data: Measurements): Measurements {
  if (data.truth || data.quantity) return data;
  const { means, sigma } = data;
  const { rows, cols } = means;
  const spread = Array.from({ length: cols }, (_, k) => {
    const column = Array.from({ length: rows }, (_, i) => means.at(i, k)).sort((a, b) => a - b);
    return (column[Math.floor(0.75 * rows)] as number) - (column[Math.floor(0.25 * rows)] as number);
  });
  const divide = ({ data }: Matrix) =>
    new Matrix(
      Float64Array.from(data, (value, at) => value / (spread[at % cols] as number)),
      rows,
      cols,
    );
  return { ...data, means: divide(means), sigma: divide(sigma) };
}

function openCodes(folder: string): [string, Draw] {
  return [
    "codes of an autoencoder",
    async (seed) => {
      const rows = [60000, 70000] as const;
      const means = await readMatrix(join(folder, "latents/mnist70k_vae32_mu.npy"), { rows });
      const sigma = await readMatrix(join(folder, "latents/mnist70k_vae32_sigma.npy"), { rows });
      const { readLabels } = await import("../src/io/index.js");
      const labels = (await readLabels(join(folder, "mnist/t10k-labels-idx1-ubyte.gz"))).map(Number);
      const drawn = drawRows(means.rows, 1000, seed);
      return {
        means: means.take(drawn),
        sigma: sigma.take(drawn),
        labels: Array.from(drawn, (row) => labels[row] as number),
      };
    },
  ];
}

interface Scores {
  kept: number | undefined;
  score: number;
  noisiest: number | undefined;
}

async function compete(
  data: Measurements,
  settings: { seed: number; threads: number; signal: AbortSignal },
): Promise<Record<string, Scores>> {
  const methods = { ...METHODS, ...(data.covariance && WITH_COVARIANCES) };
  const scores: Record<string, Scores> = {};
  for (const [name, method] of Object.entries(methods)) {
    const embedding = await method(data, settings);
    const { threads, signal } = settings;
    const how = { k: NEIGHBORS, distance: "euclidean", threads, signal } as const;
    const labels = data.quantity ? undefined : data.labels;
    const { neighborhoods, accuracy } = await evaluate(data.truth ?? data.means, embedding, { ...how, labels });
    scores[name] = {
      kept: data.truth && neighborhoods[0]?.kept.value,
      score: accuracy?.value ?? (await predict(embedding, data.labels, threads)),
      noisiest: await countNoisiest(name, data, threads),
    };
  }
  return scores;
}

/** The squared correlation of a quantity with its mean over the 10 nearest points of the embedding. */
async function predict(embedding: Matrix, quantity: readonly number[], threads: number): Promise<number> {
  const rows = Array.from(quantity.keys());
  const { indices } = await nearest(embedding, Uint32Array.from(rows), {
    k: NEIGHBORS,
    distance: "euclidean",
    threads,
  });
  const predicted = rows.map((i) =>
    mean(Array.from(indices.subarray(i * NEIGHBORS, (i + 1) * NEIGHBORS), (j) => quantity[j] as number)),
  );
  const [a, b] = [mean(predicted), mean(quantity)];
  const covariance = mean(rows.map((i) => ((predicted[i] as number) - a) * ((quantity[i] as number) - b)));
  const variances = mean(predicted.map((x) => (x - a) ** 2)) * mean(quantity.map((x) => (x - b) ** 2));
  return covariance ** 2 / variances;
}

/**
 * Counts how often the noisiest fifth of the points is among the 10 nearest neighbors of other points, for one
 * distance.
 */
async function countNoisiest(
  name: string,
  { means, sigma }: Measurements,
  threads: number,
): Promise<number | undefined> {
  const distance = name === PLAIN ? "euclidean" : DISTANCES.find((known) => known === name);
  if (distance === undefined) return undefined;
  const rows = Uint32Array.from({ length: means.rows }, (_, i) => i);
  const { indices } = await nearest(means, rows, { k: NEIGHBORS, distance, sigma, threads });
  const noise = noiseOf(means, sigma);
  const limit = [...noise].sort((a, b) => a - b)[Math.floor(0.8 * noise.length)] as number;
  return mean(Array.from(indices, (j) => Number((noise[j] as number) >= limit)));
}

/** Mean variance of each point, with each column in units of its own variance. */
function noiseOf(means: Matrix, sigma: Matrix): number[] {
  const variances = Array.from({ length: means.cols }, (_, k) => {
    const column = Array.from({ length: means.rows }, (_, i) => means.at(i, k));
    const center = mean(column);
    return mean(column.map((x) => (x - center) ** 2)) || 1;
  });
  return Array.from({ length: means.rows }, (_, i) =>
    mean(variances.map((variance, k) => sigma.at(i, k) ** 2 / variance)),
  );
}

function summarize(runs: readonly Record<string, Scores>[]): Competitor[] {
  const value = ({ kept, score }: Scores) => kept ?? score;
  return Object.keys(runs[0] ?? {}).map((method) => {
    const own = runs.map((run) => run[method] as Scores);
    const gains = own.map((scores, i) => value(scores) - value((runs[i] as Record<string, Scores>)[PLAIN] as Scores));
    const gain = mean(gains);
    const variance = gains.reduce((sum, x) => sum + (x - gain) ** 2, 0) / Math.max(1, gains.length - 1);
    const average = (part: (scores: Scores) => number | undefined) => {
      const values = own.map(part).filter((x) => x !== undefined);
      return values.length === 0 ? undefined : round(mean(values), 4);
    };
    return {
      method,
      kept: average(({ kept }) => kept),
      score: average(({ score }) => score) as number,
      gain: round(gain, 4),
      error: round(Math.sqrt(variance / gains.length), 4),
      noisiest: average(({ noisiest }) => noisiest),
    };
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
