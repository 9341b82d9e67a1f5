import { join } from "node:path";
import { throwIfAborted } from "../../abort.js";
import { ArgumentError } from "../../errors.js";
import { type FolderOptions, writeFileAtomic, writeFolderAtomic } from "../../io/index.js";
import type { Matrix } from "../../matrix.js";
import { checkOptions, type OptionValues } from "../../options/index.js";
import { addNoise } from "../datasets/augmentation.js";
import type { Dataset, Images } from "../datasets/dataset.js";
import { type EvaluateOptions, type Evaluation, evaluateModel } from "../evaluation/index.js";
import { type DisplayRange, displayRange, drawSheet } from "../figures/index.js";
import { decodeGrid, uniformAxes } from "../figures/latent-grid.js";
import { range as firstIndices, toImages } from "../models/images.js";
import type { Model } from "../models/model.js";
import { labelNames } from "../runs/codes.js";
import { MODEL_COMPARISON_OPTIONS } from "./declarations.js";

/** A model that is compared with others. */
export interface ComparedModel {
  /** Name of the model in the table and the pictures. No two models of a comparison may have the same name. */
  readonly name: string;
  readonly model: Model;
  /** Number of training images; see `EvaluateOptions`. */
  readonly trainingCount?: number | undefined;
}

/**
 * Options of {@link writeModelComparison}. All are optional.
 *
 * @interface
 */
export type ModelComparisonOptions = Readonly<OptionValues<typeof MODEL_COMPARISON_OPTIONS>>;

/**
 * A row of the table: the results of one model, averaged over the test images. Log-likelihoods are in nats per image.
 */
export interface ModelRow {
  readonly name: string;
  readonly model: string;
  readonly parameters: number;
  /** Name of the likelihood of the pixels. Log-likelihoods of models with different likelihoods cannot be compared. */
  readonly likelihood: string;
  /**
   * log p(x|z) of reconstructions from clean input. `noisyLogLikelihood` is log p(x|z) of reconstructions from noisy
   * input.
   */
  readonly logLikelihood: number;
  readonly noisyLogLikelihood: number;
  /** Mean squared error per pixel value, for reconstructions from clean and from noisy input. */
  readonly squaredError: number;
  readonly noisySquaredError: number;
  /** log p(x) by importance sampling, and the evidence lower bound of log p(x); null for models without this number. */
  readonly marginalLogLikelihood: number | null;
  readonly elbo: number | null;
  readonly zDim: number;
  readonly activeDimensions: number;
  /**
   * Unsupervised accuracy: fraction of the images whose label is the most frequent label of their cluster. It is null
   * unless the model is a mixture and the images have labels.
   */
  readonly accuracy: number | null;
}

/** Result of {@link writeModelComparison}. The file `models.json` contains the same data. */
export interface ModelComparison {
  readonly dataset: string;
  /** Number of test images. */
  readonly count: number;
  readonly noise: number;
  readonly draws: number;
  readonly models: readonly ModelRow[];
  readonly files: readonly string[];
}

const SHOWN = 12;
/**
 * Possible numbers of maps per row. The first of these numbers is used with which the last row does not consist of a
 * single map.
 */
const SCATTERS = [3, 4, 5] as const;
/** Width of a full row of maps, in pixels. */
const SCATTERS_WIDTH = 1600;
/** Size, in pixels per side, to which grids of small images are magnified. */
const GRID_SIDE = 480;
const FILES = [
  "reconstructions.png",
  "noisy-reconstructions.png",
  "latent-scatter.png",
  "latent-grids.png",
  "models.md",
  "models.json",
];

/** How {@link writeModelComparison} treats a folder that exists already. */
export const modelComparisonFolder = (
  options: Pick<ModelComparisonOptions, "force" | "signal"> = {},
): FolderOptions => ({
  kind: "a comparison of models",
  isReplaceable: async (_: string, names: readonly string[]) =>
    names.includes("models.json") && names.every((name) => FILES.includes(name)),
  force: options.force,
  signal: options.signal,
});

/**
 * Measures models on the same test images and draws the results next to each other. Writes the table as `models.md` and
 * `models.json`, and pictures of reconstructions from clean and from noisy input, of the codes, and of decoded codes on
 * a uniform grid. The folder is written completely or not at all. An earlier comparison is replaced.
 *
 * @param models the models to compare, at least one
 * @throws {ArgumentError} for invalid options, models with the same name, or images that do not suit the models
 * @throws {FileError} FILE_WRITE
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function writeModelComparison(
  folder: string,
  models: readonly ComparedModel[],
  dataset: Dataset,
  options: ModelComparisonOptions = {},
): Promise<ModelComparison> {
  const { noise, draws, gridSize: size, seed, signal, onProgress } = checkOptions(MODEL_COMPARISON_OPTIONS, options);
  checkModels(models, dataset);
  const images = dataset.test;
  const subjects: Subject[] = [];
  for (const [i, compared] of models.entries()) {
    const report = (fraction: number) => onProgress?.((i + fraction) / models.length, compared.name);
    subjects.push(await measureModel(compared, images, { noise, draws, seed, signal, onProgress: report }));
  }
  const comparison: ModelComparison = {
    dataset: dataset.name,
    count: images.count,
    noise,
    draws,
    models: subjects.map(rowOf),
    files: FILES,
  };
  const fill = async (folder: string) => {
    const write = (name: string, content: Uint8Array | string) => {
      throwIfAborted(signal);
      return writeFileAtomic(join(folder, name), content, { signal });
    };
    const range = await writeReconstructions(write, subjects, dataset, noise, seed);
    await write("latent-scatter.png", await drawScatters(subjects, images, dataset));
    await write("latent-grids.png", await drawGrids(subjects, size, range));
    await write("models.md", `${modelTable(comparison)}\n`);
    await write("models.json", `${JSON.stringify(comparison, null, 2)}\n`);
  };
  await writeFolderAtomic(folder, fill, modelComparisonFolder(options));
  return comparison;
}

/**
 * @throws {ArgumentError} if there are no models, two have the same name, or a model cannot be measured on the test
 *   images
 */
function checkModels(models: readonly ComparedModel[], { test }: Dataset): void {
  if (models.length === 0) {
    const accepted = "at least one model";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "models", received: models, accepted });
  }
  const names = models.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) < i);
  if (repeated !== undefined) {
    const accepted = "models with different names";
    const message = `models: expected models with different names, received ${JSON.stringify(repeated)} more than once`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "models", received: repeated, accepted, message });
  }
  for (const { model } of models) toImages(test, model.configuration, "dataset.test");
  if (test.count < 2) {
    const accepted = "at least two test images";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "dataset.test", received: test.count, accepted });
  }
}

async function measureModel(
  { name, model, trainingCount }: ComparedModel,
  images: Images,
  { onProgress, ...options }: EvaluateOptions & { readonly onProgress: (fraction: number) => void },
): Promise<Subject> {
  const evaluation = await evaluateModel(model, images, {
    ...options,
    trainingCount,
    onProgress: (fraction) => onProgress(0.8 * fraction),
  });
  const { means } = await model.encode(images, {
    signal: options.signal,
    onProgress: (fraction) => onProgress(0.8 + 0.2 * fraction),
  });
  return { name, model, evaluation, means };
}

/** @returns the range of values that all pictures of the comparison display */
async function writeReconstructions(
  write: (name: string, content: Uint8Array) => Promise<void>,
  subjects: readonly Subject[],
  { name, test: images }: Dataset,
  noise: number,
  seed: number,
): Promise<DisplayRange> {
  const indices = firstIndices(0, Math.min(SHOWN, images.count));
  const shown = await images.read(indices);
  const noisy = await addNoise(images, { share: noise, seed }).read(indices);
  const range = displayRange(shown);
  const [first] = subjects as [Subject];
  const names = subjects.map((subject) => subject.name);
  const reconstruct = (input: Float32Array) => seriesOf(subjects, ({ model }) => model.reconstruct(input));
  const draw = (rows: readonly Float32Array[], rowLabels: readonly string[], title: string) =>
    drawSheet(join32(rows), first.model.configuration, {
      columns: indices.length,
      range,
      rowLabels,
      title,
      subtitle: `Test images of ${name}`,
    });
  const plain = [shown, ...(await reconstruct(shown))];
  await write("reconstructions.png", await draw(plain, ["image", ...names], "Reconstructions"));
  const title = `Reconstructions of noisy images, |N(0, 1)| added to ${Math.round(100 * noise)} % of the values`;
  const corrupted = [shown, noisy, ...(await reconstruct(noisy))];
  await write("noisy-reconstructions.png", await draw(corrupted, ["image", "input", ...names], title));
  return range;
}

interface Subject {
  readonly name: string;
  readonly model: Model;
  readonly evaluation: Evaluation;
  /** The means of the codes of the test images: n x zDim. */
  readonly means: Matrix;
}

function rowOf({ name, model, evaluation }: Subject): ModelRow {
  const { reconstruction, noisyReconstruction = reconstruction, dimensions, clusters, estimator } = evaluation;
  const { likelihood = "gaussian" } = model.configuration as { likelihood?: string };
  return {
    name,
    model: model.name,
    parameters: model.parameterCount,
    likelihood,
    logLikelihood: reconstruction.logLikelihood,
    noisyLogLikelihood: noisyReconstruction.logLikelihood,
    squaredError: reconstruction.squaredError,
    noisySquaredError: noisyReconstruction.squaredError,
    marginalLogLikelihood: estimator === "importance-sampling" ? evaluation.logLikelihood : null,
    elbo: evaluation.elbo ?? null,
    zDim: model.configuration.zDim,
    activeDimensions: dimensions.activeCount,
    accuracy: clusters?.accuracy ?? null,
  };
}

/** Writes the table in Markdown, with aligned columns so that it is also readable as text. */
export function modelTable({ dataset, count, noise, draws, models }: ModelComparison): string {
  const nats = (value: number | null) => value?.toFixed(1) ?? "";
  const head = [
    "model",
    "log p(x\\|z)",
    "noisy",
    "squared error",
    "noisy",
    "log p(x)",
    "ELBO",
    "active",
    "accuracy",
    "likelihood",
    "parameters",
  ];
  const rows = models.map((row) => [
    row.name,
    nats(row.logLikelihood),
    nats(row.noisyLogLikelihood),
    row.squaredError.toFixed(4),
    row.noisySquaredError.toFixed(4),
    nats(row.marginalLogLikelihood),
    nats(row.elbo),
    `${row.activeDimensions}/${row.zDim}`,
    row.accuracy === null ? "" : `${(100 * row.accuracy).toFixed(1)} %`,
    row.likelihood,
    String(row.parameters),
  ]);
  const widths = head.map((name, j) => Math.max(name.length, ...rows.map((row) => row[j].length)));
  const isText = (j: number) => j === 0 || head[j] === "likelihood";
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, j) => (isText(j) ? cell.padEnd(widths[j]) : cell.padStart(widths[j]))).join(" | ")} |`;
  const rule = widths.map((width, j) => (isText(j) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [
    `${count} test images of ${dataset}. Log-likelihoods are nats per image, squared errors are per value; "noisy" is`,
    `with |N(0, 1)| added to ${Math.round(100 * noise)} % of the input's values, against the clean image. log p(x) by importance`,
    `sampling, ${draws} draws. Log-likelihoods of different likelihoods cannot be compared.`,
    "",
    line(head),
    line(rule),
    ...rows.map(line),
  ].join("\n");
}

/** Draws the codes of each model as a map, several maps per row. */
async function drawScatters(subjects: readonly Subject[], images: Images, dataset: Dataset): Promise<Uint8Array> {
  const [{ drawMapsSideBySide }, { pca }, { default: sharp }] = await Promise.all([
    import("../../plot/index.js"),
    import("../../pca/index.js"),
    import("sharp"),
  ]);
  const panels = await seriesOf(subjects, async ({ name, means }) => ({
    points: means.cols <= 2 ? means : (await pca(means, 2)).scores,
    title: name,
    subtitle: means.cols <= 2 ? "" : `first two principal components of ${means.cols} dimensions`,
  }));
  const labels = labelNames(images.labels, dataset.classes);
  const columns = SCATTERS.find((number) => panels.length % number !== 1) ?? SCATTERS[0];
  const count = Math.ceil(panels.length / columns);
  const rows = await seriesOf([...Array(count).keys()], (row) => {
    const heading = { title: "Codes", subtitle: `Means of ${images.count} test images of ${dataset.name}` };
    const drawn = panels.slice(row * columns, (row + 1) * columns);
    const share = row > 0 ? drawn.length / columns : 1;
    return drawMapsSideBySide(drawn, {
      labels,
      width: Math.round(SCATTERS_WIDTH * share),
      ...(row === 0 ? heading : {}),
    });
  });
  if (count === 1) return rows[0];
  const heights = await seriesOf(rows, async (row) => (await sharp(row).metadata()).height);
  const { width } = await sharp(rows[0]).metadata();
  const topOf = (row: number) => heights.slice(0, row).reduce((sum, height) => sum + height, 0);
  return sharp({ create: { width, height: topOf(count), channels: 3, background: "#fff" } })
    .composite(rows.map((input, row) => ({ input: Buffer.from(input), left: 0, top: topOf(row) })))
    .png()
    .toBuffer();
}

/** Draws one tile per model: its grid of decoded codes. */
async function drawGrids(
  subjects: readonly Subject[],
  size: number,
  range: ReturnType<typeof displayRange>,
): Promise<Uint8Array> {
  const grids = await seriesOf(subjects, async ({ name, model, means, evaluation }) => {
    const { images } = await decodeGrid(model, means, evaluation.dimensions, uniformAxes(means, size));
    return { caption: name, tile: assemble(images, model, size) };
  });
  const [{ model }] = subjects as [Subject];
  const { height, width, channels } = model.configuration;
  const shape = { height: height * size, width: width * size, channels };
  return drawSheet(join32(grids.map(({ tile }) => tile)), shape, {
    columns: grids.length <= 4 ? grids.length : Math.ceil(Math.sqrt(grids.length)),
    side: GRID_SIDE,
    captions: grids.map(({ caption }) => caption),
    title: "Latent spaces",
    subtitle: "Decoded at equal distances over the range of the codes, along the two dimensions that carry most",
    range,
  });
}

/**
 * Joins the images of a grid into one image. A single latent dimension fills only the first row; the other rows stay
 * black.
 */
function assemble(images: Float32Array, model: Model, size: number): Float32Array {
  const { height, width, channels } = model.configuration;
  const line = width * channels;
  const whole = new Float32Array(size * size * model.pixels);
  for (let i = 0; i < images.length / model.pixels; i++) {
    const [row, column] = [Math.floor(i / size), i % size];
    for (let y = 0; y < height; y++) {
      const from = i * model.pixels + y * line;
      whole.set(images.subarray(from, from + line), ((row * height + y) * size + column) * line);
    }
  }
  return whole;
}

function join32(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Processes items one after the other, because the backends compute on one thread. At any time, only the item that is
 * being processed needs memory.
 */
async function seriesOf<S, T>(items: readonly S[], work: (item: S) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
