import { join } from "node:path";
import {
  assertComparisonWritable,
  type ComparedMap,
  type ComparedPair,
  type Correlation,
  compare,
  writeComparison,
} from "../compare/index.js";
import { assertFolderWritable, assertWritable, writeFileAtomic, writeMatrices, writeMatrix } from "../io/index.js";
import { assignToGrid, separateUniformly } from "../layout/index.js";
import { Matrix } from "../matrix.js";
import { drawMap, drawMapsSideBySide } from "../plot/index.js";
import type { Backend, Model } from "../vae/index.js";
import { drawWall, writeWall } from "../wall/index.js";
import { explainCodes } from "./explanation.js";
import type { DemoFile, ResolvedDemo } from "./options.js";
import { type Difference, labelHits, mean, meanWithError, nearestNeighbors } from "./scores.js";

/** What the demo of an autoencoder's codes did and found; `summary.json` holds the same. */
export interface CodesSummary {
  data: "codes";
  /** Number of images. */
  n: number;
  /** Kinds of image. */
  classes: number;
  seed: number;
  model: {
    name: string;
    parameters: number;
    zDim: number;
    /** Dimensions whose means differ between images. */
    activeDimensions: number;
    epochs: number;
    /** Mean loss of the last epoch, in nats an image. */
    loss: number;
    /** What the network was computed with. */
    backend: string;
  };
  /** Of the images' mean standard deviations: mean, 5th and 95th percentile. */
  sigma: { mean: number; low: number; high: number };
  /** Share of the images for which most of the 10 nearest neighbors in the map are of their own kind. KL divergences are not comparable. */
  maps: Record<"standard" | "sigma", { kl: number; accuracy: number }>;
  /** Accuracy of the sigma-aware minus that of the standard map. Another seed of the optimization would add to the error. */
  gain: Difference;
  /** Mean share of an image's k nearest neighbors in the standard map that are not among them in the sigma-aware one. */
  changed: { k: number; mean: number };
  /** Whether the images that moved are the uncertain ones; null where all have one mean standard deviation. */
  uncertainty: Correlation | null;
  separation: { evenness: number; evennessBefore: number; keptNeighbors: number; rows: number; columns: number };
  /** In the directory. */
  files: readonly DemoFile[];
  /** Wall-clock times. */
  seconds: { data: number; training: number; comparison: number; pictures: number; total: number };
  /** A few sentences on what to look at. */
  explanation: string[];
}

type Networks = typeof import("../vae/index.js") & { backend: Backend };

const NEIGHBORS = 10;
const Z_DIM = 20;
const SPLIT = { validation: 0, test: 0.1 };
/** Each micrograph has its own contrast, as microscopes show them: else brightness is most of what there is to learn. */
const STRETCH = 0.02;
const FILES = [
  {
    name: "comparison",
    content: "report.html: both maps, linked to each other; comparison.png; metrics.json; changes.csv",
  },
  { name: "images.png", content: "micrographs on the sigma-aware map, colored by what they show" },
  { name: "separated.png", content: "that map, and the same spread evenly" },
  { name: "wall.png", content: "every micrograph in a cell of a grid, alike beside alike" },
  { name: "wall", content: "index.html: the same to zoom and to search in" },
  { name: "figures", content: "what the autoencoder has learned: reconstructions.png and more" },
  { name: "model", content: "the autoencoder, for sigma-tsne decode, sample, interpolate and encode" },
  { name: "codes", content: "means, standard deviations and labels, for sigma-tsne embed, compare and search" },
  { name: "micrographs.npy", content: "the images, for --images of sigma-tsne plot, wall and search" },
  { name: "separated.csv", content: "x, y, row and column of every micrograph on the grid" },
  { name: "summary.json", content: "all figures" },
] as const;

/**
 * The whole way from images to maps: a small variational autoencoder learns simulated micrographs, one acquisition each; their codes are
 * embedded without and with their standard deviations, the maps compared, the second one spread onto a grid, and all of it drawn.
 * Labels only color and score; no step learns from them.
 *
 * The likelihood has a learned variance: pixels are gray values of low contrast, of which a Bernoulli likelihood learns next to nothing.
 * Small batches make the most of few images.
 *
 * Writes the files of `summary.files`, the summary last, each file and folder at once or not at all. Same seed, count and epochs: same
 * pictures, with any number of threads.
 *
 * @throws {FileError} FILE_WRITE, before the work begins where something else is in the way
 * @throws {AbortError} once the signal is aborted
 */
export async function mapCodes(options: ResolvedDemo, networks: Networks): Promise<CodesSummary> {
  const { directory, count, seed, epochs, threads, signal, onProgress } = options;
  const path = (name: (typeof FILES)[number]["name"]) => join(directory, name);
  for (const { name } of FILES.filter(({ name }) => name.includes("."))) await assertWritable(path(name));
  await assertComparisonWritable(path("comparison"));
  await assertFolderWritable(path("figures"), networks.figuresFolder());
  await assertFolderWritable(path("codes"), networks.codesFolder());
  const follow = (part: "data" | "training" | "comparison" | "pictures") => (stage: string) => ({
    signal,
    onProgress: ({ fraction }: { fraction: number }) => onProgress?.({ part, stage, fraction }),
  });
  const laps = [performance.now()];
  const lap = () => laps.push(performance.now());

  const dataset = await networks.openDataset("micrographs", {
    count,
    seed,
    split: SPLIT,
    stretch: STRETCH,
    ...follow("data")("micrographs"),
  });
  const { height, width } = dataset;
  try {
    const model = networks.createModel("vae", { height, width, zDim: Z_DIM, likelihood: "learned-gaussian", seed });
    try {
      lap();
      return await mapWith(model);
    } finally {
      model.dispose();
    }
  } finally {
    await dataset.close();
  }

  async function mapWith(model: Model): Promise<CodesSummary> {
    const { history } = await networks.train(model, dataset, {
      ...{ epochs, batchSize: 32, seed, signal },
      onProgress: ({ step, steps }) => onProgress?.({ part: "training", stage: "training", fraction: step / steps }),
    });
    const codes = await model.encode(dataset.all, { signal });
    const sigma = codes.sigma as Matrix;
    lap();

    const labels = networks.labelNames(dataset.all.labels, dataset.classes) as string[];
    const comparison = await compare(codes.means, {
      ...{ sigma, labels, seed, threads, signal },
      onProgress: ({ name, stage, fraction, iteration, iterations, kl }) =>
        onProgress?.({
          ...{ part: "comparison", stage: `${name}: ${stage}`, fraction },
          ...(iteration !== undefined && iterations !== undefined && { iteration, iterations, kl }),
        }),
    });
    const [standard, aware] = comparison.maps as [ComparedMap, ComparedMap];
    const [pair] = comparison.pairs as [ComparedPair];
    const hitsOf = async ({ embedding }: ComparedMap) =>
      labelHits(await nearestNeighbors(embedding, NEIGHBORS, signal), labels);
    const [before, after] = [await hitsOf(standard), await hitsOf(aware)];
    lap();

    const drawing = { labels, title: `${count} simulated micrographs` };
    await writeComparison(path("comparison"), comparison, { ...drawing, signal });
    const images = { images: dataset.all };
    await write("images.png", await drawMap(aware.embedding, { ...drawing, images }));
    const separation = await separateUniformly(aware.embedding, { threads, ...follow("pictures")("separation") });
    const grid = await assignToGrid(separation.points, { threads, signal });
    const panels = [
      {
        points: aware.embedding,
        title: "Sigma-aware map",
        subtitle: `evenness ${separation.evennessBefore.toFixed(2)}`,
      },
      { points: separation.points, title: "Separated", subtitle: `evenness ${separation.evenness.toFixed(2)}` },
    ];
    await write("separated.png", await drawMapsSideBySide(panels, drawing));
    const places = labels.map((_, i) => [...separation.points.row(i), grid.row[i], grid.column[i]]);
    const columns = ["x", "y", "row", "column"];
    await writeMatrix(path("separated.csv"), places, { columns, signal });
    await write("wall.png", await drawWall(dataset.all, grid, { ...drawing, ...follow("pictures")("wall") }));
    await writeWall(path("wall"), dataset.all, grid, { ...drawing, ...follow("pictures")("wall") });
    const figures = await networks.writeFigures(path("figures"), model, dataset, {
      ...{ seed, signal, gridSize: 12 },
      onProgress: (fraction) => onProgress?.({ part: "pictures", stage: "figures", fraction }),
    });
    await model.save(path("model"));
    const pixels = await dataset.all.read(labels.map((_, i) => i));
    const area = height * width;
    const stack = labels.map((_, i) => new Matrix(pixels.subarray(i * area, (i + 1) * area), height, width));
    await writeMatrices(path("micrographs.npy"), stack, { signal });
    await networks.writeCodes(path("codes"), codes, { labels, signal });
    lap();

    const mark = (i: number) => (laps[i + 1] - laps[i]) / 1000;
    const doubts = Array.from(comparison.meanSigma as Float32Array).sort((a, b) => a - b);
    const { evenness, evennessBefore, keptNeighbors } = separation;
    const findings = {
      data: "codes" as const,
      n: count,
      classes: new Set(labels).size,
      seed,
      model: {
        name: model.name,
        parameters: model.parameterCount,
        zDim: Z_DIM,
        activeDimensions: figures.dimensions.activeCount,
        epochs,
        loss: history.at(-1)?.train.loss as number,
        backend: networks.backend.description,
      },
      sigma: {
        mean: mean(Float64Array.from(doubts)),
        low: doubts[Math.floor(0.05 * count)],
        high: doubts[Math.floor(0.95 * count)],
      },
      maps: {
        standard: { kl: standard.kl, accuracy: mean(before) },
        sigma: { kl: aware.kl, accuracy: mean(after) },
      },
      gain: meanWithError(after.map((hit, i) => hit - before[i])),
      changed: { k: comparison.k, mean: mean(Float64Array.from(pair.changed)) },
      uncertainty: pair.uncertainty?.displacement ?? null,
      separation: { evenness, evennessBefore, keptNeighbors, rows: grid.rows, columns: grid.columns },
      files: FILES,
    };
    const seconds = {
      ...{ data: mark(0), training: mark(1), comparison: mark(2), pictures: mark(3) },
      total: (laps[4] - laps[0]) / 1000,
    };
    const summary = { ...findings, seconds, explanation: explainCodes(findings) };
    await write("summary.json", `${JSON.stringify(summary, undefined, 2)}\n`);
    return summary;
  }

  async function write(name: (typeof FILES)[number]["name"], content: Uint8Array | string): Promise<void> {
    await writeFileAtomic(path(name), content, { signal });
  }
}
