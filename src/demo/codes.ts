import { join } from "node:path";
import {
  assertComparisonWritable,
  type ComparedMap,
  type ComparedPair,
  type Comparison,
  compare,
  writeComparison,
} from "../compare/index.js";
import { assertFolderWritable, assertWritable, writeFileAtomic, writeMatrices, writeMatrix } from "../io/index.js";
import { assignToGrid, type GridAssignment, type Separation, separateUniformly } from "../layout/index.js";
import { Matrix } from "../matrix.js";
import { drawMap, drawMapsSideBySide } from "../plot/index.js";
import type { Backend, Codes, Dataset, Model, TrainingResult } from "../vae/index.js";
import { drawWall, writeWall } from "../wall/index.js";
import { explainCodes } from "./explanation.js";
import type { ResolvedDemo } from "./options.js";
import { labelHits, mean, meanWithError, nearestNeighbors } from "./scores.js";
import type { CodesSummary } from "./summary.js";

/** The autoencoders, and the backend that computes them. */
export type Networks = typeof import("../vae/index.js") & { backend: Backend };

const NEIGHBORS = 10;
/** Number of latent dimensions of the model `vae`. The model `micrograph-vae` uses its own default. */
const Z_DIM = 20;
const SPLIT = { validation: 0, test: 0.1 };
/**
 * The contrast of each micrograph is stretched, as microscopes display them. Otherwise the model would mostly learn
 * brightness.
 */
const STRETCH = 0.02;
const FILES = [
  {
    name: "comparison",
    content: "report.html: both maps, linked to each other; comparison.png; metrics.json; changes.csv",
  },
  { name: "images.png", content: "micrographs on the sigma-aware map, colored by what they show" },
  { name: "separated.png", content: "the sigma-aware map, and the same map spread evenly" },
  { name: "wall.png", content: "every micrograph in a cell of a grid, next to similar ones" },
  { name: "wall", content: "index.html: the same wall, with zoom and search" },
  { name: "figures", content: "what the autoencoder has learned: reconstructions.png and more" },
  { name: "model", content: "the autoencoder, for sigma-tsne decode, sample, interpolate and encode" },
  { name: "codes", content: "means, standard deviations and labels, for sigma-tsne embed, compare and search" },
  { name: "micrographs.npy", content: "the images, for --images of sigma-tsne plot, wall and search" },
  { name: "separated.csv", content: "x, y, row and column of every micrograph on the grid" },
  { name: "summary.json", content: "all numbers" },
] as const;
type FileName = (typeof FILES)[number]["name"];

/**
 * Demonstrates all steps from images to maps. A small variational autoencoder learns simulated micrographs with one
 * acquisition each. Its codes are embedded without and with their standard deviations, the two maps are compared, and
 * the second one is spread onto a grid. Pictures of all results are drawn. Labels are only used for colors and scores,
 * never for learning.
 *
 * The likelihood of the dense model has a learned variance. The pixels are gray values of low contrast, from which a
 * Bernoulli likelihood learns almost nothing. Small batches make the best use of few images.
 *
 * Writes the files in `summary.files`, the summary last. Each file and folder is written atomically. The same seed,
 * count and epochs give the same pictures with any number of threads.
 *
 * @throws {FileError} FILE_WRITE before any computation, if existing files prevent writing
 * @throws {AbortError} if the signal is aborted
 */
export async function mapCodes(options: ResolvedDemo, networks: Networks): Promise<CodesSummary> {
  const { directory, count, seed, signal } = options;
  await assertAllWritable(directory, networks);
  const times = [performance.now()];
  const dataset = await networks.openDataset("micrographs", {
    ...{ count, seed, split: SPLIT, stretch: STRETCH },
    ...follow(options, "data", "micrographs"),
  });
  const { height, width } = dataset;
  try {
    const size = { height, width, seed };
    const model: Model =
      options.model === "vae"
        ? networks.createModel("vae", { ...size, zDim: Z_DIM, likelihood: "learned-gaussian" })
        : networks.createModel("micrograph-vae", { ...size, filters: [32, 64, 128], hiddenDim: 512 });
    try {
      times.push(performance.now());
      const labels = networks.labelNames(dataset.all.labels, dataset.classes) as string[];
      const work: Work = { options, networks, dataset, model, labels };
      const { codes, history } = await learnCodes(work);
      times.push(performance.now());
      const maps = await compareMaps(codes, work);
      times.push(performance.now());
      const pictures = await writePictures(maps.comparison, work);
      await writeModelAndCodes(codes, work);
      times.push(performance.now());
      const findings = summarize(maps, history, pictures, work);
      const summary = { ...findings, seconds: toSeconds(times), explanation: explainCodes(findings) };
      await writeFileAtomic(join(directory, "summary.json"), `${JSON.stringify(summary, undefined, 2)}\n`, { signal });
      return summary;
    } finally {
      model.dispose();
    }
  } finally {
    await dataset.close();
  }
}

/** The inputs that all steps share. */
interface Work {
  readonly options: ResolvedDemo;
  readonly networks: Networks;
  readonly dataset: Dataset;
  readonly model: Model;
  readonly labels: readonly string[];
}

/** The signal and the progress callback of one stage. */
function follow({ signal, onProgress }: ResolvedDemo, part: "data" | "pictures", stage: string) {
  return { signal, onProgress: ({ fraction }: { fraction: number }) => onProgress?.({ part, stage, fraction }) };
}

async function assertAllWritable(directory: string, networks: Networks): Promise<void> {
  const path = (name: FileName) => join(directory, name);
  for (const { name } of FILES.filter(({ name }) => name.includes("."))) await assertWritable(path(name));
  await assertComparisonWritable(path("comparison"));
  await assertFolderWritable(path("figures"), networks.figuresFolder());
  await assertFolderWritable(path("codes"), networks.codesFolder());
}

async function learnCodes({ options, networks, dataset, model }: Work): Promise<{
  codes: Codes;
  history: TrainingResult["history"];
}> {
  const { epochs, seed, signal, onProgress } = options;
  const { history } = await networks.train(model, dataset, {
    ...{ epochs, batchSize: model.name === "vae" ? 32 : undefined, seed, signal },
    onProgress: ({ step, steps }) => onProgress?.({ part: "training", stage: "training", fraction: step / steps }),
  });
  return { codes: await model.encode(dataset.all, { signal }), history };
}

/** Both maps, and for each image whether most of its neighbors in each map have the same label. */
interface ScoredMaps {
  readonly comparison: Comparison;
  readonly standardHits: Float64Array;
  readonly awareHits: Float64Array;
}

async function compareMaps(codes: Codes, { options, labels }: Work): Promise<ScoredMaps> {
  const { seed, threads, signal, onProgress } = options;
  const comparison = await compare(codes.means, {
    ...{ sigma: codes.sigma as Matrix, labels, seed, threads, signal },
    onProgress: ({ name, stage, fraction, iteration, iterations, kl }) =>
      onProgress?.({
        ...{ part: "comparison", stage: `${name}: ${stage}`, fraction },
        ...(iteration !== undefined && { iteration, iterations, kl }),
      }),
  });
  const hitsOf = async ({ embedding }: ComparedMap) =>
    labelHits(await nearestNeighbors(embedding, NEIGHBORS, signal), labels);
  const [standard, aware] = comparison.maps as [ComparedMap, ComparedMap];
  return { comparison, standardHits: await hitsOf(standard), awareHits: await hitsOf(aware) };
}

/** The results of the steps that draw pictures. */
interface Pictures {
  readonly separation: Separation;
  readonly grid: GridAssignment;
  readonly activeDimensions: number;
}

/**
 * Writes the comparison, the map with images, the separated map, the walls of images, and pictures that show what the
 * model has learned.
 */
async function writePictures(comparison: Comparison, work: Work): Promise<Pictures> {
  const { options, networks, dataset, model, labels } = work;
  const { directory, count, seed, threads, signal, onProgress } = options;
  const path = (name: FileName) => join(directory, name);
  const { embedding } = comparison.maps[1];
  const drawing = { labels, title: `${count} simulated micrographs` };
  await writeComparison(path("comparison"), comparison, { ...drawing, signal });
  const images = await drawMap(embedding, { ...drawing, images: { images: dataset.all } });
  await writeFileAtomic(path("images.png"), images, { signal });
  const separation = await separateUniformly(embedding, { threads, ...follow(options, "pictures", "separation") });
  const grid = await assignToGrid(separation.points, { threads, signal });
  const { evenness, evennessBefore } = separation;
  const panels = [
    { points: embedding, title: "Sigma-aware map", subtitle: `evenness ${evennessBefore.toFixed(2)}` },
    { points: separation.points, title: "Separated", subtitle: `evenness ${evenness.toFixed(2)}` },
  ];
  await writeFileAtomic(path("separated.png"), await drawMapsSideBySide(panels, drawing), { signal });
  const positions = labels.map((_, i) => [...separation.points.row(i), grid.row[i], grid.column[i]]);
  await writeMatrix(path("separated.csv"), positions, { columns: ["x", "y", "row", "column"], signal });
  const wall = { ...drawing, ...follow(options, "pictures", "wall") };
  await writeFileAtomic(path("wall.png"), await drawWall(dataset.all, grid, wall), { signal });
  await writeWall(path("wall"), dataset.all, grid, wall);
  const { dimensions } = await networks.writeFigures(path("figures"), model, dataset, {
    ...{ seed, signal, gridSize: 12 },
    onProgress: (fraction) => onProgress?.({ part: "pictures", stage: "figures", fraction }),
  });
  return { separation, grid, activeDimensions: dimensions.activeCount };
}

async function writeModelAndCodes(codes: Codes, { options, networks, dataset, model, labels }: Work): Promise<void> {
  const { directory, signal } = options;
  const { height, width } = dataset;
  await model.save(join(directory, "model"));
  const pixels = await dataset.all.read(labels.map((_, i) => i));
  const area = height * width;
  const stack = labels.map((_, i) => new Matrix(pixels.subarray(i * area, (i + 1) * area), height, width));
  await writeMatrices(join(directory, "micrographs.npy"), stack, { signal });
  await networks.writeCodes(join(directory, "codes"), codes, { labels, signal });
}

function summarize(
  { comparison, standardHits, awareHits }: ScoredMaps,
  history: TrainingResult["history"],
  { separation, grid, activeDimensions }: Pictures,
  { options, networks, model, labels }: Work,
): Omit<CodesSummary, "seconds" | "explanation"> {
  const { count, seed, epochs } = options;
  const [standard, aware] = comparison.maps as [ComparedMap, ComparedMap];
  const [pair] = comparison.pairs as [ComparedPair];
  const meanSigma = Array.from(comparison.meanSigma as Float32Array).sort((a, b) => a - b);
  const { evenness, evennessBefore, keptNeighbors } = separation;
  return {
    data: "codes",
    n: count,
    classes: new Set(labels).size,
    seed,
    model: {
      name: model.name,
      parameters: model.parameterCount,
      zDim: model.configuration.zDim,
      activeDimensions,
      epochs,
      loss: history.at(-1)?.train.loss as number,
      backend: networks.backend.description,
    },
    sigma: {
      mean: mean(Float64Array.from(meanSigma)),
      low: meanSigma[Math.floor(0.05 * count)],
      high: meanSigma[Math.floor(0.95 * count)],
    },
    maps: {
      standard: { kl: standard.kl, accuracy: mean(standardHits) },
      sigma: { kl: aware.kl, accuracy: mean(awareHits) },
    },
    gain: meanWithError(awareHits.map((hit, i) => hit - standardHits[i])),
    changed: { k: comparison.k, mean: mean(Float64Array.from(pair.changed)) },
    uncertainty: pair.uncertainty?.displacement ?? null,
    separation: { evenness, evennessBefore, keptNeighbors, rows: grid.rows, columns: grid.columns },
    files: FILES,
  };
}

/** Duration of each of the four parts in seconds. */
function toSeconds(times: readonly number[]): CodesSummary["seconds"] {
  const part = (i: number) => (times[i + 1] - times[i]) / 1000;
  return {
    data: part(0),
    training: part(1),
    comparison: part(2),
    pictures: part(3),
    total: (times[4] - times[0]) / 1000,
  };
}
