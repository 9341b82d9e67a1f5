import { join } from "node:path";
import type { Matrix } from "../src/matrix.js";
import { evaluate } from "../src/quality/index.js";
import { runTsne } from "../src/tsne/index.js";
import {
  createModel,
  type Dataset,
  encodeWithUncertainty,
  type Images,
  imagesInMemory,
  type Model,
  openDataset,
  selectBackend,
  train,
  type UncertaintyOptions,
} from "../src/vae/index.js";
import { normals, uniforms } from "./generated-data.js";
import { type Machine, round } from "./machine.js";
import { markdownTable } from "./markdown.js";
import { drawShape } from "./shapes.js";
import { drawRows } from "./uncertain-data.js";

export interface CodeUncertaintyRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: { train: number; test: number; epochs: number; draws: number; seeds: number; threads: number };
  results: CodeUncertainty[];
}

/** Quality of the standard deviations from one source: means over the seeds. */
export interface CodeUncertainty {
  data: string;
  noise: NoiseKind;
  model: string;
  sigma: string;
  /**
   * Correlation between the logarithms of an image's sigma (root mean square over the code) and of its noise (root mean
   * square over the pixels).
   */
  noiseCorrelation: number;
  /**
   * Correlation between the logarithms of sigma and of the error of the code: its distance from the code of the image
   * without noise.
   */
  errorCorrelation: number;
  /** Root mean square of the errors of code values. */
  codeError: number;
  /** Shares of the errors of code values within one and two standard deviations. */
  within1: number;
  within2: number;
  /** Embeddings of the codes, by the name of the distance. */
  embeddings: Record<string, Embedding>;
}

/** How well an embedding represents the codes of the images without noise. */
interface Embedding {
  /** Share of the true 10 nearest neighbors that the embedding keeps, and the label accuracy. */
  kept: number;
  accuracy: number;
  /** Difference of `kept` from the embedding without sigma, with the standard error of its mean. */
  gain: number;
  error: number;
}

/** Whether the noise differs between images, or between the halves of each image. */
type NoiseKind = "per image" | "per half";
const NOISE_KINDS: readonly NoiseKind[] = ["per image", "per half"];

/** Images without noise, with the numbers of their classes. */
interface CleanImages {
  readonly side: number;
  readonly values: Float32Array;
  readonly labels: Int32Array;
}

/** Images with noise, and its standard deviation in each pixel. */
interface NoisyImages {
  readonly values: Float32Array;
  readonly noise: Float32Array;
}

const MODELS = ["vae", "bnn-vae"] as const;
const PLAIN = "none";
const DEFAULT = "inverse-variance";
const DISTANCES = [DEFAULT, "likelihood-ratio"] as const;
const NEIGHBORS = 10;
const Z_DIM = 10;

/** The compared sources of standard deviations, and the models that support them. */
const SOURCES: readonly {
  sigma: string;
  models: readonly string[];
  options(given: Float32Array): UncertaintyOptions;
}[] = [
  { sigma: "noise, given", models: ["vae"], options: (noise) => ({ uncertainty: "noise", noise }) },
  { sigma: "noise, estimated", models: ["vae"], options: () => ({ uncertainty: "noise" }) },
  {
    sigma: "noise, given, with the posterior",
    models: ["vae"],
    options: (noise) => ({ uncertainty: "noise", noise, addPosterior: true }),
  },
  {
    sigma: "noise, given, extrapolated",
    models: ["vae"],
    options: (noise) => ({ uncertainty: "noise", noise, extrapolate: true }),
  },
  {
    sigma: "noise, estimated, extrapolated",
    models: ["vae"],
    options: () => ({ uncertainty: "noise", extrapolate: true }),
  },
  { sigma: "augmentation", models: ["vae"], options: () => ({ uncertainty: "augmentation" }) },
  { sigma: "weights", models: ["bnn-vae"], options: () => ({ uncertainty: "weights" }) },
];

/**
 * Trains models on noisy images, and compares the standard deviations of their codes with the errors that the noise
 * causes.
 */
export async function measureCodeUncertainty(
  record: CodeUncertaintyRecord,
  folder: string | undefined,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { train: trainCount, test, seeds, threads } = record.settings;
  await selectBackend("auto", { threads });
  const sources: [string, (count: number, seed: number) => Promise<CleanImages>][] = [
    ["shapes", async (count, seed) => drawShapes(count, seed)],
  ];
  if (folder !== undefined) sources.push(["MNIST", await openMnist(folder, signal)]);
  for (const [data, draw] of sources) {
    for (const kind of NOISE_KINDS) {
      for (const name of MODELS) {
        const runs: Scored[][] = [];
        for (let seed = 1; seed <= seeds; seed++) {
          const clean = await draw(trainCount + test, seed);
          runs.push(await scoreSources({ name, clean, kind, seed }, record.settings, signal));
        }
        for (const [at, { sigma }] of (runs[0] as Scored[]).entries()) {
          const own = runs.map((run) => run[at] as Scored);
          record.results.push({ data, noise: kind, model: name, sigma, ...summarize(own, runs) });
          log(`${data}, noise ${kind}, ${name}, ${sigma}: ${JSON.stringify(record.results.at(-1))}`);
        }
      }
    }
  }
}

/** Results of one source of standard deviations with one seed. */
interface Scored extends Omit<CodeUncertainty, "data" | "noise" | "model" | "embeddings"> {
  embeddings: Record<string, Pick<Embedding, "kept" | "accuracy">>;
}

async function scoreSources(
  { name, clean, kind, seed }: { name: (typeof MODELS)[number]; clean: CleanImages; kind: NoiseKind; seed: number },
  settings: CodeUncertaintyRecord["settings"],
  signal: AbortSignal,
): Promise<Scored[]> {
  const { side, labels } = clean;
  const pixels = side * side;
  const noisy = addNoise(clean, kind, seed);
  const inMemory = (values: Float32Array) => imagesInMemory(values, [side, side, 1]);
  const split = settings.train * pixels;
  const model = await trainModel(name, inMemory(noisy.values.subarray(0, split)), settings, seed, signal);
  const testLabels = Array.from(labels.subarray(settings.train));
  const test = inMemory(noisy.values.subarray(split));
  const given = noisy.noise.subarray(split);
  const levels = rootMeanSquares(given, pixels);
  const truth = (await model.encode(inMemory(clean.values.subarray(split)), { draws: settings.draws, signal })).means;

  const score = async (sigma: string, means: Matrix, sd: Matrix | undefined): Promise<Scored> => {
    const errors = Float32Array.from(means.data, (mean, i) => mean - (truth.data[i] as number));
    const within = (limit: number) =>
      sd ? average(Array.from(errors, (e, i) => Number(Math.abs(e) <= limit * (sd.data[i] as number)))) : Number.NaN;
    const correlation = (others: Float32Array) =>
      sd ? correlate(rootMeanSquares(sd.data as Float32Array, Z_DIM), others) : Number.NaN;
    const { threads } = settings;
    const how = { k: NEIGHBORS, labels: testLabels, distance: "euclidean", threads, signal } as const;
    const embeddings: Scored["embeddings"] = {};
    // Without sigma, all distances are Euclidean.
    for (const distance of sd ? DISTANCES : ([DEFAULT] as const)) {
      const { embedding } = await runTsne(means, { ...(sd && { sigma: sd, distance }), seed, threads, signal });
      const { neighborhoods, accuracy } = await evaluate(truth, embedding, how);
      embeddings[distance] = { kept: neighborhoods[0]?.kept.value as number, accuracy: accuracy?.value as number };
    }
    return {
      sigma,
      noiseCorrelation: correlation(levels),
      errorCorrelation: correlation(rootMeanSquares(errors, Z_DIM)),
      codeError: rootMeanSquares(errors, errors.length)[0] as number,
      within1: within(1),
      within2: within(2),
      embeddings,
    };
  };

  const { draws } = settings;
  const own = await model.encode(test, { draws, signal });
  const scores = [await score(PLAIN, own.means, undefined), await score("of the model", own.means, own.sigma)];
  for (const { sigma, models, options } of SOURCES) {
    if (!models.includes(name)) continue;
    const codes = await encodeWithUncertainty(model, test, { ...options(given), draws, signal });
    scores.push(await score(sigma, codes.means, codes.sigma));
    // Measures the effect of extrapolation on the embedding without sigma.
    if (sigma.endsWith("extrapolated")) scores.push(await score(`${PLAIN} (${sigma})`, codes.means, undefined));
  }
  model.dispose();
  return scores;
}

async function trainModel(
  name: (typeof MODELS)[number],
  images: Images,
  { epochs }: { epochs: number },
  seed: number,
  signal: AbortSignal,
): Promise<Model> {
  const { height, width, channels } = images;
  const model = createModel(name, { height, width, channels, zDim: Z_DIM, likelihood: "learned-gaussian", seed });
  const none = { ...images, count: 0 };
  const dataset: Dataset = {
    ...{ name: "noisy images", height, width, channels },
    ...{ train: images, validation: none, test: none, all: images },
    close: async () => {},
  };
  await train(model, dataset, { epochs, seed, signal });
  return model;
}

/** Gray values of shapes and background. They leave room for noise in both directions. */
const GRAY = { least: 0.25, most: 0.75 };
const SHAPE_SIDE = 24;

/**
 * Draws discs and squares of random size at random positions. The classes are the two kinds of shapes, each with two
 * ranges of sizes.
 */
function drawShapes(count: number, seed: number): CleanImages {
  const uniform = uniforms(seed);
  const values = new Float32Array(count * SHAPE_SIDE ** 2);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const kind = uniform() < 0.5 ? "disc" : "square";
    const size = 2.5 + 3 * uniform();
    const place = () => SHAPE_SIDE / 2 - 0.5 + (SHAPE_SIDE / 2 - 6.5) * (2 * uniform() - 1);
    const picture = drawShape({ kind, size, x: place(), y: place() }, SHAPE_SIDE);
    values.set(
      picture.map((value) => GRAY.least + (GRAY.most - GRAY.least) * value),
      i * SHAPE_SIDE ** 2,
    );
    labels[i] = 2 * Number(kind === "disc") + Number(size > 4);
  }
  return { side: SHAPE_SIDE, values, labels };
}

async function openMnist(
  folder: string,
  signal: AbortSignal,
): Promise<(count: number, seed: number) => Promise<CleanImages>> {
  const dataset = await openDataset("mnist", { dataDir: join(folder, "mnist"), download: false, signal });
  return async (count, seed) => {
    const indices = drawRows(dataset.train.count, count, seed);
    const { labels } = dataset.train;
    return {
      side: dataset.height,
      values: await dataset.train.read(indices),
      labels: Int32Array.from(indices, (index) => labels?.[index] as number),
    };
  };
}

/** Median of the standard deviations of the noise, the spread of their logarithms, and their largest value. */
const LEVEL = { median: 0.1, spread: 0.7, most: 0.5 };
/** Standard deviation of the noise in the better half of an image. */
const QUIET = 0.02;

/** Adds Gaussian noise, cut off at 0 and 1. Its standard deviation is drawn for each image, or for one half of each. */
function addNoise({ side, values, labels }: CleanImages, kind: NoiseKind, seed: number): NoisyImages {
  const normal = normals(1000 * seed + 7);
  const noise = new Float32Array(values.length);
  for (let i = 0; i < labels.length; i++) {
    const level = Math.min(LEVEL.most, LEVEL.median * Math.exp(LEVEL.spread * normal()));
    const [alongRows, isFirst] = [normal() > 0, normal() > 0];
    for (let at = 0; at < side * side; at++) {
      const place = alongRows ? Math.floor(at / side) : at % side;
      const isNoisy = kind === "per image" || place < side / 2 === isFirst;
      noise[i * side * side + at] = isNoisy ? level : QUIET;
    }
  }
  const noisy = values.map((value, at) => Math.min(1, Math.max(0, value + (noise[at] as number) * normal())));
  return { values: noisy, noise };
}

/** Computes the root mean square of each `length` consecutive numbers. */
function rootMeanSquares(values: Float32Array, length: number): Float32Array {
  return Float32Array.from(
    { length: values.length / length },
    (_, i) => Math.hypot(...values.subarray(i * length, (i + 1) * length)) / Math.sqrt(length),
  );
}

/** Spearman's rank correlation; NaN if all values of one side are equal. */
function correlate(a: Float32Array, b: Float32Array): number {
  const [x, y] = [ranks(a), ranks(b)];
  const [meanX, meanY] = [average(x), average(y)];
  const product = (u: readonly number[], v: readonly number[], meanU: number, meanV: number) =>
    u.reduce((sum, value, i) => sum + (value - meanU) * ((v[i] as number) - meanV), 0);
  return product(x, y, meanX, meanY) / Math.sqrt(product(x, x, meanX, meanX) * product(y, y, meanY, meanY));
}

/** Ranks. Equal values get their mean rank. */
function ranks(values: Float32Array): number[] {
  const sorted = values.slice().sort();
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  sorted.forEach((value, rank) => {
    if (!first.has(value)) first.set(value, rank);
    last.set(value, rank);
  });
  return Array.from(values, (value) => ((first.get(value) as number) + (last.get(value) as number)) / 2);
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Averages over the seeds. The first entries of `runs` are the embeddings without sigma. */
function summarize(
  own: readonly Scored[],
  runs: readonly Scored[][],
): Omit<CodeUncertainty, "data" | "noise" | "model" | "sigma"> {
  const mean = (key: "noiseCorrelation" | "errorCorrelation" | "codeError" | "within1" | "within2") =>
    round(average(own.map((run) => run[key])), 3);
  const of = (run: Scored | undefined, distance: string) =>
    run?.embeddings[distance] as Pick<Embedding, "kept" | "accuracy">;
  const summarizeEmbedding = (distance: string): Embedding => {
    const gains = own.map((run, i) => of(run, distance).kept - of(runs[i]?.[0], DEFAULT).kept);
    const gain = average(gains);
    const variance = gains.reduce((sum, value) => sum + (value - gain) ** 2, 0) / Math.max(1, gains.length - 1);
    return {
      kept: round(average(own.map((run) => of(run, distance).kept)), 4),
      accuracy: round(average(own.map((run) => of(run, distance).accuracy)), 4),
      gain: round(gain, 4),
      error: round(Math.sqrt(variance / gains.length), 4),
    };
  };
  const distances = Object.keys((own[0] as Scored).embeddings);
  return {
    noiseCorrelation: mean("noiseCorrelation"),
    errorCorrelation: mean("errorCorrelation"),
    codeError: mean("codeError"),
    within1: mean("within1"),
    within2: mean("within2"),
    embeddings: Object.fromEntries(distances.map((distance) => [distance, summarizeEmbedding(distance)])),
  };
}

/** One table per data set and kind of noise. */
export function formatCodeUncertainty({ results, settings }: CodeUncertaintyRecord): string {
  const cases = [...new Set(results.map(({ data, noise }) => `${data}, noise ${noise}`))];
  const show = (value: number | null) => (Number.isFinite(value) ? (value as number).toFixed(2) : "");
  const showGain = (embedding: Embedding | undefined) =>
    embedding ? `${embedding.gain < 0 ? "" : "+"}${embedding.gain.toFixed(3)} ± ${embedding.error.toFixed(3)}` : "";
  const tables = cases.flatMap((name) => [
    `**${name}**`,
    markdownTable(
      [
        "model",
        "sigma",
        "r, noise",
        "r, error",
        "error",
        "within 1",
        "within 2",
        "neighbors / accuracy",
        ...DISTANCES.map((name) => `gain, ${name}`),
      ],
      results
        .filter(({ data, noise }) => `${data}, noise ${noise}` === name)
        .map((row) => [
          row.model,
          row.sigma,
          ...[row.noiseCorrelation, row.errorCorrelation, row.codeError, row.within1, row.within2].map(show),
          ...[row.embeddings[DEFAULT] as Embedding].map(
            ({ kept, accuracy }) => `${kept.toFixed(3)} / ${accuracy.toFixed(3)}`,
          ),
          ...DISTANCES.map((distance) => (row.sigma === PLAIN ? "" : showGain(row.embeddings[distance]))),
        ]),
      7,
    ),
  ]);
  const { train, test, epochs, draws, seeds } = settings;
  return [
    `Means over ${seeds} seeds. Models of ${Z_DIM} dimensions, trained for ${epochs} epochs on ${train} noisy images; codes of ${test} other noisy images; ${draws} draws.`,
    ...tables,
  ].join("\n\n");
}
