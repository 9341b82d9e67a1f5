import { basename } from "node:path";
import { ArgumentError } from "../errors.js";
import { inputName, openDatasetRows, openRows, type RowReader, writeFileAtomic } from "../io/index.js";
import { describeDropped, type FittedPreparation, prepareRows } from "../preparation/index.js";
import {
  describeEnd,
  describeFloor,
  describePerplexity,
  type EmbedLandmarksOptions,
  embedLandmarks,
  type LandmarkEmbedding,
  resolveTsneOptions,
} from "../tsne/index.js";
import { datasetOptions, preparationOptions } from "./dataset-flags.js";
import { type EmbedFlags, isNamedStart, libraryOptions } from "./embed-flags.js";
import { describeInputs, isNumber, type PointFacts, readPointLabels, sigmaPath } from "./inputs.js";
import { checkMatrixOutput, checkPaths } from "./paths.js";
import { type Draw, preparePicture } from "./picture.js";
import { checkTableOutput, writeEmbedding, writePointTable } from "./point-table.js";
import { createProgressDisplay } from "./progress.js";

type LandmarkFlags = EmbedFlags & { landmarks: number };

/** `sigma-tsne embed --landmarks` fits landmarks and places all points into their embedding. */
export async function embedLandmarksCommand(path: string, flags: LandmarkFlags, signal: AbortSignal): Promise<void> {
  const begin = performance.now();
  const draw = await checkBeforeReading(path, flags);
  const isGiven = flags.sigma !== undefined && flags.sigma !== path;
  const choice = datasetOptions(isGiven ? { ...flags, sigmaColumn: undefined } : flags);
  const dataset = await openDatasetRows(path, { ...choice, signal });
  let given: RowReader | undefined;
  try {
    const isFile = isGiven || (flags.sigma !== undefined && dataset.sigma === undefined);
    if (isFile && !isNumber(flags.sigma)) {
      given = await openRows(flags.sigma as string, { column: flags.sigmaColumn, signal });
    }
    const { kept, preparation, ...prepared } = await prepareRows(dataset.means, {
      ...preparationOptions(flags),
      sigma: isNumber(flags.sigma) ? Number(flags.sigma) : (given ?? dataset.sigma),
      columns: dataset.roles.data,
    });
    const { means: data, sigma } = prepared;
    const { rows } = dataset.means;
    const facts = await dataset.readFacts();
    const labels = flags.labels === undefined ? undefined : await readPointLabels(flags.labels, rows, signal);
    const points = { rows, kept, facts, labels };
    const notes = kept ? [describeDropped(rows - kept.length, rows)] : [];
    const computed = await compute(flags, describeInputs(path, { ...dataset, notes }), data, sigma, signal);
    await writeOutputs(path, flags, { ...points, preparation }, computed, draw, signal);
    const seconds = (performance.now() - begin) / 1000;
    if (flags.json) {
      process.stdout.write(
        `${JSON.stringify(summarize(flags, data, { ...dataset, notes }, points, computed, seconds))}\n`,
      );
    } else if (!flags.quiet) process.stdout.write(sentence(flags, data.rows, computed, seconds));
  } finally {
    await given?.close();
    await dataset.close();
  }
}

/**
 * Checks everything that does not depend on the data.
 *
 * @returns the function that draws the `--plot`
 */
async function checkBeforeReading(path: string, flags: LandmarkFlags): Promise<Draw | undefined> {
  rejectOtherFlags(flags);
  checkMatrixOutput("--output", flags.output, path);
  checkTableOutput("--table", flags.table);
  const draw = flags.plot === undefined ? undefined : await preparePicture("--plot", flags.plot);
  await checkPaths(
    { "--output": flags.output, "--plot": flags.plot, "--table": flags.table, "--save": flags.save },
    { "<data>": path, "--sigma": sigmaPath(flags.sigma), "--labels": flags.labels },
  );
  return draw;
}

/** @throws {ArgumentError} INVALID_ARGUMENT for flags that are only supported without landmarks */
function rejectOtherFlags(flags: EmbedFlags): void {
  const others = {
    "--rows": flags.rows?.text,
    "--neighbors": flags.neighbors,
    "--neighbor-distances": flags.neighborDistances,
    "--neighbor-table": flags.neighborTable,
    "--uncertainty": flags.uncertainty,
    "--animate": flags.animate,
    "--snapshots": flags.snapshots,
    "--init": isNamedStart(flags.init) ? undefined : flags.init,
  };
  for (const [argument, received] of Object.entries(others)) {
    if (received === undefined) continue;
    const accepted =
      argument === "--init"
        ? "pca or random, because --landmarks cannot start from a file"
        : "to be left out with --landmarks";
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
  }
}

/** Fits the landmarks and places all points, with progress on standard error. */
async function compute(
  flags: LandmarkFlags,
  description: string,
  data: RowReader,
  sigma: RowReader | undefined,
  signal: AbortSignal,
): Promise<LandmarkEmbedding> {
  const { landmarks } = flags;
  // Earlier checks allow only the named values of init and neighbors here.
  const { snapshotEvery: _, neighbors: __, sigma: ___, init, ...others } = libraryOptions(flags);
  const settings = { ...others, init: init as EmbedLandmarksOptions["init"] };
  const display = createProgressDisplay(flags.quiet ?? false, () => {
    const options = resolveTsneOptions({ ...settings, sigma: sigma && [] }, landmarks, data.cols);
    const { distance, perplexity, threads } = options;
    return `${description}${data.rows} points x ${data.cols} values, fitted through ${landmarks} landmarks, ${distance} distance, ${describePerplexity(perplexity)}, threads ${threads}`;
  });
  try {
    const embedded = await embedLandmarks(data, {
      ...settings,
      landmarks,
      sigma,
      signal,
      onProgress: (progress) => display.update(progress),
      onRowProgress: (progress) => display.update(progress),
    });
    for (const warning of embedded.result.warnings) display.note(warning);
    return embedded;
  } finally {
    display.stop();
  }
}

/**
 * Writes the requested files. The picture is drawn before any file is written, so that after an interruption either all
 * files are written or none.
 */
async function writeOutputs(
  path: string,
  flags: LandmarkFlags,
  points: PointFacts & { preparation: FittedPreparation | undefined },
  { embedding, divergence, run, result }: LandmarkEmbedding,
  draw: Draw | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { distance, perplexity } = result.options;
  const subtitle = `${embedding.rows} points, fitted through ${flags.landmarks} landmarks, ${distance} distance, ${describePerplexity(perplexity)}`;
  const all = points.labels ?? [...points.facts.labels.values()][0];
  const labels = all && points.kept ? Array.from(points.kept, (i) => all[i]) : all;
  const picture = await draw?.(embedding, { labels, title: basename(inputName(path)), subtitle });
  signal.throwIfAborted();
  await writeEmbedding(flags.output, embedding, points, { signal, source: path });
  if (flags.table !== undefined) {
    await writePointTable(flags.table, { embedding, points, columns: { divergence } }, signal);
  }
  if (flags.save !== undefined) await run.save(flags.save, { signal, preparation: points.preparation });
  if (flags.plot !== undefined && picture) await writeFileAtomic(flags.plot, picture);
}

/** Returns the object that `--json` prints. */
function summarize(
  flags: LandmarkFlags,
  data: RowReader,
  { report, notes }: { readonly report: string; readonly notes: readonly string[] },
  points: PointFacts,
  { result }: LandmarkEmbedding,
  seconds: number,
) {
  const { distance, perplexity, outputDimensions, threads, seed } = result.options;
  return {
    n: data.rows,
    input_dimensions: data.cols,
    columns: report,
    notes: [...notes, ...result.warnings],
    dropped_rows: points.rows - data.rows,
    output_dimensions: outputDimensions,
    landmarks: flags.landmarks,
    kl: result.kl,
    iterations: result.iterations,
    stopped: result.stopped,
    method: result.method,
    distance,
    variance_floor: result.varianceFloor ?? null,
    perplexity,
    threads,
    seed,
    output: flags.output,
    plot: flags.plot ?? null,
    table: flags.table ?? null,
    save: flags.save ?? null,
    seconds: Number(seconds.toFixed(6)),
  };
}

/** Returns the sentence that is printed without `--json`. */
function sentence(flags: LandmarkFlags, n: number, { result }: LandmarkEmbedding, seconds: number): string {
  return `Embedding of ${n} points written to ${flags.output}: ${flags.landmarks} landmarks fitted, KL ${result.kl.toFixed(4)} ${[describeEnd(result), describeFloor(result.varianceFloor)].filter(Boolean).join(", ")}, all points placed, ${seconds.toFixed(1)} s.\n`;
}
