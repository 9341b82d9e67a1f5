import { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { writeFileAtomic } from "../io/index.js";
import {
  assignToGrid,
  type GridAssignment,
  resolveGridOptions,
  resolveSeparationOptions,
  SEPARATION_OPTIONS,
  type Separation,
  type SeparationOptions,
  separateUniformly,
} from "../layout/index.js";
import { Matrix } from "../matrix.js";
import { flagsByName } from "../options/index.js";
import { addColumnOptions, type ColumnFlags, DATASET_NAMES } from "./dataset-flags.js";
import { addDeclaredOptions, declaredOption } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { describeEmbedding, describeGaps, type EmbeddingFile, readEmbeddingFile } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkMatrixOutput, checkPaths } from "./paths.js";
import { checkTableOutput, TABLE_FORMATS, writeEmbedding, writePointTable } from "./point-table.js";
import { createProgressDisplay } from "./progress.js";
import { type GridSize, gridParser } from "./values.js";

/** The options in the order in which the help lists them. */
const METHOD_OPTIONS = ["method", "relaxations", "grid", "gamma", "tolerance", "iterations", "bins"] as const;

interface SeparateFlags
  extends ColumnFlags,
    Pick<SeparationOptions, Exclude<(typeof METHOD_OPTIONS)[number], "grid"> | "threads"> {
  output: string;
  cells?: number;
  grid?: GridSize;
  picture?: string;
  table?: string;
  labels?: string;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne separate map.npy -o even.npy --picture before-after.png
      Even points in the unit square, and a picture of both embeddings.
  $ sigma-tsne separate map.csv -o wall.csv --grid auto
      Give each point a cell as well: the columns are x, y, row, column.
  $ sigma-tsne separate map.npy -o even.npy --grid auto --labels labels.txt \\
      --table wall.parquet
      The same and the labels as a table for pandas, DuckDB or Embedding Atlas.
  $ sigma-tsne separate map.npy -o even.npy --grid 40x50 --json --quiet \\
      | jq .grid.factor

In a t-SNE embedding, points are crowded. The flow, which is the default method,
moves them apart until they fill the square evenly, and keeps most neighbors
together. The two axes are scaled separately. Points at the same position, or on
a line parallel to an axis, are spread at equal distances.

With --grid, the sum of the squared distances from points to cells is as small
as possible, or larger by at most the reported factor. Rows and columns count
from 0; row 0 is at the top, where y is largest. Evenness is the coefficient of
variation of a 32 x 32 histogram: 0 is perfectly even, and independent random
points have sqrt(1024 / n).

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne separate` spreads an embedding evenly, or assigns its points to the cells of a grid. */
export function createSeparateCommand(): Command {
  const command = new Command("separate")
    .usage("<embedding> -o <file> [options]")
    .summary("spread an embedding evenly, or onto a grid")
    .description(
      "Move the points of a 2-D embedding until they fill the unit square evenly, and with --grid give each a cell of its own, for walls of images.",
    )
    .argument(
      "<embedding>",
      "the embedding: .npy, .csv, .tsv, .parquet or .arrow of 2 columns, one point per row, at least 4",
    )
    .requiredOption("-o, --output <file>", "file for the even points: .npy, .csv, .tsv, .parquet or .arrow");
  addColumnOptions(command.optionsGroup("Columns:"), { sigma: false, lists: false }).optionsGroup("Method:");
  addDeclaredOptions(command, SEPARATION_OPTIONS, METHOD_OPTIONS);
  return command
    .option(
      "--grid <RxC>",
      "a cell for each point: rows x columns, or auto; adds the columns row and column to the output",
      gridParser("--grid"),
    )
    .addOption(declaredOption(SEPARATION_OPTIONS, "threads"))
    .optionsGroup("Output:")
    .option("--picture <file>", "the embedding before and after, .png or .svg")
    .option("--table <file>", `x, y, the cells and the labels as one table: ${TABLE_FORMATS}`)
    .option("--labels <file>", "labels that color the picture and go into the table, one per line")
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print only errors, and the output of --json")
    .addHelpText("after", guide)
    .action((embedding: string, flags: SeparateFlags) => {
      const names = {
        ...DATASET_NAMES,
        points: embedding,
        ...flagsByName(SEPARATION_OPTIONS),
        rows: "--grid",
      };
      return interruptible((signal) => withTypedNames(names, () => separate(embedding, flags, signal)));
    });
}

async function separate(path: string, flags: SeparateFlags, signal: AbortSignal): Promise<void> {
  const begin = performance.now();
  const { output, method, relaxations, cells, gamma, tolerance, iterations, bins, threads, grid } = flags;
  const options = { method, relaxations, grid: cells, gamma, tolerance, iterations, bins, threads };
  resolveSeparationOptions(options);
  checkMatrixOutput("--output", output);
  checkTableOutput("--table", flags.table);
  if (flags.labels !== undefined && flags.picture === undefined && flags.table === undefined) {
    const accepted = "to be left out without --picture and --table, because only these outputs show labels";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--labels", received: flags.labels, accepted });
  }
  await checkPaths(
    { "--output": output, "--picture": flags.picture, "--table": flags.table },
    { "<embedding>": path, "--labels": flags.labels },
  );
  const draw = flags.picture === undefined ? undefined : await preparePanels(flags.picture);
  const read = await readEmbeddingFile(path, flags, signal);
  const { positions: embedding, labels, points } = read;
  if (grid) resolveGridOptions(grid, embedding.rows);

  const display = createProgressDisplay(
    flags.quiet ?? false,
    () => `${describeEmbedding(path, read.dataset)}${embedding.rows} points, ${method ?? "flow"}`,
  );
  const follow = (stage: string) => ({
    signal,
    onProgress: ({ fraction }: { fraction: number }) => display.update({ stage, fraction }),
  });
  let separation: Separation;
  let assignment: GridAssignment | undefined;
  try {
    separation = await separateUniformly(embedding, { ...options, ...follow("separation") });
    assignment = grid && (await assignToGrid(separation.points, { ...grid, threads, ...follow("grid") }));
  } finally {
    display.stop();
  }
  const picture = draw && (await draw(embedding, separation, labels));
  const table = assignment ? withCells(separation.points, assignment) : separation.points;
  await writeEmbedding(output, table, points, {
    signal,
    ...(assignment && { columns: ["x", "y", "row", "column"] }),
  });
  if (flags.table !== undefined) {
    const columns = assignment && { row: Int32Array.from(assignment.row), column: Int32Array.from(assignment.column) };
    await writePointTable(flags.table, { embedding: separation.points, points, columns }, signal);
  }
  if (picture && flags.picture !== undefined) await writeFileAtomic(flags.picture, picture, { signal });
  const seconds = (performance.now() - begin) / 1000;
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(summarize(read, separation, assignment, flags, seconds))}\n`);
  } else if (!flags.quiet) {
    process.stdout.write(print(read, separation, assignment, flags, seconds));
  }
}

type DrawPanels = (
  embedding: Matrix,
  separation: Separation,
  labels: readonly string[] | undefined,
) => Promise<Uint8Array>;

async function preparePanels(path: string): Promise<DrawPanels> {
  const { drawMapsSideBySide, pictureFormat } = await import("../plot/index.js");
  const format = await withTypedNames({ path: "--picture" }, async () => pictureFormat(path));
  return (embedding, { points, evenness, evennessBefore, keptNeighbors, options }, labels) =>
    drawMapsSideBySide(
      [
        { points: embedding, title: "Before", subtitle: `evenness ${evennessBefore.toFixed(3)}` },
        {
          points,
          title: `After (${options.method})`,
          subtitle: `evenness ${evenness.toFixed(3)}, ${(100 * keptNeighbors).toFixed(0)} % of neighbors kept`,
        },
      ],
      { labels, format },
    );
}

function withCells(points: Matrix, { row, column }: GridAssignment): Matrix {
  const data = new Float64Array(4 * points.rows);
  for (let i = 0; i < points.rows; i++) {
    data.set([points.at(i, 0), points.at(i, 1), row[i], column[i]], 4 * i);
  }
  return new Matrix(data, points.rows, 4);
}

function summarize(
  { positions: { rows: n }, points, dataset }: EmbeddingFile,
  separation: Separation,
  assignment: GridAssignment | undefined,
  { output, picture, table }: SeparateFlags,
  seconds: number,
) {
  const { evenness, evennessBefore, keptNeighbors, meanMove, iterations, converged, fallbacks, options } = separation;
  return {
    n,
    dropped_rows: points.rows - n,
    columns: dataset.report,
    method: options.method,
    evenness,
    evenness_before: evennessBefore,
    kept_neighbors: keptNeighbors,
    mean_move: meanMove,
    iterations,
    converged,
    fallbacks,
    grid: assignment
      ? {
          rows: assignment.rows,
          columns: assignment.columns,
          cost: assignment.cost,
          bound: assignment.bound,
          // JSON has no infinity.
          factor: Number.isFinite(assignment.factor) ? assignment.factor : null,
        }
      : null,
    output,
    picture: picture ?? null,
    table: table ?? null,
    threads: options.threads,
    seconds: Number(seconds.toFixed(6)),
  };
}

function print(
  { positions: { rows: n }, points }: EmbeddingFile,
  separation: Separation,
  assignment: GridAssignment | undefined,
  { output, picture, table }: SeparateFlags,
  seconds: number,
): string {
  const { evenness, evennessBefore, keptNeighbors, iterations, converged, fallbacks } = separation;
  const lines = [
    `${n} points separated: evenness ${evennessBefore.toFixed(3)} before, ${evenness.toFixed(3)} after; ${(100 * keptNeighbors).toFixed(1)} % of the 10 nearest neighbors kept.`,
    converged ? "" : `Still moving after ${iterations} iterations.`,
    describeGaps(points).trim(),
    fallbacks > 0
      ? `${fallbacks} points used the nearest value, because no points around them allowed an interpolation.`
      : "",
    assignment
      ? `Grid of ${assignment.rows} x ${assignment.columns} cells: ${
          Number.isFinite(assignment.factor)
            ? `the sum of the squared distances from points to cells is at most ${assignment.factor.toFixed(3)} times the minimum.`
            : "no bound for the sum of the squared distances from points to cells was found, because the points are too crowded."
        }`
      : "",
    `Written to ${output}${picture === undefined ? "" : `, picture to ${picture}`}${table === undefined ? "" : `, table to ${table}`}: ${seconds.toFixed(1)} s.`,
  ];
  return lines
    .filter(Boolean)
    .map((line) => `${line}\n`)
    .join("");
}
