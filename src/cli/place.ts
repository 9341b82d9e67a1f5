import { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { placeStream } from "../filter/index.js";
import { flagsByName } from "../options/index.js";
import { isSpreadNote, PREPARATION } from "../preparation/index.js";
import { PLACEMENT_OPTIONS, type PriorName, TSNE_SETTINGS, Tsne } from "../tsne/index.js";
import {
  ARROW_GUIDE,
  ARROW_NAMES,
  type ArrowFlags,
  addArrowOptions,
  checkArrow,
  filterStandardStreams,
  requireGiven,
} from "./arrow-filter.js";
import {
  type CovarianceFlags,
  checkCovarianceFlags,
  covariancePaths,
  givesCovariances,
  readCovariance,
} from "./covariance-input.js";
import {
  addColumnOptions,
  type ColumnFlags,
  DATA_FILES,
  DATASET_NAMES,
  type PreparationFlags,
  withSigmaPath,
} from "./dataset-flags.js";
import { addDeclaredOptions, declaredOption } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { describeInputs, type Inputs, readInputs, sigmaPath } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkInputs, checkMatrixOutput, checkPaths } from "./paths.js";
import { checkTableOutput, TABLE_FORMATS, writeEmbedding, writePointTable } from "./point-table.js";
import { createProgressDisplay } from "./progress.js";
import { uncertaintyPath, writeUncertainty } from "./uncertainty.js";

interface PlaceFlags
  extends ArrowFlags,
    ColumnFlags,
    CovarianceFlags,
    Pick<PreparationFlags, "sigmaIs" | "missing" | "log1p"> {
  output?: string;
  sigma?: string;
  labels?: string;
  table?: string;
  perplexity?: number[];
  iterations?: number;
  uncertainty?: number;
  prior?: PriorName;
  seed?: number;
  threads?: number;
}

const guide = `
Examples:
  $ sigma-tsne place run.tsne new.npy --sigma new-sigma.npy -o new-map.npy
      Positions of new points, in the coordinates of the embedding. The run was
      saved by an embed command with --save run.tsne.
  $ sigma-tsne place run.tsne new.npy -o new-map.npy --json --quiet | jq .n

  $ producer | sigma-tsne place run.tsne --arrow | consumer
      Adds the columns x, y and divergence to an Arrow IPC stream. Memory does
      not grow with the number of rows.

  $ producer | sigma-tsne place run.tsne --arrow --uncertainty 20 | consumer
      The uncertainty of each position as well: columns displacement, var_x,
      cov_xy, var_y and share, as embed --uncertainty writes them.

  $ producer | sigma-tsne place run.tsne --arrow --drop mean,sigma | consumer
      Without the columns mean and sigma.

Each new point is placed independently of the others.
If the run has sigma, the new points need sigma as well. The new points must
have the columns of the data of the run, in the same units.

${ARROW_GUIDE}

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne place` places new points into the embedding of a saved run. */
export function createPlaceCommand(): Command {
  const command = new Command("place")
    .usage("<run> <new> -o <file> [options]\n       sigma-tsne place <run> --arrow [options]")
    .summary("place new points into an embedding")
    .description(
      "Place new points into the embedding of a run that embed --save has written. The embedding stays as it is; each new point is placed near its nearest neighbors among the embedded points.",
    )
    .argument("<run>", "the run: the file of embed --save")
    .argument("[new]", `the new points, or their means, one point per row: ${DATA_FILES}`)
    .option("--sigma <file>", "standard deviations of the new points, of the same shape")
    .addOption(declaredOption(TSNE_SETTINGS, "covariance"))
    .addOption(declaredOption(TSNE_SETTINGS, "covarianceFactors"))
    .addOption(declaredOption(TSNE_SETTINGS, "covarianceDraws"))
    .option("--labels <file>", "labels of the new points for the --table, one per line");
  addDeclaredOptions(command, PLACEMENT_OPTIONS, ["uncertainty", "perplexity", "iterations", "seed", "prior"], {
    uncertainty: {
      description:
        "number of random draws from each point's Gaussian that are placed to measure the uncertainty of the point's position. The uncertainty is written to <output>_uncertainty and the --table, or to columns of the stream. Needs a run with sigma",
    },
    perplexity: { description: "effective number of neighbors of each new point (default: the perplexity of the run)" },
  })
    .addOption(declaredOption(TSNE_SETTINGS, "threads"))
    .option("-o, --output <file>", "file for the positions: .npy, .csv, .tsv, .parquet or .arrow")
    .option(
      "--table <file>",
      `table of the positions, labels and divergences (how badly each point fits): ${TABLE_FORMATS}`,
    )
    .option("--json", "print one JSON object instead of a sentence")
    .option("--quiet", "print only errors, and the output of --json");
  addColumnOptions(command.optionsGroup("Columns:"), { lists: false, strict: false });
  addDeclaredOptions(command.optionsGroup("Preparation:"), PREPARATION, ["sigmaIs", "missing", "log1p"]);
  addArrowOptions(command)
    .optionsGroup("Columns of --arrow, .parquet and .arrow:")
    .option(
      "--mean-column <name>",
      "column of the new points, or of their means (default: mean with --arrow; for a file, all columns of numbers, or the only column of lists)",
    )
    .option(
      "--sigma-column <name>",
      "column of their standard deviations, if the run has sigma (default: sigma with --arrow; for a file, found by name)",
    );
  return command.addHelpText("after", guide).action((run: string, data: string | undefined, flags: PlaceFlags) => {
    const names = namesOf(run, data, flags);
    return interruptible((signal) => withTypedNames(names, () => dispatch(run, data, flags, signal)));
  });
}

/** Returns the command-line names of the library's arguments, for error messages. */
const namesOf = (run: string, data: string | undefined, flags: PlaceFlags) => ({
  ...flagsByName(TSNE_SETTINGS),
  ...flagsByName(PLACEMENT_OPTIONS),
  ...DATASET_NAMES,
  ...ARROW_NAMES,
  meanColumn: "--mean-column",
  sigmaColumn: "--sigma-column",
  newMeans: data,
  sigma: flags.sigma ?? "--sigma",
  run,
  neighbors: run,
});

/** Places the rows of a stream with --arrow, and otherwise the points of a file. */
function dispatch(run: string, data: string | undefined, flags: PlaceFlags, signal: AbortSignal): Promise<void> {
  const { output, sigma, labels, table, seed, uncertainty } = flags;
  if (seed !== undefined && uncertainty === undefined) {
    const accepted = "to be left out without --uncertainty, because only its draws use a seed";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--seed", received: seed, accepted });
  }
  if (flags.sigmaIs === "posterior") {
    const accepted =
      "to be left out for posteriors: a run that was saved with --sigma-is posterior treats new points as posteriors itself";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--sigma-is", received: flags.sigmaIs, accepted });
  }
  checkCovarianceFlags(flags);
  const others = {
    ...covariancePaths(flags),
    "[new]": data,
    "--output": output,
    "--sigma": sigma,
    "--labels": labels,
    "--table": table,
  };
  const { columns, exclude, sigmaColumns, idColumn, labelColumn, keep, sigmaIs, missing, log1p } = flags;
  const ofFiles = {
    "--columns": columns,
    "--exclude": exclude,
    "--sigma-columns": sigmaColumns,
    "--id-column": idColumn,
    "--label-column": labelColumn,
    "--keep": keep,
    "--sigma-is": sigmaIs,
    "--missing": missing,
    "--log1p": log1p,
  };
  // For files, --strict rejects columns that would be left out.
  const { strict: _, ...checkedForFiles } = flags;
  if (checkArrow(flags.arrow ? flags : checkedForFiles, { ...others, ...ofFiles }, {}))
    return placeArrow(run, flags, signal);
  requireGiven("<new>", data, "a file of new points, or --arrow");
  requireGiven("--output", output, "a file for the positions, or --arrow");
  return placeFile(run, data, { ...flags, output }, signal);
}

async function placeArrow(path: string, flags: PlaceFlags, signal: AbortSignal): Promise<void> {
  const { perplexity, iterations, uncertainty, seed, prior, threads, meanColumn, sigmaColumn } = flags;
  checkInputs({ "<run>": path });
  await filterStandardStreams({ done: "placed", lacking: "a position" }, flags, signal, async (input, options) => {
    const run = await Tsne.load(path, { threads, signal });
    const how = { perplexity, iterations, uncertainty, seed, prior, meanColumn, sigmaColumn };
    return placeStream(run, input, { ...options, ...how });
  });
}

/** Reads the new points from a file. If the run has sigma, columns of standard deviations in the file are used. */
async function placeFile(
  run: string,
  data: string,
  flags: PlaceFlags & { output: string },
  signal: AbortSignal,
): Promise<void> {
  return place(run, data, givesCovariances(flags) ? flags : await withSigmaPath(data, flags), signal);
}

/**
 * @throws {ArgumentError} INVALID_ARGUMENT for --log1p if the run stores how its data were prepared, because new points
 *   are then prepared in the same way anyway
 */
function checkPreparationFlags({ preparation }: Tsne, { log1p }: PlaceFlags): void {
  if (!preparation || !log1p) return;
  const accepted = "to be left out for this run, which prepares new points as its data were prepared";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "--log1p", received: log1p, accepted });
}

/** Adds a note about the preparation that the run applies to new points. */
function withPreparation({ preparation }: Tsne, inputs: Inputs): Inputs {
  if (!preparation) return inputs;
  const steps = [preparation.log1p && "log(1 + x)", preparation.scales && "standardized columns"].filter(Boolean);
  const others = inputs.notes.filter((note) => !(preparation.scales && isSpreadNote(note)));
  return { ...inputs, notes: [...others, `Prepared as the data of the run: ${steps.join(", ")}.`] };
}

async function place(
  path: string,
  data: string,
  flags: PlaceFlags & { output: string },
  signal: AbortSignal,
): Promise<void> {
  const begin = performance.now();
  const { output, perplexity, iterations, uncertainty, seed, prior, threads } = flags;
  const scatter = uncertainty === undefined ? undefined : uncertaintyPath(output);
  checkMatrixOutput("--output", output);
  checkTableOutput("--table", flags.table);
  await checkPaths(
    { "--output": output, "--table": flags.table, "--uncertainty": scatter },
    {
      "<run>": path,
      "<new>": data,
      "--sigma": sigmaPath(flags.sigma),
      ...covariancePaths(flags),
      "--labels": flags.labels,
    },
  );
  const run = await Tsne.load(path, { threads, signal });
  checkPreparationFlags(run, flags);
  const inputs = withPreparation(run, await readInputs({ ...flags, data }, signal));
  const { data: means, sigma, points } = inputs;
  const covariance = await readCovariance(flags, points, signal);
  const [n] = run.shape;
  const display = createProgressDisplay(
    flags.quiet ?? false,
    () =>
      `${describeInputs(data, inputs)}${means.rows} points into the embedding of ${n}, ${run.options.distance} distance, threads ${run.options.threads}`,
  );
  const onProgress = ({ fraction }: { fraction: number }) => display.update({ stage: "placement", fraction });
  const result = await run
    .place(means, { sigma, ...covariance, perplexity, iterations, uncertainty, seed, prior, signal, onProgress })
    .finally(() => display.stop());
  await writeEmbedding(output, result.embedding, points, { signal });
  if (scatter !== undefined && result.uncertainty) await writeUncertainty(scatter, result.uncertainty, points, signal);
  if (flags.table !== undefined) {
    const { embedding, divergence, uncertainty: measured } = result;
    await writePointTable(flags.table, { embedding, points, uncertainty: measured, columns: { divergence } }, signal);
  }
  const seconds = (performance.now() - begin) / 1000;
  if (flags.json) {
    const { rows, cols } = result.embedding;
    const divergence = rows > 0 ? result.divergence.reduce((sum, value) => sum + value, 0) / rows : null;
    process.stdout.write(
      `${JSON.stringify({
        n: rows,
        columns: inputs.report,
        notes: inputs.notes,
        output_dimensions: cols,
        fitted: n,
        distance: run.options.distance,
        perplexity: perplexity ?? run.options.perplexity,
        mean_divergence: divergence,
        output,
        table: flags.table ?? null,
        uncertainty: scatter ?? null,
        seconds: Number(seconds.toFixed(6)),
      })}\n`,
    );
  } else if (!flags.quiet) {
    const files = [output, ...(scatter === undefined ? [] : [`their uncertainty to ${scatter}`])].join(", ");
    process.stdout.write(`${means.rows} points placed, written to ${files}: ${seconds.toFixed(1)} s.\n`);
  }
}
