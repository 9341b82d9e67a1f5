import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, FileError } from "../../errors.js";
import { Matrix } from "../../matrix.js";
import { openDataset } from "../../vae/datasets/index.js";
import {
  type Dataset,
  type DatasetOrigin,
  type ImageShape,
  type Images,
  labelNames,
  openRunDataset,
  readRunConfig,
  readTensorFile,
  toImages,
} from "../../vae/without-tensorflow.js";
import { categoryColumn } from "../columns.js";
import type { Exploration, GaussianData } from "../exploration.js";
import { exploreMaps, prepare, showKnownMaps } from "../maps.js";
import { type InputOptions, PARTS, type Part, rejectUseless } from "../options.js";
import { ResultCache } from "../result-cache.js";
import { TrainingMonitor } from "../training-monitor.js";
import { addFiles, addMeanSigma } from "./matrix.js";

/** Name of the subfolder of a run in which codes and maps are saved. */
const KEPT = "explorer";
const [MEANS, SIGMA, CLUSTERS] = ["means.npy", "sigma.npy", "clusters.npy"];

/**
 * Opens the folder of a training or a model: its images, their codes, and the maps of the codes, which are saved in the
 * subfolder `explorer`. A training that is still running, or was stopped, is monitored until its model exists.
 */
export async function openTraining(exploration: Exploration, folder: string, options: InputOptions): Promise<void> {
  rejectUseless(
    options,
    ["images", "labels", "metadata", "part", "stretch", "strict"],
    "a training, because its model computes the codes",
  );
  if (options.images !== undefined && options.part !== undefined) {
    const accepted = "to be left out if images are given, because all of those images are used";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "part", received: options.part, accepted });
  }
  const { signal, report } = exploration;
  const config = await readRunConfig(join(folder, "config.json"));
  const path = await findModel(folder);
  const model = path === undefined ? undefined : await readModel(folder, path);
  const shape = (model?.configuration ?? config.configuration) as ImageShape | undefined;
  const dataset = await openImages(config.dataset?.origin, shape, options, signal);
  exploration.onClose(() => dataset.close());
  const part = options.part ?? (dataset.test.count > 0 ? "test" : "all");
  const images = options.images === undefined ? dataset[part] : dataset.all;
  if (images.count < MIN_POINTS) {
    const accepted = `a part of at least ${MIN_POINTS} images (this part has ${images.count})`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "part", received: part, accepted });
  }
  if (shape) toImages(images, shape);
  exploration.setCount(images.count);
  exploration.setImages({ small: images, whole: images, stretch: options.stretch });
  const labels = labelNames(images.labels, dataset.classes);
  if (labels && options.labels === undefined) exploration.addLabels(labels);
  const { labels: labelFile, metadata, strict } = options;
  await addFiles(exploration, { labels: labelFile, metadata, strict });

  const chosen = options.images === undefined ? part : options.images;
  if (model) {
    const known = await openKept(exploration, folder, model, chosen);
    exploration.startWork(() => exploreData(exploration, folder, images, known));
    return;
  }
  const watch = new TrainingMonitor(folder, config, report);
  exploration.addComputation(watch);
  exploration.startWork(async () => {
    await watch.run(signal);
    const written = await readModel(folder, (await findModel(folder)) as string);
    const known = await openKept(exploration, folder, written, chosen);
    await exploreData(exploration, folder, images, known);
  });
}

/** Smallest number of points that can be embedded. */
const MIN_POINTS = 3;

interface ModelFacts {
  readonly name: string;
  readonly configuration: Readonly<Record<string, unknown>> & ImageShape & { readonly zDim: number };
  readonly sha256: string;
}

/** Finds the model file in the folder of a run or in the folder of the model itself. */
async function findModel(folder: string): Promise<string | undefined> {
  for (const path of [join(folder, "model", "model.safetensors"), join(folder, "model.safetensors")]) {
    if (await stat(path).catch(() => undefined)) return path;
  }
  return undefined;
}

async function readModel(folder: string, path: string): Promise<ModelFacts> {
  const { facts } = await readTensorFile(path);
  const { kind, model, configuration } = facts as { kind?: unknown; model?: unknown; configuration?: unknown };
  if (kind !== "model" || typeof model !== "string" || typeof configuration !== "object" || configuration === null) {
    throw new FileError("FILE_FORMAT", folder, `contains a ${String(kind)}, not a model`);
  }
  const sha256 = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  return { name: model, configuration: configuration as ModelFacts["configuration"], sha256 };
}

async function openImages(
  origin: DatasetOrigin | undefined,
  shape: ImageShape | undefined,
  { images, stretch, strict }: InputOptions,
  signal: AbortSignal,
): Promise<Dataset> {
  if (images === undefined) return openRunDataset({ origin }, undefined, { signal });
  const isFolder = (await stat(images).catch(() => undefined))?.isDirectory();
  const fit = isFolder && shape ? { size: [shape.height, shape.width] as const, strict } : {};
  return openDataset(images, { split: { validation: 0, test: 0 }, stretch, signal, ...fit });
}

/** Opens the saved results of an earlier exploration of the same images with the same model. */
async function openKept(
  exploration: Exploration,
  folder: string,
  { name, configuration, sha256 }: ModelFacts,
  chosen: string,
): Promise<ResultCache> {
  const { height, width, channels, zDim } = configuration;
  exploration.setModel({ folder, description: { name, latentDimensions: zDim, height, width, channels } });
  const key = createHash("sha256").update(JSON.stringify([sha256, chosen, exploration.n]));
  // Each choice of images has its own folder, because several choices can be explored at the same time.
  const place = PARTS.includes(chosen as Part)
    ? chosen
    : `images-${createHash("sha256").update(chosen).digest("hex").slice(0, 12)}`;
  const cache = await ResultCache.open(join(folder, KEPT, place), key.digest("hex"));
  const data = await readKeptData(exploration.n, zDim, cache);
  if (data) addData(exploration, data);
  if (data) await showKnownMaps(exploration, data, cache);
  return cache;
}

interface ClusteredData extends GaussianData {
  /** The most probable mixture component of each point. */
  readonly clusters: readonly string[] | undefined;
}

async function readKeptData(n: number, zDim: number, cache: ResultCache): Promise<ClusteredData | undefined> {
  const facts = cache.facts<{ hasSigma: boolean; hasClusters: boolean }>("codes");
  if (!facts) return undefined;
  const means = await cache.read(MEANS, n, zDim);
  const sigma = facts.hasSigma ? await cache.read(SIGMA, n, zDim) : undefined;
  const clusters = facts.hasClusters ? await cache.read(CLUSTERS, n, 1) : undefined;
  const isWhole = means && facts.hasSigma === Boolean(sigma) && facts.hasClusters === Boolean(clusters);
  return isWhole ? { means, sigma, clusters: clusters && Array.from(clusters.data, String) } : undefined;
}

function addData(exploration: Exploration, { means, sigma, clusters }: ClusteredData): void {
  exploration.setData({ means, sigma });
  if (clusters) exploration.addColumn(categoryColumn({ id: "cluster", title: "Cluster" }, clusters));
  addMeanSigma(exploration, sigma);
}

async function exploreData(
  exploration: Exploration,
  folder: string,
  images: Images,
  cache: ResultCache,
): Promise<void> {
  if (!exploration.data) {
    const title = `Encoding ${images.count.toLocaleString("en")} images`;
    const data = await prepare(exploration, "encoding", title, (onProgress) =>
      encode(folder, images, exploration.signal, onProgress),
    );
    const { means, sigma, clusters } = data;
    await cache.write(MEANS, means);
    if (sigma) await cache.write(SIGMA, sigma);
    if (clusters) await cache.write(CLUSTERS, new Matrix(Float32Array.from(clusters, Number), clusters.length, 1));
    await cache.writeFacts("codes", { hasSigma: sigma !== undefined, hasClusters: clusters !== undefined });
    addData(exploration, data);
  }
  await exploreMaps(exploration, exploration.data as GaussianData, cache);
}

/** Encodes the images. TensorFlow.js is imported here, because it is not needed if the codes were saved earlier. */
async function encode(
  folder: string,
  images: Images,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<ClusteredData> {
  const { Gmvae, openRun, selectBackend } = await import("../../vae/index.js");
  await selectBackend();
  const { model } = await openRun(folder);
  try {
    const isMixture = model instanceof Gmvae;
    const share = isMixture ? 0.5 : 1;
    const { means, sigma } = await model.encode(images, {
      signal,
      onProgress: (fraction) => onProgress(share * fraction),
    });
    if (!isMixture) return { means, sigma, clusters: undefined };
    const shares = await model.classify(images, { signal, onProgress: (fraction) => onProgress(0.5 + fraction / 2) });
    const clusters = Array.from({ length: shares.rows }, (_, i) => {
      const row = shares.row(i);
      return String(row.indexOf(Math.max(...row)));
    });
    return { means, sigma, clusters };
  } finally {
    model.dispose();
  }
}
