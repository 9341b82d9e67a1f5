import { Command } from "commander";
import { COVARIANCE_OPTIONS, PLACEMENT_OPTIONS, TSNE_OPTIONS, TSNE_SETTINGS } from "../tsne/index.js";
import { checkCovarianceFlags, givesCovariances } from "./covariance-input.js";
import { addColumnOptions, addPreparationOptions, DATA_FILES, withSigmaPath } from "./dataset-flags.js";
import { addDeclaredOptions, declaredOption } from "./declared-options.js";
import { embedAll } from "./embed-all.js";
import {
  checkLabelFlag,
  checkNeighborFlags,
  type EmbedFlags,
  givesNeighbors,
  typedNames,
  withNeighborFile,
} from "./embed-flags.js";
import { embedLandmarksCommand } from "./embed-landmarks.js";
import { withTypedNames } from "./failure.js";
import { checkFlagsWithoutData } from "./graph-input.js";
import { interruptible } from "./interruption.js";
import { TABLE_FORMATS } from "./point-table.js";
import { integerParser, rowRangeParser } from "./values.js";

const guide = `
Examples:
  $ sigma-tsne embed means.npy --sigma sigma.npy -o map.npy
      Points with standard deviations: uncertain values count less.
  $ sigma-tsne embed data.csv -o map.csv --labels labels.txt --plot map.png
      Plain t-SNE, and a picture of the embedding colored by label.
  $ sigma-tsne embed data.npy -o map.npy --labels labels.txt --animate map.gif
      An animation of the embedding as it forms.
  $ sigma-tsne embed data.npy -o map.npy --labels labels.txt --table map.parquet
      One table of x, y and label for pandas, DuckDB, polars or Embedding Atlas.
  $ sigma-tsne embed data.npy -o map.npy --pca 50 --perplexity 50
      Data with many columns are first reduced to 50 principal components.
  $ sigma-tsne embed data.npy -o trial.npy --rows :2000 --iterations 300
      A quick trial on the first 2000 rows.
  $ sigma-tsne embed data.npy -o map.npy --json --quiet | jq .kl
      For scripts: one JSON object on standard output, nothing else.
  $ sigma-tsne embed means.npy --sigma sigma.npy -o map.npy --uncertainty 20 \\
      --plot map.png --save run.tsne
      Measure the uncertainty of each position, draw it in the picture, and save
      the run for sigma-tsne place.
  $ sigma-tsne embed data.npy -o map.npy --neighbor-indices indices.npy \\
      --neighbor-distances distances.npy
      Neighbors from FAISS, hnswlib or a vector database; -1 means that a
      neighbor is missing. If --distance names the distance by which they were
      found, place can use the saved run.
  $ sigma-tsne embed codes.parquet --mean-column mean --sigma-column sigma \\
      -o map.npy --save run.tsne
      Vectors in columns of lists, as Spark, DuckDB and pyarrow write them. Add
      --landmarks 100000 for files that are larger than memory.
  $ sigma-tsne embed --distances distances.npy -o map.csv
  $ sigma-tsne embed --neighbors graph.npz -o map.csv --labels labels.txt
      Without data: distances between all points, or only to their nearest
      neighbors. The initial positions are computed from the graph.
  $ sigma-tsne embed data.npy -o map.npy --landmarks 100000 --save run.tsne
      Millions of points: compute the embedding of 100000 landmarks only, and
      place all points into it. The memory depends on the number of landmarks,
      not on the size of the file.

Which settings matter:
  --perplexity is about the number of neighbors that attract each point. Values
  from 5 to 50 show fine groups, larger values show coarse groups. The maximum
  is (points - 1) / 3. Several values, as in --perplexity 10,50,200, show both.
  A smaller --theta is more accurate and slower; 0 is exact, and its time grows
  with the square of the number of points. If groups have loose ends, use more
  --iterations. The same input, options and --seed give the same embedding, bit
  for bit, with any number of --threads.

--uncertainty writes one row per point with these columns: displacement, the
mean distance of the draws from the position of the point; var_x, cov_xy and
var_y (in two dimensions), the covariance of the positions of the draws; and
share, the share of the draws that are no farther from the position of the point
than its tenth nearest point in the embedding.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/**
 * `sigma-tsne embed` computes the embedding of a matrix, with or without standard deviations, and writes it to a file.
 */
export function createEmbedCommand(): Command {
  const command = new Command("embed")
    .usage("[data] -o <file> [options]")
    .summary("compute the embedding of a matrix")
    .description(
      "Compute the t-SNE embedding of a table or matrix with one point per row. With --sigma, the standard deviations of its values, precise values count more than uncertain ones.",
    )
    .argument("[data]", `the data, or their means, one point per row: ${DATA_FILES}`);
  addInputOptions(command.optionsGroup("Input:"));
  addMethodOptions(command);
  addOutputOptions(command.optionsGroup("Output:"));
  return command.addHelpText("after", guide).action((data: string | undefined, given: EmbedFlags) => {
    const typed = withNeighborFile(given);
    return interruptible((signal) =>
      withTypedNames(typedNames(data, typed), async () => {
        if (data === undefined) checkFlagsWithoutData(typed);
        checkNeighborFlags(typed);
        // Standard deviations are not used with given neighbors.
        const needsNoSigma = data === undefined || givesNeighbors(typed) || givesCovariances(typed);
        const flags = needsNoSigma ? typed : await withSigmaPath(data, typed);
        await withTypedNames(typedNames(data, flags), () => embed(data, flags, signal));
      }),
    );
  });
}

function addInputOptions(command: Command): void {
  command
    .option(
      "--sigma <file>",
      "standard deviations of the data: a file of the same shape, with one number per column (1 x d) or one per point (n x 1), or a single number (default: columns of the data)",
    )
    .addOption(declaredOption(TSNE_SETTINGS, "covariance", { placeholder: "<file>" }))
    .addOption(declaredOption(TSNE_SETTINGS, "covarianceFactors"))
    .addOption(declaredOption(TSNE_SETTINGS, "covarianceDraws"))
    .option(
      "--rows <A:B>",
      "embed only rows A to B - 1, counted from 0, like a slice in Python; the same rows are taken from other files with as many rows as <data>",
      rowRangeParser("--rows"),
    )
    .option(
      "--landmarks <n>",
      "compute the embedding of n landmarks, each the mean of the points around it, and place all points into it; use this for millions of points",
      integerParser("--landmarks"),
    )
    .option(
      "--distances <file>",
      "distances between all points, or a sparse matrix of distances to neighbors (.npz of SciPy, file.h5ad:obsp/distances); <data> is not needed",
    )
    .option(
      "--affinities <file>",
      "weights of the edges of a graph, used as affinities, such as file.h5ad:obsp/connectivities; <data> is not needed",
    )
    .option("--labels <file>", "labels that color the --plot and --animate, and go into the --table, one per line")
    .option(
      "--neighbor-indices <file>",
      "row numbers, from 0, of neighbors that another program has found: points x at least 3 * perplexity",
    )
    .option(
      "--neighbor-distances <file>",
      "distances of the --neighbor-indices; without --neighbor-indices, distances between all points, points x points",
    )
    .option(
      "--neighbor-table <file>",
      "neighbors and distances in one .parquet or .arrow file: columns of lists named indices and distances, and a column named row if the rows are not in order",
    )
    .option("--squared-distances", "the given distances are already squared, like the distances of FAISS");
  addColumnOptions(command.optionsGroup("Columns:"));
  addPreparationOptions(command.optionsGroup("Preparation:"));
}

function addMethodOptions(command: Command): void {
  const names = Object.keys(TSNE_SETTINGS) as (keyof typeof TSNE_SETTINGS)[];
  const settings = names.filter((name) => name !== "sigma" && !COVARIANCE_OPTIONS.some((option) => option === name));
  const isAdvanced = (name: keyof typeof TSNE_SETTINGS) => TSNE_SETTINGS[name].isAdvanced;
  const usual = settings.filter((name) => !isAdvanced(name));
  addDeclaredOptions(command.optionsGroup("Method:"), TSNE_SETTINGS, usual);
  addDeclaredOptions(command.optionsGroup("Advanced:"), TSNE_SETTINGS, settings.filter(isAdvanced));
}

function addOutputOptions(command: Command): void {
  command
    .requiredOption(
      "-o, --output <file>",
      "file for the embedding: .csv, .tsv, .parquet, .arrow or .npy; or .h5ad, a copy of the data with obsm/X_tsne",
    )
    .option("--plot <file>", "file for a picture of the embedding: .png or .svg")
    .option("--table <file>", `the embedding, the labels and the --uncertainty as one table: ${TABLE_FORMATS}`)
    .option("--save <file>", "file for the run, to place new points or to continue it later: .tsne")
    .option(
      "--uncertainty <n>",
      "place n draws of each point and write how widely they scatter to <output>_uncertainty, with the extension of the output; needs --sigma or covariances. The --plot then shows ellipses and, without --labels, is colored by this uncertainty",
      integerParser("--uncertainty"),
    )
    .addOption(declaredOption(PLACEMENT_OPTIONS, "prior"))
    .option("--animate <file>", "file for an animation of the embedding as it forms: .gif")
    .option(
      "--snapshots <file>",
      "file for the embedding at several iterations: .npy, snapshots x points x dimensions, from the start to the end",
    );
  addDeclaredOptions(command, TSNE_OPTIONS, ["snapshotEvery"])
    .option("--json", "print one JSON object about the run instead of a sentence")
    .option("--quiet", "print only errors, and the output of --json");
}

async function embed(data: string | undefined, flags: EmbedFlags, signal: AbortSignal): Promise<void> {
  checkLabelFlag(flags);
  checkCovarianceFlags(flags);
  const { landmarks } = flags;
  return landmarks === undefined || data === undefined
    ? embedAll(data, flags, signal)
    : embedLandmarksCommand(data, { ...flags, landmarks }, signal);
}
