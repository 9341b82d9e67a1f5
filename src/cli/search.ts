import { basename } from "node:path";
import { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { isText, readMatrix, type Table, type TableColumn, writeFileAtomic, writeTable } from "../io/index.js";
import type { Matrix } from "../matrix.js";
import { flagsByName } from "../options/index.js";
import type { PictureFormat, SheetRow, SheetTile } from "../plot/index.js";
import { NEAREST_OPTIONS, type Nearest, type NearestOptions, nearest, type Query } from "../search/index.js";
import { isSavedRun, Tsne } from "../tsne/index.js";
import { addColumnOptions, type ColumnFlags, DATA_FILES, DATASET_NAMES, withSigmaPath } from "./dataset-flags.js";
import { addDeclaredOptions } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { describeInputs, type Inputs, readInputs, readPointLabels, sigmaPath } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkPaths } from "./paths.js";
import { describeSkipped } from "./point-images.js";
import { checkTableOutput, TABLE_FORMATS } from "./point-table.js";
import { createProgressDisplay } from "./progress.js";

interface SearchFlags extends ColumnFlags, Pick<NearestOptions, "k" | "distance" | "varianceFloor" | "threads"> {
  query: string;
  sigma?: string;
  querySigma?: string;
  labels?: string;
  images?: string;
  queryImages?: string;
  strict?: true;
  output?: string;
  sheet?: string;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne search means.npy --sigma sigma.npy --query 17
      The ten points nearest to point 17, as a list.
  $ sigma-tsne search means.npy --query 17,4,99 -k 20 --distance cosine \\
      -o near.csv
      The same for several points, with another distance, as a table.
  $ sigma-tsne search means.npy --sigma sigma.npy --query 17 \\
      --images images.npy --sheet near.png
      The images of point 17 and of its nearest points, side by side.
  $ sigma-tsne search means.npy --query new.npy --query-images new-images \\
      --images images --sheet near.png
      The points nearest to the vectors of another file.
  $ sigma-tsne search run.tsne --query 17 -o near.parquet
      The points of a saved run, by the distance of that run.

Rows are counted from 0. The query point itself is not listed. All points are
compared, so the result is exact. The table has the columns query, rank, row,
distance and, with --labels, label.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne search` finds the points nearest to examples and writes a list, a table and a sheet of images. */
export function createSearchCommand(): Command {
  const command = new Command("search")
    .usage("<data> --query <rows|file> [options]")
    .summary("find the points nearest to an example")
    .description(
      "Search by example: find the points that are nearest to given points, or to other vectors, by any of the distances.",
    )
    .argument("<data>", `the points, one per row: ${DATA_FILES}; or a run of embed --save`)
    .requiredOption(
      "--query <rows|file>",
      "row numbers of points, such as 17 or 17,4,99; or a file of vectors with the same columns",
    )
    .optionsGroup("Input:")
    .option("--sigma <file>", "standard deviations of the points, of the same shape")
    .option("--query-sigma <file>", "standard deviations of the vectors of a --query file")
    .option("--labels <file>", "labels of the points, one per line")
    .option(
      "--images <path>",
      "an image for each point, for the --sheet: .npy, IDX, or a folder in the order of its names",
    )
    .option("--query-images <path>", "an image for each vector of a --query file, of the same size as --images")
    .option("--strict", "fail for columns of tables and files of image folders that are skipped by default");
  addColumnOptions(command.optionsGroup("Columns:"), { strict: false });
  return addDeclaredOptions(command.optionsGroup("Method:"), NEAREST_OPTIONS, [
    "k",
    "distance",
    "varianceFloor",
    "threads",
  ])
    .optionsGroup("Output:")
    .option("-o, --output <file>", `file for the result as a table: ${TABLE_FORMATS}`)
    .option("--sheet <file>", "draw queries and results with their distances; needs --images: .png or .svg")
    .option("--json", "print the result as one JSON object")
    .option("--quiet", "print only errors, and the output of --json")
    .addHelpText("after", guide)
    .action((means: string, flags: SearchFlags) => {
      const names = {
        ...flagsByName(NEAREST_OPTIONS),
        ...DATASET_NAMES,
        data: means,
        run: means,
        query: isRows(flags.query) ? "--query" : flags.query,
        querySigma: flags.querySigma ?? "--query-sigma",
        sigma: flags.sigma ?? "--sigma",
        rows: "--sheet",
      };
      return interruptible((signal) => withTypedNames(names, () => search(means, flags, signal)));
    });
}

const isRows = (query: string): boolean => /^-?\d+(,-?\d+)*$/.test(query);

async function search(means: string, flags: SearchFlags, signal: AbortSignal): Promise<void> {
  const begin = performance.now();
  const { sheet, output, k, distance, varianceFloor, threads } = flags;
  const queryFile = isRows(flags.query) ? undefined : flags.query;
  const format = await checkFlags(means, queryFile, flags);
  const read = (path: string | undefined) => (path === undefined ? undefined : readMatrix(path, { signal }));
  const isRun = await isSavedRun(means);
  const inputs = isRun ? undefined : await readInputs({ ...(await withSigmaPath(means, flags)), data: means }, signal);
  const data = inputs?.data ?? (await Tsne.load(means, { threads, signal }));
  const n = data instanceof Tsne ? data.shape[0] : data.rows;
  const sigma = inputs ? inputs.sigma : await read(flags.sigma);
  const rows = queryFile === undefined ? flags.query.split(",").map(Number) : undefined;
  const query: Query = rows ? toRows(rows, n) : ((await read(queryFile)) as Matrix);
  const querySigma = await read(flags.querySigma);
  const labels =
    inputs?.labels ?? (flags.labels === undefined ? undefined : await readPointLabels(flags.labels, n, signal));

  const display = createProgressDisplay(
    flags.quiet ?? false,
    () => `${inputs ? describeInputs(means, inputs) : ""}${n} points`,
  );
  const onProgress = ({ fraction }: { fraction: number }) => display.update({ stage: "search", fraction });
  const found = await nearest(data, query, {
    k,
    distance,
    sigma,
    querySigma,
    varianceFloor,
    threads,
    signal,
    onProgress,
  }).finally(() => display.stop());
  const drawn = format && (await drawResult(means, found, rows, labels, flags, n, format, signal));
  signal.throwIfAborted();
  if (output !== undefined) await writeTable(output, toTable(found, rows, labels, inputs), { signal });
  if (sheet !== undefined && drawn) await writeFileAtomic(sheet, drawn.picture, { signal });
  const seconds = (performance.now() - begin) / 1000;
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ ...summarize(found, rows, labels, n), columns: inputs?.report ?? null, output: output ?? null, sheet: sheet ?? null, seconds })}\n`,
    );
  else if (!flags.quiet) process.stdout.write(print(found, rows, labels, [output, sheet], drawn?.skipped));
}

/**
 * Checks everything that can be checked before reading the data.
 *
 * @returns the format of the sheet, if there is one
 */
async function checkFlags(
  means: string,
  queryFile: string | undefined,
  flags: SearchFlags,
): Promise<PictureFormat | undefined> {
  const { sheet, output } = flags;
  checkTableOutput("--output", output);
  if (sheet === undefined) {
    for (const [flag, path] of [
      ["--images", flags.images],
      ["--query-images", flags.queryImages],
    ] as const) {
      if (path === undefined) continue;
      const accepted = "to be left out without --sheet, because only --sheet shows images";
      throw new ArgumentError("INVALID_ARGUMENT", { argument: flag, received: path, accepted });
    }
  }
  const format = sheet === undefined ? undefined : await checkSheetFlags(flags, queryFile, sheet);
  await checkPaths(
    { "--output": output, "--sheet": sheet },
    {
      "<data>": means,
      "--query": queryFile,
      "--sigma": sigmaPath(flags.sigma),
      "--query-sigma": flags.querySigma,
      "--labels": flags.labels,
      "--images": flags.images,
      "--query-images": flags.queryImages,
    },
  );
  return format;
}

/** @throws {ArgumentError} for a sheet without the images that it needs */
async function checkSheetFlags(
  flags: SearchFlags,
  queryFile: string | undefined,
  sheet: string,
): Promise<PictureFormat> {
  const reject = (argument: string, received: unknown, accepted: string) => {
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
  };
  if (flags.images === undefined) reject("--images", undefined, "images of the points, which --sheet needs");
  if (flags.queryImages !== undefined && queryFile === undefined) {
    reject(
      "--query-images",
      flags.queryImages,
      "to be left out if --query names rows, because --images contains their images",
    );
  }
  const { pictureFormat } = await import("../plot/index.js");
  return withTypedNames({ path: "--sheet" }, async () => pictureFormat(sheet));
}

/** Rejects row numbers out of range, including those that no integer array can hold. */
function toRows(rows: readonly number[], n: number): Int32Array {
  const wrong = rows.find((row) => row < 0 || row >= n);
  if (wrong === undefined) return Int32Array.from(rows);
  const accepted = n === 0 ? "a file of vectors, because the data have no rows" : `rows from 0 to ${n - 1}`;
  throw new ArgumentError("OUT_OF_RANGE", { argument: "--query", received: wrong, accepted });
}

async function drawResult(
  means: string,
  { k, indices, distances, distance }: Nearest,
  rows: readonly number[] | undefined,
  labels: readonly string[] | undefined,
  flags: SearchFlags,
  n: number,
  format: PictureFormat,
  signal: AbortSignal,
): Promise<{ picture: Uint8Array; skipped: number }> {
  const { openImages } = await import("../vae/datasets/index.js");
  const { drawSheet } = await import("../plot/index.js");
  const count = distances.rows;
  let skipped = 0;
  const open: OpenImages = async (path, expected) => {
    const opened = await openImages(path, { strict: flags.strict, signal });
    skipped += opened.skipped;
    if (opened.images.count === expected) return opened;
    await opened.close();
    const message = `${path}: expected ${expected} images, one per row, received ${opened.images.count}`;
    const facts = { argument: path, received: opened.images.count, accepted: `${expected} images`, message };
    throw new ArgumentError("SHAPE_MISMATCH", facts);
  };
  const { images, close } = await open(flags.images as string, n);
  try {
    const pixels = await images.read(indices);
    const examples = rows
      ? await images.read(rows)
      : flags.queryImages && (await readExamples(open, flags.queryImages, count, images));
    const size = images.height * images.width * images.channels;
    const at = (all: Float32Array, i: number) => all.subarray(i * size, (i + 1) * size);
    const sheetRows = Array.from({ length: count }, (_, q): SheetRow => {
      const row = rows?.[q];
      const example: SheetTile = {
        pixels: examples ? at(examples, q) : undefined,
        caption: row === undefined ? `vector ${q}` : `row ${row}`,
        detail: row === undefined ? "query" : (labels?.[row] ?? "query"),
      };
      const tiles = Array.from({ length: k }, (_, e): SheetTile => {
        const found = indices[q * k + e];
        const label = labels ? `${labels[found]}, ` : "";
        return { pixels: at(pixels, q * k + e), caption: show(distances.at(q, e)), detail: `${label}row ${found}` };
      });
      return { example, tiles };
    });
    const title = `Nearest in ${basename(means)}`;
    const subtitle = `${distance} distance below each; ${count === 1 ? "the query" : "queries"} on the left`;
    return { picture: await drawSheet(sheetRows, images, { title, subtitle, format }), skipped };
  } finally {
    await close();
  }
}

type OpenImages = (
  path: string,
  expected: number,
) => Promise<Awaited<ReturnType<typeof import("../vae/datasets/index.js").openImages>>>;

/** Reads the images of the queries, which must have the size of the images of the points. */
async function readExamples(open: OpenImages, path: string, count: number, images: ImageSize): Promise<Float32Array> {
  const opened = await open(path, count);
  try {
    const [own, theirs] = [images, opened.images].map(
      ({ height, width, channels }) => `${height} x ${width} x ${channels}`,
    );
    if (own !== theirs) {
      const message = `${path}: expected images of ${own}, like the images of the points, received ${theirs}`;
      const facts = { argument: path, received: theirs, accepted: own, message };
      throw new ArgumentError("SHAPE_MISMATCH", facts);
    }
    return await opened.images.read(Array.from({ length: count }, (_, i) => i));
  } finally {
    await opened.close();
  }
}

interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Returns the number of query q: a row of the points or of the file of vectors. */
const nameOf = (rows: readonly number[] | undefined, q: number): number => rows?.[q] ?? q;

function toTable(
  { k, indices, distances }: Nearest,
  rows: readonly number[] | undefined,
  labels: readonly string[] | undefined,
  inputs: Inputs | undefined,
): Table {
  const table = new Map<string, TableColumn>([
    ["query", Int32Array.from(indices, (_, at) => nameOf(rows, Math.floor(at / k)))],
    ["rank", Int32Array.from(indices, (_, at) => (at % k) + 1)],
    ["row", Int32Array.from(indices)],
    ["distance", distances.data],
  ]);
  const { identifier, metadata } = inputs?.points.facts ?? {};
  const own = [
    ...(labels ? [["label", labels] as const] : []),
    ...(identifier ? [[identifier.name, identifier.values] as const] : []),
    ...(metadata ?? []),
  ];
  for (const [name, column] of own) {
    if (!table.has(name)) table.set(name, takeValues(column, indices));
  }
  return table;
}

const takeValues = (column: TableColumn, rows: ArrayLike<number>): TableColumn =>
  isText(column)
    ? Array.from(rows, (row) => column[row])
    : column.constructor === Int32Array
      ? Int32Array.from(rows, (row) => column[row])
      : Float64Array.from(rows, (row) => column[row]);

function summarize(
  { k, indices, distances, distance, varianceFloor }: Nearest,
  rows: readonly number[] | undefined,
  labels: readonly string[] | undefined,
  n: number,
) {
  const results = Array.from({ length: distances.rows }, (_, q) => {
    const found = Array.from(indices.subarray(q * k, (q + 1) * k));
    return {
      query: nameOf(rows, q),
      rows: found,
      distances: Array.from(distances.row(q)),
      ...(labels && { labels: found.map((index) => labels[index]) }),
    };
  });
  return { n, k, distance, variance_floor: varianceFloor ?? null, results };
}

/** A longer list is cut on the terminal; use a file for it. */
const MOST_LINES = 200;

function print(
  { k, indices, distances, distance }: Nearest,
  rows: readonly number[] | undefined,
  labels: readonly string[] | undefined,
  written: readonly (string | undefined)[],
  skipped: number | undefined,
): string {
  const files = written.filter((path) => path !== undefined).join(" and ");
  const sentence =
    files &&
    `The ${k} nearest of ${distances.rows} queries, ${distance} distance, written to ${files}.${describeSkipped({ skipped })}\n`;
  if (files && indices.length > 10) return sentence;
  const heading = `${"query".padStart(10)}${"rank".padStart(6)}${"row".padStart(10)}  ${distance}${labels ? "  label" : ""}\n`;
  const lines = Array.from(indices.subarray(0, MOST_LINES), (index, at) => {
    const value = show(distances.data[at]).padEnd(distance.length);
    const label = labels ? `  ${labels[index]}` : "";
    const query = String(nameOf(rows, Math.floor(at / k))).padStart(10);
    return `${query}${String((at % k) + 1).padStart(6)}${String(index).padStart(10)}  ${value}${label}`.trimEnd();
  });
  const rest =
    indices.length > MOST_LINES ? `${indices.length - MOST_LINES} more lines: write them with --output.\n` : "";
  return `${heading}${lines.join("\n")}\n${rest}${sentence}`;
}

/** Formats a distance with four digits. */
function show(value: number): string {
  if (value === 0) return "0";
  return value >= 1e-3 && value < 1e4 ? value.toPrecision(4) : value.toExponential(3);
}
