import { join } from "node:path";
import { throwIfAborted } from "../../abort.js";
import { ArgumentError } from "../../errors.js";
import { type FolderOptions, writeFileAtomic, writeFolderAtomic } from "../../io/index.js";
import type { Matrix } from "../../matrix.js";
import { checkOptions, type OptionValues } from "../../options/index.js";
import { addNoise } from "../datasets/augmentation.js";
import type { Dataset, Images } from "../datasets/dataset.js";
import { selectImages } from "../datasets/images.js";
import { type Evaluation, evaluateModel } from "../evaluation/index.js";
import { Gmvae } from "../models/gmvae/model.js";
import { range, toImages } from "../models/images.js";
import type { Model } from "../models/model.js";
import { labelNames } from "../runs/codes.js";
import { FIGURE_OPTIONS } from "./declarations.js";
import { drawDimensions } from "./dimensions.js";
import { decodeGrid, momentsOf, uniformAxes } from "./latent-grid.js";
import { normalQuantile } from "./normal-quantile.js";
import { type DisplayRange, displayRange, drawSheet } from "./sheet.js";

/**
 * Options of {@link writeFigures}. All are optional.
 *
 * @interface
 */
export type FigureOptions = Readonly<OptionValues<typeof FIGURE_OPTIONS>>;

/** Result of {@link writeFigures}. The file `figures.json` contains the same data. */
export interface Figures {
  readonly model: string;
  readonly dataset: string;
  /** Number of test images that were used. */
  readonly count: number;
  readonly dimensions: {
    readonly kl: readonly number[] | null;
    readonly varianceOfMeans: readonly number[];
    readonly activeCount: number;
  };
  /**
   * Unsupervised accuracy: fraction of the images whose label is the most frequent label of their cluster. It is null
   * unless the model is a mixture and the images have labels.
   */
  readonly accuracy: number | null;
  readonly files: readonly string[];
}

const SHOWN = 40;
const COLUMNS = 10;
const SAMPLES = 100;
/**
 * The codes of the manifold begin at the quantile for this probability, and end at the quantile for 1 minus this
 * probability.
 */
const FIRST_QUANTILE = 0.02;

/** How {@link writeFigures} treats a folder that exists already. */
export const figuresFolder = (options: Pick<FigureOptions, "force" | "signal"> = {}): FolderOptions => ({
  kind: "figures of a model",
  isReplaceable: async (_: string, names: readonly string[]) =>
    names.includes("figures.json") && names.every((name) => name === "figures.json" || name.endsWith(".png")),
  force: options.force,
  signal: options.signal,
});

/**
 * Draws figures of a trained model for the test images of a data set: reconstructions from clean and from noisy input;
 * the codes; the active latent dimensions; decoded codes along the two dimensions with the most information, at
 * Gaussian quantiles (the manifold) and at equal distances; and generated images, for mixtures also of every component.
 * The folder is written completely or not at all. Earlier figures are replaced.
 *
 * @throws {ArgumentError} for invalid options, or images that do not suit the model
 * @throws {FileError} FILE_WRITE
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function writeFigures(
  folder: string,
  model: Model,
  dataset: Dataset,
  options: FigureOptions = {},
): Promise<Figures> {
  const { noise, gridSize: size, limit, seed, signal, onProgress } = checkOptions(FIGURE_OPTIONS, options);
  const test = toImages(dataset.test, model.configuration, "dataset.test");
  if (test.count < 2) {
    const accepted = "at least two test images";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "dataset.test", received: test.count, accepted });
  }
  const images = test.count > limit ? selectImages(test, firstIndices(limit)) : test;
  const evaluation = await evaluateModel(model, images, {
    draws: 1,
    signal,
    onProgress: (fraction) => onProgress?.(0.5 * fraction),
  });
  const { means } = await model.encode(images, {
    signal,
    onProgress: (fraction) => onProgress?.(0.5 + 0.2 * fraction),
  });
  const range = displayRange(await images.read(firstIndices(Math.min(SHOWN, images.count))));
  const subject = { model, images, dataset, evaluation, means, noise, size, seed, range };
  const drawings = Object.entries(DRAWINGS);
  const files: string[] = [];
  let figures: Figures | undefined;
  const fill = async (temporary: string) => {
    for (const [i, [name, draw]] of drawings.entries()) {
      throwIfAborted(signal);
      const png = await draw(subject);
      if (png) {
        await writeFileAtomic(join(temporary, `${name}.png`), png, { signal });
        files.push(`${name}.png`);
      }
      onProgress?.(0.7 + (0.3 * (i + 1)) / drawings.length);
    }
    const { kl, varianceOfMeans, activeCount } = evaluation.dimensions;
    figures = {
      model: model.name,
      dataset: dataset.name,
      count: images.count,
      dimensions: { kl: kl ? Array.from(kl) : null, varianceOfMeans: Array.from(varianceOfMeans), activeCount },
      accuracy: evaluation.clusters?.accuracy ?? null,
      files: [...files, "figures.json"],
    };
    await writeFileAtomic(join(temporary, "figures.json"), `${JSON.stringify(figures, null, 2)}\n`, { signal });
  };
  await writeFolderAtomic(folder, fill, figuresFolder(options));
  return figures as Figures;
}

interface Subject {
  readonly model: Model;
  /** The images of the test part. */
  readonly images: Images;
  readonly dataset: Dataset;
  readonly evaluation: Evaluation;
  /** Means of the codes of the images: n x zDim. */
  readonly means: Matrix;
  readonly noise: number;
  readonly size: number;
  readonly seed: number;
  /** Display range of the test images, which all figures use. */
  readonly range: DisplayRange;
}

const firstIndices = (count: number): Int32Array => range(0, count);

/**
 * Functions that draw the figures, by the names of the figures. A function returns undefined if the figure does not
 * exist for the model.
 */
const DRAWINGS: Readonly<Record<string, (subject: Subject) => Promise<Uint8Array | undefined>>> = {
  reconstructions: drawReconstructions,
  "noisy-reconstructions": drawNoisyReconstructions,
  "latent-scatter": drawLatentScatter,
  dimensions: ({ evaluation }) => drawDimensions(evaluation.dimensions),
  manifold: drawManifold,
  "latent-grid": drawLatentGrid,
  samples: drawSamples,
  clusters: drawClusters,
};

async function drawReconstructions({ model, images, dataset, range }: Subject): Promise<Uint8Array> {
  const shown = await images.read(firstIndices(Math.min(SHOWN, images.count)));
  const sheet = inRows([shown, await model.reconstruct(shown)], model.pixels);
  return drawSheet(sheet, model.configuration, {
    columns: Math.min(COLUMNS, shown.length / model.pixels),
    group: 2,
    rowLabels: ["image", "reconstruction"],
    title: `Reconstructions by ${model.name}`,
    subtitle: `Test images of ${dataset.name}`,
    range,
  });
}

async function drawNoisyReconstructions({ model, images, dataset, noise, seed, range }: Subject): Promise<Uint8Array> {
  const indices = firstIndices(Math.min(SHOWN, images.count));
  const [clean, noisy] = [await images.read(indices), await addNoise(images, { share: noise, seed }).read(indices)];
  return drawSheet(inRows([clean, noisy, await model.reconstruct(noisy)], model.pixels), model.configuration, {
    columns: Math.min(COLUMNS, indices.length),
    group: 3,
    rowLabels: ["image", "input", "reconstruction"],
    title: `Reconstructions of noisy images by ${model.name}`,
    subtitle: `${dataset.name}; |N(0, 1)| added to ${Math.round(100 * noise)} % of the values`,
    range,
  });
}

/**
 * Arranges several series of images in rows of ten: ten images of the first series, then the corresponding ten images
 * of the second series, and so on.
 */
function inRows(series: readonly Float32Array[], pixels: number): Float32Array {
  const count = series[0].length / pixels;
  const columns = Math.min(COLUMNS, count);
  // Incomplete rows are left out, because they would shift the rows after them.
  const rows = Math.floor(count / columns);
  const sheet = new Float32Array(series.length * rows * columns * pixels);
  for (let row = 0; row < rows; row++) {
    for (const [s, images] of series.entries()) {
      const part = images.subarray(row * columns * pixels, (row + 1) * columns * pixels);
      sheet.set(part, (row * series.length + s) * columns * pixels);
    }
  }
  return sheet;
}

async function drawLatentScatter({ model, images, dataset, means }: Subject): Promise<Uint8Array> {
  const { drawMap } = await import("../../plot/index.js");
  const isFlat = means.cols <= 2;
  const { pca } = await import("../../pca/index.js");
  const points = isFlat ? means : (await pca(means, 2)).scores;
  return drawMap(points, {
    labels: labelNames(images.labels, dataset.classes),
    title: `Codes of ${dataset.name} by ${model.name}`,
    subtitle: isFlat
      ? `Means of ${means.rows} test images`
      : `Means of ${means.rows} test images, first two principal components of ${means.cols} dimensions`,
  });
}

/**
 * Draws the manifold at the quantiles of the prior. For mixtures and models without a prior, a Gaussian fitted to the
 * codes is used instead of the prior.
 */
async function drawManifold(subject: Subject): Promise<Uint8Array> {
  const { model, means, size } = subject;
  const hasPrior = model.priorSd !== undefined && !(model instanceof Gmvae);
  const quantiles = Array.from({ length: size }, (_, i) =>
    normalQuantile(FIRST_QUANTILE + ((1 - 2 * FIRST_QUANTILE) * i) / (size - 1)),
  );
  const axisOf = (dimension: number) => {
    const { mean, sd } = hasPrior ? { mean: 0, sd: model.priorSd } : momentsOf(means, dimension);
    return quantiles.map((q) => mean + sd * q);
  };
  const what = hasPrior ? "of the prior" : "of a Gaussian fitted to the codes";
  return drawGrid(subject, axisOf, `Manifold of ${model.name}`, `Decoded at the quantiles 0.02 to 0.98 ${what}`);
}

async function drawLatentGrid(subject: Subject): Promise<Uint8Array> {
  const { model, means, size } = subject;
  const subtitle = "Decoded at equal distances over the range of the test images' codes";
  return drawGrid(subject, uniformAxes(means, size), `Latent space of ${model.name}`, subtitle);
}

async function drawGrid(
  { model, means, evaluation, size, range }: Subject,
  axisOf: (dimension: number) => number[],
  title: string,
  subtitle: string,
): Promise<Uint8Array> {
  const { images, axes } = await decodeGrid(model, means, evaluation.dimensions, axisOf);
  return drawSheet(images, model.configuration, {
    columns: size,
    seamless: true,
    title,
    subtitle: means.cols > 2 ? `${subtitle}; along the two dimensions of ${means.cols} that carry most` : subtitle,
    axes,
    range,
  });
}

async function drawSamples({ model, dataset, seed, range }: Subject): Promise<Uint8Array | undefined> {
  if (model.priorSd === undefined) return undefined;
  return drawSheet(await model.sample(SAMPLES, { seed }), model.configuration, {
    columns: COLUMNS,
    title: `Samples of ${model.name}`,
    subtitle: `Decoded from draws of the prior; trained on ${dataset.name}`,
    range,
  });
}

async function drawClusters({ model, dataset, evaluation, seed, range }: Subject): Promise<Uint8Array | undefined> {
  if (!(model instanceof Gmvae)) return undefined;
  const { clusters } = model.configuration;
  const sheet = new Float32Array(clusters * COLUMNS * model.pixels);
  for (let cluster = 0; cluster < clusters; cluster++) {
    sheet.set(await model.sample(COLUMNS, { seed, cluster }), cluster * COLUMNS * model.pixels);
  }
  const found = evaluation.clusters;
  const nameOf = (cluster: number) => {
    const label = found?.labels[cluster] ?? -1;
    return label < 0 ? `cluster ${cluster}` : `cluster ${cluster}: ${dataset.classes?.[label] ?? label}`;
  };
  const ofAccuracy = found && `unsupervised accuracy ${(100 * found.accuracy).toFixed(1)} %, most frequent class named`;
  return drawSheet(sheet, model.configuration, {
    columns: COLUMNS,
    rowLabels: Array.from({ length: clusters }, (_, cluster) => nameOf(cluster)),
    title: `Samples of ${model.name}, cluster by cluster`,
    subtitle: [`Trained on ${dataset.name}`, ...(ofAccuracy ? [ofAccuracy] : [])].join("; "),
    range,
  });
}
