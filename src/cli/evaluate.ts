import { Command } from "commander";
import { rowsWithPosition } from "../io/index.js";
import type { Matrix } from "../matrix.js";
import { flagsByName } from "../options/index.js";
import {
  type Estimate,
  type EvaluateOptions,
  evaluate,
  type Quality,
  resolveEvaluateOptions,
} from "../quality/index.js";
import {
  type DistanceName,
  describeFloor,
  describePerplexity,
  type NeighborSearch,
  TSNE_SETTINGS,
} from "../tsne/index.js";
import {
  addColumnOptions,
  addPreparationOptions,
  type ColumnFlags,
  DATA_FILES,
  DATASET_NAMES,
  type PreparationFlags,
  withSigmaPath,
} from "./dataset-flags.js";
import { addDeclaredOptions } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { describeInputs, type Inputs, readInputs, sigmaPath } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkMatrixOutput, checkPaths } from "./paths.js";
import {
  checkTableOutput,
  joinColumns,
  qualityColumns,
  TABLE_FORMATS,
  writeEmbedding,
  writePointTable,
} from "./point-table.js";
import { createProgressDisplay } from "./progress.js";
import { integerParser, listParser, type RowRange, rowRangeParser } from "./values.js";

interface EvaluateFlags extends ColumnFlags, PreparationFlags {
  sigma?: string;
  rows?: RowRange;
  labels?: string;
  distance?: DistanceName;
  varianceFloor?: "auto" | number;
  perplexity?: number[];
  neighbors?: NeighborSearch;
  k?: number[];
  sample?: number;
  seed?: number;
  threads?: number;
  perPoint?: string;
  table?: string;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne evaluate means.npy map.npy --sigma sigma.npy --labels labels.txt
      All measures, including those of the classes.
  $ sigma-tsne evaluate data.csv map.csv --k 5,20 --per-point points.csv
      Smaller neighborhoods, and the contribution of each point to the means.
  $ sigma-tsne evaluate data.npy map.npy --sample 2000 --json | jq .kl
      Use a sample of 2000 points, and print the KL divergence for a script.

The embedding may come from this program or from another one. Give the
--distance, --sigma and --perplexity with which the embedding was computed. The
KL divergence depends on them: compare it only between embeddings with the same
data, --distance, --sigma and --perplexity.

The KL divergence uses all pairs of points, so its time grows with the square of
the number of points. If the other measures would take long, they use a sample
of the points and report standard errors.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne evaluate` measures how well an embedding represents its matrix. */
export function createEvaluateCommand(): Command {
  const command = new Command("evaluate")
    .usage("<data> <embedding> [options]")
    .summary("measure how well an embedding shows its data")
    .description(
      "Measure how well an embedding shows its data: KL divergence, neighbors kept, trustworthiness, continuity, correlation of distances, and with --labels how well it shows their classes.",
    )
    .argument("<data>", `the data, or their means, one point per row: ${DATA_FILES}`)
    .argument("<embedding>", "the positions, one per row, in the order of the data");
  addInputOptions(command.optionsGroup("Input:"));
  addMethodOptions(command.optionsGroup("Method:"));
  return command
    .optionsGroup("Output:")
    .option(
      "--per-point <file>",
      "the contribution of each point to the measures, one column per measure: .csv, .tsv, .parquet, .arrow or .npy",
    )
    .option(
      "--table <file>",
      `the embedding, the labels and the contributions of --per-point as one table: ${TABLE_FORMATS}`,
    )
    .option("--json", "print one JSON object instead of a table")
    .option("--quiet", "do not print progress on standard error")
    .addHelpText("after", guide)
    .action((data: string, embedding: string, typed: EvaluateFlags) => {
      const cut = typed.rows ? ` with --rows ${typed.rows.text}` : "";
      const names = (flags: EvaluateFlags) => ({
        ...flagsByName(TSNE_SETTINGS),
        ...DATASET_NAMES,
        data: data + cut,
        embedding: embedding + cut,
        sigma: flags.sigma && flags.sigma + cut,
        labels: flags.labels,
        k: "--k",
        sample: "--sample",
      });
      return interruptible(async (signal) => {
        const flags = await withSigmaPath(data, typed);
        await withTypedNames(names(flags), () => run(data, embedding, flags, signal));
      });
    });
}

function addInputOptions(command: Command): void {
  command
    .option(
      "--sigma <file>",
      "standard deviations of the data: a file of the same shape, with one number per column (1 x d) or one per point (n x 1), or a single number (default: columns of the data)",
    )
    .option("--labels <file>", "labels of the points, one per line (default: the labels of the data)")
    .option(
      "--rows <A:B>",
      "use only rows A to B - 1, counted from 0, like a slice in Python; the same rows are taken from other files with as many rows as <data>",
      rowRangeParser("--rows"),
    );
  addColumnOptions(command.optionsGroup("Columns:"));
  addPreparationOptions(command.optionsGroup("Preparation:"));
}

function addMethodOptions(command: Command): void {
  addDeclaredOptions(command, TSNE_SETTINGS, ["distance", "varianceFloor", "perplexity", "neighbors"], {
    perplexity: { description: "perplexity of the KL divergence (default: 30, or less for fewer than 91 points)" },
    neighbors: { description: "how neighbors are found for the KL divergence: exact, cells or auto (default: auto)" },
  })
    .option(
      "--k <list>",
      "numbers of nearest neighbors, each less than half of the number of points (default: 10,50,100)",
      listParser(integerParser("--k", 1)),
    )
    .option(
      "--sample <n>",
      "number of points to measure; the KL divergence always uses all points (default: all, or as many as take about ten seconds)",
      integerParser("--sample", 2),
    );
  addDeclaredOptions(command, TSNE_SETTINGS, ["seed", "threads"], {
    seed: { description: "seed of the sample (default: 42)" },
  });
}

async function run(path: string, embeddingPath: string, flags: EvaluateFlags, signal: AbortSignal): Promise<void> {
  const begin = performance.now();
  const options = libraryOptions(flags);
  await checkBeforeReading(path, embeddingPath, flags, options);
  const read = await readInputs({ ...flags, data: path, embedding: embeddingPath }, signal);
  const inputs = withoutGaps(read);
  const { data, sigma, labels, embedding } = inputs;
  const display = createProgressDisplay(
    flags.quiet ?? false,
    () => `${describeInputs(path, inputs)}${data.rows} points x ${data.cols} values`,
  );
  const onProgress: EvaluateOptions["onProgress"] = (progress) => display.update(progress);
  const quality = await evaluate(data, embedding, { ...options, sigma, labels, onProgress, signal }).finally(() =>
    display.stop(),
  );
  for (const warning of quality.warnings) display.note(warning);
  await writeOutputs(flags, inputs, quality, signal);
  const summary = {
    n: data.rows,
    input_dimensions: data.cols,
    output_dimensions: embedding.cols,
    columns: inputs.report,
    notes: [...inputs.notes, ...quality.warnings],
    ...summarize(quality),
    per_point: flags.perPoint ?? null,
    table: flags.table ?? null,
    seconds: (performance.now() - begin) / 1000,
  };
  process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : print(quality, data.rows));
}

/** Converts the flags to options of the library, without the matrices that are read from files. */
function libraryOptions(flags: EvaluateFlags): EvaluateOptions {
  const { distance, varianceFloor, perplexity, neighbors, k, sample, seed, threads } = flags;
  const perPoint = flags.perPoint !== undefined || flags.table !== undefined;
  return { distance, varianceFloor, perplexity, neighbors, k, sample, perPoint, seed, threads };
}

/**
 * Checks everything that does not depend on the data. An empty matrix stands for standard deviations that are read
 * later.
 */
async function checkBeforeReading(
  data: string,
  embedding: string,
  flags: EvaluateFlags,
  options: EvaluateOptions,
): Promise<void> {
  const expected = { ...options, sigma: flags.sigma === undefined ? undefined : [] };
  resolveEvaluateOptions(expected, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (flags.perPoint !== undefined) checkMatrixOutput("--per-point", flags.perPoint);
  checkTableOutput("--table", flags.table);
  await checkPaths(
    { "--per-point": flags.perPoint, "--table": flags.table },
    { "<data>": data, "<embedding>": embedding, "--sigma": sigmaPath(flags.sigma), "--labels": flags.labels },
  );
}

/** Removes the points without a position, whose rows were dropped before the run. */
function withoutGaps(inputs: Inputs): Inputs & { embedding: Matrix } {
  const embedding = inputs.embedding as Matrix;
  const there = embedding.rows === inputs.data.rows ? rowsWithPosition(embedding) : undefined;
  if (!there) return { ...inputs, embedding };
  const { data, sigma, labels, points } = inputs;
  return {
    ...inputs,
    data: data.take(there),
    sigma: sigma?.take(there),
    embedding: embedding.take(there),
    labels: labels && Array.from(there, (i) => labels[i]),
    points: { ...points, kept: there.map((i) => points.kept?.[i] ?? i) },
  };
}

async function writeOutputs(
  { perPoint, table }: EvaluateFlags,
  { embedding, points }: Inputs & { embedding: Matrix },
  quality: Quality,
  signal: AbortSignal,
): Promise<void> {
  if (perPoint !== undefined && quality.perPoint) {
    const columns = qualityColumns(quality.perPoint);
    await writeEmbedding(perPoint, joinColumns(columns), points, { columns: columns.map(([name]) => name), signal });
  }
  if (table !== undefined) await writePointTable(table, { embedding, points, quality: quality.perPoint }, signal);
}

function summarize(quality: Quality) {
  const { options } = quality;
  return {
    kl: quality.kl,
    neighborhoods: quality.neighborhoods,
    distance_correlation: quality.distanceCorrelation,
    accuracy: quality.accuracy ?? null,
    silhouette: quality.silhouette ?? null,
    distance: options.distance,
    variance_floor: quality.varianceFloor ?? null,
    perplexity: options.perplexity,
    neighbors: quality.neighbors.method,
    recall: quality.neighbors.recall,
    sample: options.sample,
    seed: options.seed,
    threads: options.threads,
  };
}

/** Returns a readable table, 80 columns wide. */
function print(quality: Quality, n: number): string {
  const { kl, neighborhoods, distanceCorrelation, accuracy, silhouette, options } = quality;
  const row = (name: string, k: string, value: string, meaning: string) =>
    `${`${name.padEnd(20)}${k.padStart(5)}  ${value.padEnd(17)}  ${meaning}`.trimEnd()}\n`;
  const show = (estimate: Estimate | null) => {
    if (estimate === null) return "undefined";
    const value = estimate.value.toFixed(4).padStart(7);
    return estimate.error === 0 ? value : `${value} ± ${estimate.error.toFixed(4)}`;
  };
  const rows = (name: string, measure: "kept" | "trustworthiness" | "continuity", meaning: string) =>
    neighborhoods
      .map((size, s) => row(s === 0 ? name : "", String(size.k), show(size[measure]), s === 0 ? meaning : ""))
      .join("");
  const floor = describeFloor(quality.varianceFloor);
  const facts = [`${n} points`, `${options.distance} distance`, floor, describePerplexity(options.perplexity)]
    .filter(Boolean)
    .join(", ");
  const { spearman, pearson } = distanceCorrelation;
  const pairs = spearman ?? pearson;
  const sampled = [
    ...(options.sample < n ? [`${options.sample} of the points`] : []),
    ...(pairs && pairs.error > 0 ? [`${pairs.count} pairs of points`] : []),
  ];
  return [
    `${facts}\n\n`,
    row("measure", "k", "  value", "what it says"),
    row("KL divergence", "", kl.toFixed(4).padStart(7), "nats; what t-SNE minimizes"),
    rows("neighbors kept", "kept", "share of the k nearest that stay"),
    rows("trustworthiness", "trustworthiness", "near positions, near in the data"),
    rows("continuity", "continuity", "near in the data, near positions"),
    row("distances, Spearman", "", show(spearman), "far in the data, far positions"),
    row("distances, Pearson", "", show(pearson), "the same, in proportion"),
    accuracy ? row("label accuracy", String(Math.min(10, n - 1)), show(accuracy), "nearest positions vote right") : "",
    silhouette === undefined ? "" : row("silhouette", "", show(silhouette), "classes are apart in the embedding"),
    "\nFor the KL divergence, lower is better; for all others, higher is (up to 1).\n",
    sampled.length > 0 ? `± is the standard error of a sample: ${sampled.join(", ")}.\n` : "",
    silhouette === null ? "The silhouette is undefined: all labels are the same.\n" : "",
    spearman && pearson ? "" : "A correlation is undefined if all distances are equal.\n",
  ].join("");
}
