import { Command } from "commander";
import { writeMatrix } from "../io/index.js";
import type { Matrix } from "../matrix.js";
import {
  type Estimate,
  type EvaluateOptions,
  evaluate,
  type Quality,
  resolveEvaluateOptions,
} from "../quality/index.js";
import { type DistanceName, describePerplexity, type NeighborSearch } from "../tsne/index.js";
import { distanceOptions } from "./distances.js";
import { withTypedNames } from "./failure.js";
import { addColumnOptions, type ColumnFlags, readInputs, withSigmaPath } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkMatrixOutput, checkPaths } from "./paths.js";
import { checkTableOutput, joinColumns, qualityColumns, TABLE_FORMATS, writePointTable } from "./point-table.js";
import { createProgressDisplay } from "./progress.js";
import { integerParser, listParser, numberParser, type RowRange, rowRangeParser } from "./values.js";

interface EvaluateFlags extends ColumnFlags {
  sigma?: string;
  rows?: RowRange;
  labels?: string;
  distance?: DistanceName;
  varianceFloor?: number;
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
  $ sigma-tsne evaluate means.npy map.npy --sigma sds.npy --labels labels.txt
      All measures, those of the labels' classes too.
  $ sigma-tsne evaluate data.csv map.csv --k 5,20 --per-point points.csv
      Smaller neighborhoods, and what each point adds to the means.
  $ sigma-tsne evaluate data.npy map.npy --sample 2000 --json | jq .kl
      A quick look on 2000 points, for a script.

Any map will do, from this program or another. Give --distance, --sigma and
--perplexity as the map was made with: the KL divergence depends on them, and
only compares maps for which they are the same.

The KL divergence takes all pairs of points, in time that grows with the square
of their number. The other measures look at a sample of points where all would
take long, and then say how large their standard error is.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne evaluate`: a matrix and its map to figures that say how well the one shows the other. */
export function createEvaluateCommand(): Command {
  const command = new Command("evaluate")
    .usage("<data> <map> [options]")
    .summary("measure how well a map shows its data")
    .description(
      "Measure how well a map shows its data: KL divergence, neighbors kept, trustworthiness, continuity, correlation of distances, and with --labels how well it shows their classes.",
    )
    .argument("<data>", "the data, or their means: .npy, .csv, .tsv, .parquet or .arrow, a point a row")
    .argument("<map>", "the map, a point a row, in the order of the data")
    .optionsGroup("Input:")
    .option("--sigma <file>", "standard deviations of the data, of the same shape");
  return addColumnOptions(command)
    .option("--labels <file>", "labels of the points, one a line")
    .option(
      "--rows <A:B>",
      "look at rows A to B - 1 only, counted from 0, as Python slices; cuts the other files too where they have as many rows as <data>",
      rowRangeParser("--rows"),
    )
    .optionsGroup("Method:")
    .option(...distanceOptions.distance)
    .option(...distanceOptions.varianceFloor)
    .option(
      "--perplexity <x,...>",
      "of the KL divergence (default: 30, less for under 91 points)",
      listParser(numberParser("--perplexity", "a number of 1 or more", (value) => value >= 1)),
    )
    .option("--neighbors <how>", "for the KL divergence: exact, nn-descent or auto (default: auto)")
    .option(
      "--k <list>",
      "sizes of neighborhoods, less than half of the points (default: 10,50,100)",
      listParser(integerParser("--k", 1)),
    )
    .option(
      "--sample <n>",
      "points to look at, but for the KL divergence (default: all, or as many as take some ten seconds)",
      integerParser("--sample", 2),
    )
    .option("--seed <n>", "seed of the sample (default: 42)", integerParser("--seed"))
    .option("--threads <n>", "threads to use (default: all processors)", integerParser("--threads"))
    .optionsGroup("Output:")
    .option(
      "--per-point <file>",
      "what each point adds to the means, a column a measure: .csv, .tsv, .parquet, .arrow or .npy",
    )
    .option("--table <file>", `the same beside the map and the labels, as one table: ${TABLE_FORMATS}`)
    .option("--json", "print one JSON object instead of a table")
    .option("--quiet", "no progress on standard error")
    .addHelpText("after", guide)
    .action((data: string, map: string, typed: EvaluateFlags) => {
      const flags = withSigmaPath(data, typed);
      const cut = flags.rows ? ` with --rows ${flags.rows.text}` : "";
      const names = {
        data: data + cut,
        embedding: map + cut,
        sigma: flags.sigma && flags.sigma + cut,
        labels: flags.labels,
        distance: "--distance",
        varianceFloor: "--variance-floor",
        perplexity: "--perplexity",
        neighbors: "--neighbors",
        k: "--k",
        sample: "--sample",
        seed: "--seed",
        threads: "--threads",
      };
      return interruptible((signal) => withTypedNames(names, () => run(data, map, flags, signal)));
    });
}

async function run(mu: string, map: string, flags: EvaluateFlags, signal: AbortSignal): Promise<void> {
  const begin = performance.now();
  const { distance, varianceFloor, perplexity, neighbors, k, sample, seed, threads } = flags;
  const perPoint = flags.perPoint !== undefined || flags.table !== undefined;
  const options: EvaluateOptions = {
    distance,
    varianceFloor,
    perplexity,
    neighbors,
    k,
    sample,
    perPoint,
    seed,
    threads,
  };
  // What does not depend on the data is checked before they are read; an empty matrix stands for one to come.
  const toCome = { ...options, sigma: flags.sigma === undefined ? undefined : [] };
  resolveEvaluateOptions(toCome, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (flags.perPoint !== undefined) checkMatrixOutput("--per-point", flags.perPoint);
  checkTableOutput("--table", flags.table);
  await checkPaths(
    { "--per-point": flags.perPoint, "--table": flags.table },
    { "<data>": mu, "<map>": map, "--sigma": flags.sigma, "--labels": flags.labels },
  );
  const { sigma: sigmaPath, labels: labelsPath, rows, meanColumn, sigmaColumn } = flags;
  const paths = { mu, map, sigma: sigmaPath, labels: labelsPath, rows, meanColumn, sigmaColumn };
  const inputs = await readInputs(paths, signal);
  const { data, sigma, labels } = inputs;
  const embedding = inputs.map as Matrix;

  const display = createProgressDisplay(flags.quiet ?? false, () => `${data.rows} points x ${data.cols} values`);
  const onProgress: EvaluateOptions["onProgress"] = (progress) => display.update(progress);
  const quality = await evaluate(data, embedding, { ...options, sigma, labels, onProgress, signal }).finally(() =>
    display.stop(),
  );
  if (flags.perPoint !== undefined && quality.perPoint) {
    const columns = qualityColumns(quality.perPoint);
    await writeMatrix(flags.perPoint, joinColumns(columns), { columns: columns.map(([name]) => name), signal });
  }
  if (flags.table !== undefined) {
    const facts = { map: embedding, label: labels, quality: quality.perPoint };
    await writePointTable(flags.table, facts, signal);
  }
  const seconds = (performance.now() - begin) / 1000;
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ n: data.rows, d: data.cols, outputDimensions: embedding.cols, ...summarize(quality), per_point: flags.perPoint ?? null, table: flags.table ?? null, seconds })}\n`
      : print(quality, data.rows),
  );
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
    perplexity: options.perplexity,
    neighbors: quality.neighbors.method,
    recall: quality.neighbors.recall,
    sample: options.sample,
    seed: options.seed,
    threads: options.threads,
  };
}

/** A table for people, 80 columns wide. */
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
  const facts = `${n} points, ${options.distance} distance, ${describePerplexity(options.perplexity)}`;
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
    rows("trustworthiness", "trustworthiness", "near in the map, near in the data"),
    rows("continuity", "continuity", "near in the data, near in the map"),
    row("distances, Spearman", "", show(spearman), "far in the data, far in the map"),
    row("distances, Pearson", "", show(pearson), "the same, in proportion"),
    accuracy
      ? row("label accuracy", String(Math.min(10, n - 1)), show(accuracy), "neighbors in the map vote right")
      : "",
    silhouette === undefined ? "" : row("silhouette", "", show(silhouette), "classes are apart in the map"),
    "\nOf the KL divergence less is better; of all others more, up to 1.\n",
    sampled.length > 0 ? `± is the standard error of a sample: ${sampled.join(", ")}.\n` : "",
    silhouette === null ? "The silhouette is undefined: all labels are the same.\n" : "",
    spearman && pearson ? "" : "A correlation is undefined where all distances are equal.\n",
  ].join("");
}
