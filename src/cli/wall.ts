import { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { readDataset, rowsWithPosition, takeDataset, writeFileAtomic } from "../io/index.js";
import { assignToGrid, resolveGridOptions, SEPARATION_OPTIONS, separateUniformly } from "../layout/index.js";
import type { Matrix } from "../matrix.js";
import type { Theme } from "../plot/index.js";
import { checkWallLook, WALL_OPTIONS, type WallCells } from "../wall/index.js";
import { addColumnOptions, type ColumnFlags, DATASET_NAMES, datasetOptions } from "./dataset-flags.js";
import { addDeclaredOptions, declaredOption } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { describeEmbedding, describeGaps, type PointFacts, readPointLabels } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkDistinct, checkExtension, checkInputs, checkPaths } from "./paths.js";
import { describeSkipped, IMAGE_SOURCES, type ImageFlags, imageOptions, stretchShare } from "./point-images.js";
import { createProgressDisplay } from "./progress.js";
import { type GridSize, gridParser } from "./values.js";

interface WallFlags extends ImageFlags, ColumnFlags {
  images: string;
  output?: string;
  tiles?: string;
  grid?: GridSize;
  cell?: number;
  labels?: string;
  title?: string;
  theme?: Theme;
  force?: boolean;
  threads?: number;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne wall map.npy --images micrographs/ --stretch -o wall.png
      Give every image a cell, so that neighbors in the embedding are close.
  $ sigma-tsne wall map.npy --images t10k-images-idx3-ubyte.gz \\
      --labels t10k-labels-idx1-ubyte.gz --tiles wall
      Tens of thousands of images to move and zoom in: open wall/index.html.
  $ sigma-tsne separate map.npy -o even.csv --grid 40x50
  $ sigma-tsne wall even.csv --images micrographs.npy --cell 64 -o wall.png
      Use the cells that separate has computed.

An embedding is first spread evenly and assigned to a grid, as by separate
--grid. If the file already has cells, they are used: columns x, y, row, column,
as separate writes them, or row, column, with whole numbers from 0 and no cell
twice. Images of different sizes are scaled to fit their cells.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne wall` arranges images in a grid, as a picture or as tiles for a browser. */
export function createWallCommand(): Command {
  const command = new Command("wall")
    .usage("<embedding|cells> --images <source> -o <file>|--tiles <folder> [options]")
    .summary("arrange images in a grid by their embedding")
    .description(
      "Arrange the images of an embedding in a grid that keeps neighbors together: as a picture, or as tiles to zoom in.",
    )
    .argument(
      "<embedding>",
      "an embedding of 2 columns, or the cells of a grid: .npy, .csv, .tsv, .parquet or .arrow, one point per row",
    )
    .requiredOption("--images <source>", IMAGE_SOURCES)
    .option("-o, --output <file>", "file for a picture of the wall: .png")
    .option("--tiles <folder>", "folder for a wall to move and zoom in: a page, index.html, with its tiles")
    .option("--grid <RxC>", "rows x columns, or auto: about square (default: auto)", gridParser("--grid"))
    .addOption(declaredOption(WALL_OPTIONS, "cell"))
    .option(...imageOptions.stretch)
    .option(...imageOptions.strict)
    .option(
      "--labels <file>",
      "labels, one per line: frames of their colors, and a legend (default: the labels in its table)",
    );
  addDeclaredOptions(command, WALL_OPTIONS, ["title", "theme", "force"])
    .addOption(
      declaredOption(SEPARATION_OPTIONS, "threads", {
        description: "threads for the layout (default: all processors)",
      }),
    )
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print only errors, and the output of --json");
  return addColumnOptions(command.optionsGroup("Columns:"), { sigma: false, lists: false, keep: false, strict: false })
    .addHelpText("after", guide)
    .action((embedding: string, flags: WallFlags) => {
      const names = {
        ...DATASET_NAMES,
        points: embedding,
        cells: flags.grid ? "--grid" : embedding,
        rows: "--grid",
        columns: flags.columns ? "--columns" : "--grid",
        cell: "--cell",
        theme: "--theme",
        threads: "--threads",
        images: flags.images,
      };
      return interruptible((signal) => withTypedNames(names, () => makeWall(embedding, flags, signal)));
    });
}

async function makeWall(path: string, flags: WallFlags, signal: AbortSignal): Promise<void> {
  const begin = performance.now();
  const { output, tiles, title, cell, theme, force } = flags;
  await checkFlags(path, flags);
  const { drawWall, writeWall } = await import("../wall/index.js");
  const whole = await readDataset(path, { ...datasetOptions(flags), signal });
  const { rows } = whole.means;
  // If rows of the data were dropped, the embedding has rows without a position.
  const kept = rowsWithPosition(whole.means);
  const dataset = kept ? takeDataset(whole, kept) : whole;
  const { means: embedding } = dataset;
  const all = flags.labels === undefined ? undefined : await readPointLabels(flags.labels, rows, signal);
  const typed = all && kept ? Array.from(kept, (i) => all[i]) : (all ?? [...dataset.labels.values()][0]);
  // A page can be zoomed in, so it needs larger images than a picture.
  const within = cell ?? (tiles === undefined ? 128 : 256);
  const { openPointImages } = await import("../vae/without-tensorflow.js");
  const opened = await openPointImages(flags.images, rows, { strict: flags.strict, within, kept, signal });
  const display = createProgressDisplay(
    flags.quiet ?? false,
    () => `${describeEmbedding(path, dataset)}${embedding.rows} images`,
  );
  const follow = (stage: string) => ({
    signal,
    onProgress: ({ fraction }: { fraction: number }) => display.update({ stage, fraction }),
  });
  let cells: WallCells;
  try {
    const { images, files, classes } = opened;
    cells = readCells(embedding, flags.grid, path) ?? (await layOut(embedding, images, flags, follow));
    const look = { labels: typed ?? classes, title, cell, stretch: stretchShare(flags.stretch) };
    if (output !== undefined) {
      const picture = await drawWall(images, cells, { ...look, theme, ...follow("picture") });
      await writeFileAtomic(output, picture, { signal });
    }
    if (tiles !== undefined)
      await writeWall(tiles, images, cells, { ...look, names: files, force, ...follow("tiles") });
  } finally {
    display.stop();
    await opened.close();
  }
  const points = { n: embedding.rows, columns: dataset.report, rows, kept };
  report(points, cells, opened, flags, (performance.now() - begin) / 1000);
}

/** Checks everything that can be checked before reading the data. */
async function checkFlags(path: string, flags: WallFlags): Promise<void> {
  const { output, tiles, cell, theme, force } = flags;
  if (output === undefined && tiles === undefined) {
    const accepted = "a file for the picture, or --tiles with a folder";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--output", received: output, accepted });
  }
  if (tiles === undefined && force) {
    const accepted = "to be left out without --tiles, because it only concerns the folder of the tiles";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--force", received: force, accepted });
  }
  checkWallLook({ cell, theme });
  checkExtension("--output", output, ".png");
  checkInputs({ "--tiles": tiles });
  const inputs = { "<embedding>": path, "--labels": flags.labels, "--images": flags.images };
  checkDistinct({ "--output": output, "--tiles": tiles }, inputs);
  await checkPaths({ "--output": output }, inputs);
  if (tiles !== undefined) {
    const { assertWallWritable } = await import("../wall/index.js");
    await assertWallWritable(tiles, { force });
  }
}

function report(
  points: Pick<PointFacts, "rows" | "kept"> & { readonly n: number; readonly columns: string },
  { rows, columns }: WallCells,
  opened: { readonly skipped?: number | undefined },
  { output, tiles, json, quiet }: WallFlags,
  seconds: number,
): void {
  const { n } = points;
  if (json) {
    const dropped = points.rows - n;
    const files = { skipped: opened.skipped, output: output ?? null, tiles: tiles ?? null };
    const facts = { n, dropped_rows: dropped, data: points.columns, rows, columns, ...files };
    process.stdout.write(`${JSON.stringify({ ...facts, seconds: Number(seconds.toFixed(6)) })}\n`);
  } else if (!quiet) {
    const files = [output, tiles === undefined ? undefined : `${tiles} (open index.html)`].filter(Boolean);
    const what = `${n} images in ${rows} rows of ${columns}`;
    process.stdout.write(
      `${what}, written to ${files.join(" and ")}.${describeGaps(points)}${describeSkipped(opened)}\n`,
    );
  }
}

/** Returns the cells from a file that contains them; undefined for an embedding. */
function readCells(file: Matrix, grid: GridSize | undefined, path: string): WallCells | undefined {
  if (file.cols !== 2 && file.cols !== 4) {
    const message = `${path}: expected 2 columns (an embedding, or row and column) or 4 (x, y, row, column), received ${file.cols}`;
    const facts = { argument: path, received: file.shape, accepted: "2 or 4 columns", message };
    throw new ArgumentError("SHAPE_MISMATCH", facts);
  }
  const [row, column] = [file.cols - 2, file.cols - 1].map((j) =>
    Float64Array.from({ length: file.rows }, (_, i) => file.at(i, j)),
  ) as [Float64Array, Float64Array];
  const isCell = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (file.cols === 2) {
    const cells = new Set(row.map((value, i) => value * 2 ** 26 + column[i]));
    if (!(row.every(isCell) && column.every(isCell) && cells.size === file.rows)) return undefined;
  }
  const sides = (values: Float64Array) => values.reduce((most, value) => Math.max(most, value), 0) + 1;
  return { rows: grid?.rows ?? sides(row), columns: grid?.columns ?? sides(column), row, column };
}

type Follow = (stage: string) => { signal: AbortSignal; onProgress: (progress: { fraction: number }) => void };

/**
 * Spreads an embedding evenly, if it has enough points, and assigns each point a cell of an approximately square wall.
 */
async function layOut(
  embedding: Matrix,
  { height, width }: { height: number; width: number },
  { grid, threads }: WallFlags,
  follow: Follow,
): Promise<WallCells> {
  const columns = Math.min(embedding.rows, Math.max(1, Math.ceil(Math.sqrt((embedding.rows * height) / width))));
  const sides = grid?.rows === undefined ? { columns, rows: Math.ceil(embedding.rows / columns) } : grid;
  resolveGridOptions(sides, embedding.rows);
  const even =
    embedding.rows < 4 ? embedding : (await separateUniformly(embedding, { threads, ...follow("separation") })).points;
  return assignToGrid(even, { ...sides, threads, ...follow("grid") });
}
