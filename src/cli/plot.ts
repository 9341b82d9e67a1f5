import { existsSync } from "node:fs";
import { basename, extname } from "node:path";
import { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { isText, readMatrix, readTable, writeFileAtomic } from "../io/index.js";
import { Matrix } from "../matrix.js";
import { flagsByName } from "../options/index.js";
import { IMAGE_OPTIONS, type MapEllipses, type MapOptions, PICTURE_OPTIONS } from "../plot/index.js";
import { addColumnOptions, type ColumnFlags, DATASET_NAMES } from "./dataset-flags.js";
import { addDeclaredOptions } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { describeEmbedding, describeGaps, type PointFacts, readEmbeddingFile } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkPaths } from "./paths.js";
import { preparePicture } from "./picture.js";
import { describeSkipped, IMAGE_SOURCES, type ImageFlags, imageOptions, stretchShare } from "./point-images.js";
import { UNCERTAINTY_COLUMNS } from "./uncertainty.js";

interface PlotFlags
  extends ImageFlags,
    ColumnFlags,
    Pick<MapOptions, "contours" | "title" | "theme" | "width" | "height"> {
  output: string;
  labels?: string;
  colorBy?: string;
  ellipses?: string;
  imageSize?: number;
  imageCount?: number;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne plot map.npy -o map.png
  $ sigma-tsne plot map.csv --labels labels.txt --title Digits -o map.svg
      Up to 50 different labels are classes with a legend; more numbers than
      that are a quantity with a color bar.
  $ sigma-tsne plot map.npy --color-by map_uncertainty.csv:displacement \\
      --ellipses map_uncertainty.csv -o uncertain.png
      A column of a table as color, and ellipses of covariances.
  $ sigma-tsne plot map.npy --images micrographs/ --stretch -o images.png
      Show images on the map, as many as fit without overlap.
  $ sigma-tsne plot map.npy --labels labels.txt --contours -o density.png
      Lines that enclose 20, 40, 60, 80 and 95 % of the points.
  $ sigma-tsne plot map.npy -o slide.png --theme dark --width 1920 --height 1080

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne plot` draws an embedding from a file. */
export function createPlotCommand(): Command {
  const command = new Command("plot")
    .usage("<embedding> -o <file> [options]")
    .summary("draw a map")
    .description("Draw an embedding of 1, 2 or 3 dimensions as a picture, colored by labels.")
    .argument("<embedding>", "the embedding: .npy, .csv, .tsv, .parquet or .arrow, one point per row")
    .requiredOption("-o, --output <file>", "file for the picture: .png or .svg")
    .option("--labels <file>", "labels that color the points, one per line (default: the labels in its table)")
    .option(
      "--color-by <file[:column]>",
      "numbers that color the points, one per row: the first column of a table, or the one with this name or position (from 0)",
    )
    .option(
      "--ellipses <file>",
      "draw ellipses for some points of a 2-D embedding: three columns xx, xy, yy, or the file that embed --uncertainty has written",
    )
    .option("--images <source>", `show images on the map: ${IMAGE_SOURCES}`);
  addDeclaredOptions(command, IMAGE_OPTIONS, ["size", "count"])
    .option(...imageOptions.stretch)
    .option(...imageOptions.strict);
  addDeclaredOptions(command, PICTURE_OPTIONS, ["contours", "title", "theme", "width", "height"]).option(
    "--quiet",
    "print only errors",
  );
  return addColumnOptions(command.optionsGroup("Columns:"), { sigma: false, lists: false, keep: false, strict: false })
    .addHelpText("after", guide)
    .action((embedding: string, flags: PlotFlags) => {
      const names = {
        ...DATASET_NAMES,
        points: embedding,
        labels: flags.labels,
        values: flags.colorBy ?? "--color-by",
        ellipses: "--ellipses",
        "ellipses.covariances": flags.ellipses,
        images: flags.images,
        "images.size": "--image-size",
        "images.count": "--image-count",
        ...flagsByName(PICTURE_OPTIONS),
      };
      return interruptible((signal) => withTypedNames(names, () => plot(embedding, flags, signal)));
    });
}

async function plot(embedding: string, flags: PlotFlags, signal: AbortSignal): Promise<void> {
  const { output, theme, width, height, title, imageSize } = flags;
  checkImageFlags(flags);
  const draw = await preparePicture("--output", output, { theme, width, height });
  const color = await checkFiles(embedding, flags);
  const read = await readEmbeddingFile(embedding, flags, signal);
  const { positions: points } = read;
  const { kept } = read.points;
  const labels = color && flags.labels === undefined ? undefined : read.labels;
  const values = color && withoutGaps(await readColumn(color, signal), read.points);
  const ellipses = flags.ellipses === undefined ? undefined : await readEllipses(flags.ellipses, read.points, signal);
  const { openPointImages } = await import("../vae/without-tensorflow.js");
  const opened =
    flags.images === undefined
      ? undefined
      : await openPointImages(flags.images, read.points.rows, {
          strict: flags.strict,
          within: imageSize ?? 128,
          kept,
          signal,
        });
  try {
    const classes = color ? undefined : opened?.classes;
    const picture = await draw(points, {
      labels: labels ?? classes,
      title,
      contours: flags.contours ?? false,
      ...(values && { values, valuesTitle: color?.column ?? basename(color?.path ?? "") }),
      ...(ellipses && { ellipses }),
      ...(opened && {
        images: {
          images: opened.images,
          size: imageSize,
          count: flags.imageCount,
          stretch: stretchShare(flags.stretch),
        },
      }),
    });
    await writeFileAtomic(output, picture, { signal });
  } finally {
    await opened?.close();
  }
  if (flags.quiet) return;
  process.stderr.write(describeEmbedding(embedding, read.dataset));
  const skipped = opened ? describeSkipped(opened) : "";
  process.stdout.write(
    `Picture of ${points.rows} points written to ${output}.${describeGaps(read.points)}${skipped}\n`,
  );
}

/** Checks the input and output files, and returns the column that colors the points, if one is given. */
async function checkFiles(embedding: string, flags: PlotFlags): Promise<Column | undefined> {
  if (flags.labels !== undefined && flags.colorBy !== undefined) {
    const accepted = "to be left out with --labels, since a point has one color";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--color-by", received: flags.colorBy, accepted });
  }
  const color = flags.colorBy === undefined ? undefined : splitColumn(flags.colorBy);
  await checkPaths(
    { "--output": flags.output },
    {
      "<embedding>": embedding,
      "--labels": flags.labels,
      "--color-by": color?.path,
      "--ellipses": flags.ellipses,
      "--images": flags.images,
    },
  );
  return color;
}

/** @throws {ArgumentError} for image options without images */
function checkImageFlags(flags: PlotFlags): void {
  if (flags.images !== undefined) return;
  for (const [flag, value] of [
    ["--image-size", flags.imageSize],
    ["--image-count", flags.imageCount],
    ["--stretch", flags.stretch],
  ] as const) {
    if (value === undefined) continue;
    const accepted = "to be left out without --images";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: flag, received: value, accepted });
  }
}

/** Selects the values of the points that have a position, if the file has values for all rows. */
function withoutGaps(values: ArrayLike<number>, { kept, rows }: PointFacts): ArrayLike<number> {
  return kept && values.length === rows ? Float64Array.from(kept, (i) => values[i]) : values;
}

interface Column {
  readonly path: string;
  readonly column: string | undefined;
}

/** Splits `file:column`, unless a file has that whole name. */
function splitColumn(typed: string): Column {
  const at = typed.lastIndexOf(":");
  if (at <= 0 || existsSync(typed)) return { path: typed, column: undefined };
  return { path: typed.slice(0, at), column: typed.slice(at + 1) };
}

async function readColumn({ path, column }: Column, signal: AbortSignal): Promise<ArrayLike<number>> {
  if (column !== undefined && !/^\d+$/.test(column) && extname(path).toLowerCase() !== ".npy") {
    return readNamedColumn(path, column, signal);
  }
  const table = await readMatrix(path, { signal });
  const known = table.cols === UNCERTAINTY_COLUMNS.length ? UNCERTAINTY_COLUMNS : [];
  const index = column === undefined ? 0 : /^\d+$/.test(column) ? Number(column) : known.indexOf(column);
  if (!(index >= 0 && index < table.cols)) {
    const names = known.length > 0 ? `, or one of ${known.join(", ")}` : "";
    const accepted = `a column of ${path} by its number, 0 to ${table.cols - 1}${names}`;
    throw new ArgumentError("OUT_OF_RANGE", { argument: "--color-by", received: column, accepted });
  }
  return Float64Array.from({ length: table.rows }, (_, i) => table.at(i, index));
}

/** Reads a column from a file with named columns. The other columns may have any type. */
async function readNamedColumn(path: string, column: string, signal: AbortSignal): Promise<ArrayLike<number>> {
  const values = (await readTable(path, { columns: [column], signal })).get(column);
  if (values && !isText(values)) return values;
  const accepted = "a column of numbers (for a column of texts, use --labels)";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "--color-by", received: `${column}, of texts`, accepted });
}

async function readEllipses(path: string, { kept, rows }: PointFacts, signal: AbortSignal): Promise<MapEllipses> {
  const whole = await readMatrix(path, { signal });
  const table = kept && whole.rows === rows ? whole.take(kept) : whole;
  if (table.cols !== UNCERTAINTY_COLUMNS.length) return { covariances: table };
  const data = Float64Array.from({ length: table.rows * 3 }, (_, at) => table.at(Math.floor(at / 3), 1 + (at % 3)));
  return { covariances: new Matrix(data, table.rows, 3) };
}
