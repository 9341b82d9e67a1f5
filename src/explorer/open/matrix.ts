import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { shapeMismatch } from "../../arguments.js";
import { ArgumentError } from "../../errors.js";
import { type Dataset, readDataset, readLabels, readMatrix, takeDataset } from "../../io/index.js";
import { Matrix } from "../../matrix.js";
import { numberColumn } from "../columns.js";
import { type Exploration, type GaussianData, requireFinite, requireSigma } from "../exploration.js";
import { addImages, addListedImages } from "../images.js";
import { addQuality, exploreMaps, showKnownMaps } from "../maps.js";
import { COLUMN_KEYS, type InputOptions, rejectUseless } from "../options.js";
import { ResultCache } from "../result-cache.js";
import { TextValues } from "../text-values.js";
import { addMetadata, addTableColumns, type PointTable } from "./table-columns.js";

/** Opens a map from a file, with further properties of its points. */
export async function openMap(
  exploration: Exploration,
  path: string,
  source: TableSource,
  options: InputOptions,
): Promise<void> {
  rejectUseless(
    options,
    ["images", "labels", "metadata", "sigma", "input", "stretch", "strict", ...COLUMN_KEYS],
    "a map",
  );
  const { means: matrix } = source.dataset;
  const positions = new Matrix(Float32Array.from(matrix.data), matrix.rows, 2);
  requireFinite(positions, path);
  exploration.setCount(positions.rows);
  const map = { id: "map", title: "Map", subtitle: "", positions };
  exploration.addMap(map);
  await addFacts(exploration, source, options);
  const { data } = exploration;
  if (data && data.means.rows >= 3) exploration.startWork(() => addQuality(exploration, data, map));
}

/** Opens points. Their maps are computed while the page shows the progress. */
export async function openPoints(
  exploration: Exploration,
  path: string,
  source: TableSource,
  options: InputOptions,
): Promise<void> {
  const useful = ["images", "labels", "metadata", "sigma", "stretch", "strict", "cache", ...COLUMN_KEYS] as const;
  rejectUseless(options, useful, "a table of points that have no map yet");
  const { means, sigma: measured } = source.dataset;
  requireFinite(means, path);
  if (means.rows < 3) {
    const accepted = "at least 3 points";
    throw new ArgumentError("SHAPE_MISMATCH", { argument: path, received: means.rows, accepted });
  }
  exploration.setCount(means.rows);
  const sigma = (await readSigma(exploration, options.sigma)) ?? measured;
  const data = { means, sigma };
  requireShape(data, options.sigma);
  if (sigma) requireSigma(sigma, options.sigma ?? path);
  await addFacts(exploration, source, { ...options, sigma: undefined });
  exploration.setData(data);
  addMeanSigma(exploration, sigma);
  const cache = options.cache === false ? undefined : await openCache(path, data);
  if (cache?.isKept) exploration.keptIn = cache.path("");
  const known = await showKnownMaps(exploration, data, cache);
  exploration.startWork(() => exploreMaps(exploration, data, cache, known));
}

/**
 * Opens the folder, next to the file of the points, in which their embeddings are saved. A hash of the numbers ensures
 * that saved results are only used for the same points.
 */
function openCache(path: string, { means, sigma }: GaussianData): Promise<ResultCache> {
  const hash = createHash("sha256");
  for (const matrix of [means, sigma]) hash.update(JSON.stringify(matrix?.shape ?? null)).update(matrix?.data ?? "");
  return ResultCache.open(`${resolve(path)}.explorer`, hash.digest("hex"));
}

/**
 * Adds further properties of the points: labels from a file (which take precedence over labels of the table), the other
 * columns of the table, and the files in the options.
 */
async function addFacts(exploration: Exploration, { table }: TableSource, options: InputOptions): Promise<void> {
  await addLabelFile(exploration, options);
  const hasImages = options.images !== undefined;
  const onRead = () => (hasImages ? Promise.resolve() : addImagesOf(exploration, table.path));
  const report = await addTableColumns(exploration, table, onRead);
  exploration.columnReport = [exploration.columnReport, report].filter(Boolean).join(" ");
  await addFiles(exploration, { ...options, labels: undefined });
}

/** Adds the images whose paths are in a column of the table. */
async function addImagesOf(exploration: Exploration, path: string): Promise<void> {
  for (const { description, values } of exploration.allColumns()) {
    if (description.kind !== "text" || description.format !== "image" || !(values instanceof TextValues)) continue;
    return addListedImages(exploration, path, description, values);
  }
}

/** The data of a file, and its other columns. */
export interface TableSource {
  readonly dataset: Dataset;
  readonly table: PointTable;
}

async function addLabelFile(exploration: Exploration, { labels }: InputOptions): Promise<void> {
  if (labels === undefined) return;
  const { signal, n, gaps } = exploration;
  const { rows = n, kept } = gaps ?? {};
  const names = await readLabels(labels, { count: rows, signal });
  if (names.length !== rows) throw countMismatch(labels, names.length, rows, "labels");
  exploration.addLabels(kept ? Array.from(kept, (i) => names[i]) : names);
}

/** Adds the files in the options: labels, metadata, images, the data behind a map. */
export async function addFiles(exploration: Exploration, options: InputOptions): Promise<void> {
  const { metadata, images, input } = options;
  const { signal, n } = exploration;
  const { rows = n, kept } = exploration.gaps ?? {};
  await addLabelFile(exploration, options);
  if (metadata !== undefined) await addMetadata(exploration, metadata, options.strict);
  const sigma = await readSigma(exploration, options.sigma);
  if (sigma && sigma.rows !== n) throw countMismatch(options.sigma as string, sigma.rows, n, "rows");
  if (sigma) requireSigma(sigma, options.sigma as string);
  addMeanSigma(exploration, sigma);
  if (input !== undefined) {
    const whole = await readDataset(input, { signal });
    if (whole.means.rows !== rows) throw countMismatch(input, whole.means.rows, rows, "rows");
    const { means, sigma: own } = kept ? takeDataset(whole, kept) : whole;
    requireFinite(means, input);
    if (!sigma) addMeanSigma(exploration, own);
    const data = { means, sigma: sigma ?? own };
    requireShape(data, options.sigma);
    exploration.setData(data);
  }
  if (images !== undefined) await addImages(exploration, images, options);
}

/** Adds a column with the mean standard deviation of each point, if the points have standard deviations. */
export function addMeanSigma(exploration: Exploration, sigma: Matrix | undefined): void {
  if (!sigma) return;
  const means = Float32Array.from({ length: sigma.rows }, (_, i) => {
    let sum = 0;
    for (const value of sigma.row(i)) sum += value;
    return sum / sigma.cols;
  });
  exploration.addColumn(numberColumn({ id: "mean-sigma", title: "Mean sigma" }, means));
}

async function readSigma({ signal, gaps }: Exploration, path: string | undefined): Promise<Matrix | undefined> {
  if (path === undefined) return undefined;
  const sigma = await readMatrix(path, { signal });
  const { rows, kept } = gaps ?? {};
  return kept && sigma.rows === rows ? sigma.take(kept) : sigma;
}

function requireShape({ means, sigma }: GaussianData, path: string | undefined): void {
  if (!sigma || (sigma.rows === means.rows && sigma.cols === means.cols)) return;
  throw shapeMismatch(path as string, sigma, `${means.rows} x ${means.cols}, the shape of the points`);
}

function countMismatch(argument: string, received: number, n: number, what: string): ArgumentError {
  const message = `${argument}: expected ${n} ${what}, one per point, received ${received}`;
  return new ArgumentError("SHAPE_MISMATCH", { argument, received, accepted: `${n} ${what}, one per point`, message });
}
