import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { reject, requireOptions } from "../arguments.js";
import {
  assertFolderWritable,
  type FolderOptions,
  type Table,
  writeFileAtomic,
  writeFolderAtomic,
  writeMatrix,
} from "../io/index.js";
import { Matrix } from "../matrix.js";
import { drawMapsSideBySide } from "../plot/index.js";
import { withGaps } from "../preparation/index.js";
import { describePerplexity } from "../tsne/index.js";
import type { Comparison } from "./compare.js";
import { type ComparisonMetrics, METRICS_KIND, summarize } from "./metrics.js";
import { mostMoved } from "./most-moved.js";

/** Options of {@link writeComparison}. All are optional. */
export interface WriteComparisonOptions {
  /** n labels, which color the points in the picture and the report. `""` is a missing label. */
  labels?: ArrayLike<string | number> | undefined;
  /**
   * The row of each point in its file, if rows were left out: the column `row` of `changes.csv`. Default: 0, 1, 2, ...
   */
  rows?: ArrayLike<number> | undefined;
  /**
   * Number of rows of the file that contains the data. Rows without a point are NaN in the `.npy` files. Default: the
   * number of points.
   */
  fileRows?: number | undefined;
  /** Additional columns of `changes.csv` by name, such as an identifier: one value per point. */
  columns?: Table | undefined;
  /** Heading of the picture and the report. Default: a heading with the number of points, such as "150 points". */
  title?: string | undefined;
  /**
   * Whether to write into a folder that also holds other files. Files with the same names are replaced one after the
   * other, and other files are kept. Default false: a folder with other files is rejected.
   */
  force?: boolean | undefined;
  /** Stops the writing and leaves the folder unchanged. */
  signal?: AbortSignal | undefined;
}

const PICTURE = "comparison.png";
const REPORT = "report.html";
const METRICS = "metrics.json";
const DISPLACEMENT = "displacement.npy";
const CHANGES = "changes.csv";
/** Number of points that are numbered in the picture and the report. */
const MARKS = 12;

/**
 * Writes a comparison as a folder, either completely or not at all. An earlier comparison in the same folder is
 * replaced. A folder with other content is rejected.
 *
 * - `map_<name>.npy`, for each map: n x outputDimensions float32, aligned to the first map; with `fileRows`, one row
 *   per row of the file
 * - `displacement.npy`: n x pairs float32, the displacement of each point in units of the root mean square radius of
 *   the pair's first map
 * - `changes.csv`: one row per point: its row in the data, its position in each map, displacement and fraction of
 *   changed neighbors for each pair, mean sigma, label, and the columns of `options`
 * - `comparison.png`: the maps side by side; the points that moved most are numbered
 * - `metrics.json`: {@link ComparisonMetrics}
 * - `report.html`: one page with linked maps, which needs no network
 *
 * @returns the content of `metrics.json`
 * @throws {ArgumentError} INVALID_ARGUMENT if `comparison` is not a comparison
 * @throws {FileError} FILE_WRITE if the folder cannot be written or holds something else
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function writeComparison(
  folder: string,
  comparison: Comparison,
  options: WriteComparisonOptions = {},
): Promise<ComparisonMetrics> {
  requireOptions(options);
  if (!Array.isArray(comparison?.maps) || !Array.isArray(comparison.pairs)) {
    reject("comparison", comparison, "the result of compare");
  }
  const { labels, signal, title = `${comparison.n.toLocaleString("en")} points` } = options;
  const { maps, pairs } = comparison;
  const slugs = slugsOf(maps.map(({ name }) => name));
  const mapFiles = slugs.map((slug) => `map_${slug}.npy`);
  const all = [...mapFiles, DISPLACEMENT, CHANGES, PICTURE, METRICS, REPORT];
  const [reference, last] = [maps[0], maps.at(-1)] as [(typeof maps)[number], (typeof maps)[number]];
  const widest = pairs.find(({ first, second }) => first === 0 && second === maps.length - 1) as (typeof pairs)[number];
  const marks = mostMoved(reference.embedding, last.embedding, widest.displacement, MARKS);
  const metrics = summarize(comparison, { all, maps: mapFiles }, marks);
  const displacement = new Matrix(new Float32Array(comparison.n * pairs.length), comparison.n, pairs.length);
  for (const [p, pair] of pairs.entries()) {
    for (const [i, value] of pair.displacement.entries()) displacement.data[i * pairs.length + p] = value;
  }
  await writeFolderAtomic(
    folder,
    async (temporary) => {
      const write = (name: string, content: Parameters<typeof writeFileAtomic>[1]) =>
        writeFileAtomic(join(temporary, name), content, { signal });
      for (const [i, map] of maps.entries()) {
        await writeMatrix(join(temporary, mapFiles[i]), onFileRows(map.embedding, options), { signal });
      }
      await writeMatrix(join(temporary, DISPLACEMENT), onFileRows(displacement, options), { signal });
      await write(CHANGES, changesTable(comparison, slugs, options));
      const panels = maps.map((map) => ({
        points: map.embedding,
        title: map.name,
        subtitle: `${map.options.distance} distance, ${describePerplexity(map.options.perplexity)}, KL ${map.kl.toFixed(3)}`,
      }));
      const subtitle = marks.length > 0 ? `Numbers: points that moved most from ${reference.name} to ${last.name}` : "";
      await write(PICTURE, await drawMapsSideBySide(panels, { labels, title, subtitle, marks }));
      await write(METRICS, `${JSON.stringify(metrics, undefined, 2)}\n`);
      const { renderReport } = await import("./report.js");
      await write(REPORT, await renderReport(comparison, metrics, { title, labels }));
    },
    folderOptions(options),
  );
  return metrics;
}

/**
 * Checks before a long computation that {@link writeComparison} can write to the folder.
 *
 * @throws {FileError} FILE_WRITE with the reason why it cannot be written
 */
export async function assertComparisonWritable(folder: string, options: WriteComparisonOptions = {}): Promise<void> {
  await assertFolderWritable(folder, folderOptions(options));
}

function folderOptions({ force, signal }: WriteComparisonOptions): FolderOptions {
  return { kind: "an earlier comparison", isReplaceable: isComparison, force, signal };
}

/** Returns one row per row of the file, with NaN in rows without a point. */
const onFileRows = (points: Matrix, { rows, fileRows }: WriteComparisonOptions): Matrix =>
  fileRows === undefined ? points : withGaps(points, rows, fileRows);

/** Whether a folder contains only files that its own metrics.json lists. */
async function isComparison(folder: string, names: readonly string[]): Promise<boolean> {
  try {
    const { kind, files } = JSON.parse(await readFile(join(folder, METRICS), "utf8")) as Partial<ComparisonMetrics>;
    return kind === METRICS_KIND && Array.isArray(files) && names.every((name) => files.includes(name));
  } catch {
    return false;
  }
}

/** Converts names to unique parts of file names: lower case letters, digits and hyphens. */
function slugsOf(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name, i) => {
    const plain = name
      .normalize("NFKD")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "");
    let slug = plain || `map-${i + 1}`;
    for (let next = i + 1; taken.has(slug); next++) slug = `${plain || "map"}-${next}`;
    taken.add(slug);
    return slug;
  });
}

function* changesTable(
  { n, maps, pairs, meanSigma }: Comparison,
  slugs: readonly string[],
  { labels, rows, columns }: WriteComparisonOptions,
): Generator<string> {
  const pairName = (pair: (typeof pairs)[number]) =>
    pairs.length === 1 ? "" : `_${slugs[pair.first]}_${slugs[pair.second]}`;
  const axes = ["x", "y", "z"].slice(0, maps[0]?.embedding.cols);
  const header = [
    "row",
    ...slugs.flatMap((slug) => axes.map((axis) => `${axis}_${slug}`)),
    ...pairs.flatMap((pair) => [`displacement${pairName(pair)}`, `changed${pairName(pair)}`]),
    ...(meanSigma ? ["mean_sigma"] : []),
    ...(labels ? ["label"] : []),
  ];
  const others = [...(columns ?? [])].filter(([name]) => !header.includes(name));
  header.push(...others.map(([name]) => quote(name)));
  let lines = `${header.join(",")}\n`;
  for (let i = 0; i < n; i++) {
    const cells: (string | number)[] = [rows ? rows[i] : i];
    for (const map of maps) for (const value of map.embedding.row(i)) cells.push(shortest(value));
    for (const pair of pairs) cells.push(shortest(pair.displacement[i]), shortest(pair.changed[i]));
    if (meanSigma) cells.push(shortest(meanSigma[i]));
    if (labels) cells.push(quote(String(labels[i])));
    for (const [, values] of others) cells.push(quote(String(values[i])));
    lines += `${cells.join(",")}\n`;
    if (lines.length > 2 ** 20) {
      yield lines;
      lines = "";
    }
  }
  yield lines;
}

/**
 * Formats a number with at most seven significant digits, which is enough for positions and fractions. A missing value
 * becomes an empty text.
 */
const shortest = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? "" : String(Number(value.toPrecision(7)));

const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
