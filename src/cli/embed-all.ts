import { basename } from "node:path";
import { ArgumentError } from "../errors.js";
import { inputName, writeFileAtomic, writeMatrices } from "../io/index.js";
import type { Matrix } from "../matrix.js";
import { drawAnimation } from "../plot/index.js";
import { withGaps } from "../preparation/index.js";
import {
  type CovarianceOption,
  describeEnd,
  describeFloor,
  describeNeighbors,
  describePerplexity,
  inGiB,
  type NeighborGraph,
  type PositionUncertainty,
  positionUncertainty,
  resolveTsneOptions,
  Tsne,
  type TsneOptions,
  type TsneResult,
} from "../tsne/index.js";
import { covariancePaths, givesCovariances, readCovariance } from "./covariance-input.js";
import {
  checkRowsOutput,
  type EmbedFlags,
  expectedOptions,
  givesNeighbors,
  graphPath,
  isNamedStart,
  libraryOptions,
  takesSnapshots,
} from "./embed-flags.js";
import { readGraph, readInputsOfGraph } from "./graph-input.js";
import { describeInputs, type Inputs, readInputs, sigmaPath } from "./inputs.js";
import { checkExtension, checkMatrixOutput, checkPaths } from "./paths.js";
import { type Draw, preparePicture } from "./picture.js";
import { checkTableOutput, writeEmbedding, writePointTable } from "./point-table.js";
import { createProgressDisplay, type ProgressDisplay } from "./progress.js";
import { readInputsOfSparse } from "./sparse-input.js";
import { checkUncertaintyFlags, drawnUncertainty, uncertaintyPath, writeUncertainty } from "./uncertainty.js";

/** The embedding at one iteration. */
interface State {
  readonly iteration: number;
  readonly embedding: Matrix;
}

/** The facts about the inputs, without the numbers, because the run has its own copy of the numbers. */
interface Facts extends Pick<Inputs, "labels" | "points" | "preparation" | "report" | "notes"> {
  readonly rows: number;
  readonly cols: number;
}

/** A run that has been created but not fitted. */
interface Prepared {
  readonly facts: Facts;
  readonly run: Tsne;
  readonly display: ProgressDisplay;
  /** Embeddings from the start to the end. The run fills this array if snapshots are requested. */
  readonly states: State[];
}

/** The results of a run. */
interface Computed {
  readonly result: TsneResult;
  readonly uncertainty: PositionUncertainty | undefined;
}

/** `sigma-tsne embed` without `--landmarks` fits all points, given as data or only as neighbors. */
export async function embedAll(data: string | undefined, flags: EmbedFlags, signal: AbortSignal): Promise<void> {
  const begin = performance.now();
  // If there are no data, the name of the neighbor file serves as title of the results.
  const path = data ?? (graphPath(flags) as string);
  const draw = await checkBeforeReading(data, flags);
  // This function keeps no reference to the numbers of the file, so that their memory can be freed during the run.
  const prepared = await prepareRun(data, path, flags, signal);
  const { facts } = prepared;
  const read = performance.now();
  const computed = await compute(prepared, flags, signal);
  const fitted = performance.now();
  await writeOutputs(path, flags, prepared, computed, draw, signal);
  const { total: _, ...stages } = computed.result.seconds;
  const now = performance.now();
  const seconds = {
    total: (now - begin) / 1000,
    read: (read - begin) / 1000,
    ...stages,
    write: (now - fitted) / 1000,
  };
  if (flags.json) process.stdout.write(`${JSON.stringify(summarize(flags, facts, computed, seconds))}\n`);
  else if (!flags.quiet) process.stdout.write(sentence(flags, facts.rows, computed, seconds.total));
}

const initFile = ({ init }: EmbedFlags): string | undefined => (isNamedStart(init) ? undefined : init);

const scatterPath = ({ output, uncertainty }: EmbedFlags): string | undefined =>
  uncertainty === undefined ? undefined : uncertaintyPath(output);

/**
 * Checks everything that does not depend on the data, so that a wrong flag is reported before a long run.
 *
 * @returns the function that draws the `--plot`
 */
async function checkBeforeReading(path: string | undefined, flags: EmbedFlags): Promise<Draw | undefined> {
  const columns = path === undefined ? 0 : Number.MAX_SAFE_INTEGER;
  resolveTsneOptions(expectedOptions(flags), Number.MAX_SAFE_INTEGER, columns);
  checkMatrixOutput("--output", flags.output, path);
  checkRowsOutput(flags);
  checkTableOutput("--table", flags.table);
  checkExtension("--animate", flags.animate, ".gif");
  checkExtension("--snapshots", flags.snapshots, ".npy");
  if (flags.uncertainty !== undefined) checkUncertaintyFlags(flags);
  const draw = flags.plot === undefined ? undefined : await preparePicture("--plot", flags.plot);
  await checkPaths(
    {
      "--output": flags.output,
      "--plot": flags.plot,
      "--table": flags.table,
      "--save": flags.save,
      "--uncertainty": scatterPath(flags),
      "--animate": flags.animate,
      "--snapshots": flags.snapshots,
    },
    {
      "<data>": path,
      "--sigma": sigmaPath(flags.sigma),
      ...covariancePaths(flags),
      "--labels": flags.labels,
      "--init": initFile(flags),
      "--neighbor-indices": flags.neighborIndices,
      "--neighbor-distances": flags.neighborDistances,
      "--neighbor-table": flags.neighborTable,
      "--distances": flags.distances,
      "--affinities": flags.affinities,
    },
  );
  return draw;
}

/** @throws {ArgumentError} INVALID_ARGUMENT if rows were dropped and neighbors of all rows are given */
function checkDroppedRows(flags: EmbedFlags, { points }: Inputs): void {
  if (points.kept === undefined || !givesNeighbors(flags)) return;
  const accepted = "error or mean, because the given neighbors refer to all rows of the data";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "--missing", received: flags.missing, accepted });
}

/** Reads the inputs and creates the run. */
async function prepareRun(
  data: string | undefined,
  path: string,
  flags: EmbedFlags,
  signal: AbortSignal,
): Promise<Prepared> {
  const neighbors = await readGraph(flags, signal);
  const init = initFile(flags);
  const sparse = data === undefined ? undefined : await readInputsOfSparse(data, flags, init, signal);
  const inputs =
    sparse ??
    (data === undefined && neighbors
      ? await readInputsOfGraph(neighbors, flags, init, signal)
      : await readInputs({ ...flags, data: path, init }, signal));
  checkDroppedRows(flags, inputs);
  if (sparse && givesCovariances(flags)) {
    const accepted =
      "dense data, because covariances belong to columns and sparse data are reduced to principal components";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "<data>", received: path, accepted });
  }
  const covariance = await readCovariance(flags, inputs.points, signal);
  // Sparse data have already been reduced to principal components.
  return createRun(path, sparse ? { ...flags, pca: undefined } : flags, inputs, covariance, neighbors, signal);
}

function createRun(
  path: string,
  flags: EmbedFlags,
  inputs: Inputs,
  covariance: Pick<TsneOptions, CovarianceOption>,
  neighbors: NeighborGraph | undefined,
  signal: AbortSignal,
): Prepared {
  const { data, sigma, init, labels, points, preparation, report, notes } = inputs;
  const { rows, cols } = data;
  const options = libraryOptions(flags);
  const settings: TsneOptions = {
    ...options,
    sigma,
    ...covariance,
    init: init ?? options.init,
    neighbors: neighbors ?? options.neighbors,
  };
  const isGraph = cols === 0;
  const memory = () => inGiB(run.estimatedMemory);
  const display = createProgressDisplay(flags.quiet ?? false, () => {
    const { distance, perplexity, threads } = run.options;
    const measure = distance === "given" ? "given neighbors" : `${distance} distance`;
    const lines = describeInputs(path, { report, notes: [...notes, ...run.warnings] });
    return `${lines}${rows} points${isGraph ? "" : ` x ${cols} values`}, ${measure}, ${describePerplexity(perplexity)}, threads ${threads}, up to ${memory()} of memory`;
  });
  const states: State[] = [];
  const onSnapshot = takesSnapshots(flags) ? (snapshot: State) => void states.push(snapshot) : undefined;
  const run = new Tsne(isGraph ? (neighbors as NeighborGraph) : data, {
    ...settings,
    ...(isGraph && { neighbors: undefined }),
    onProgress: (progress) => display.update(progress),
    onSnapshot,
    signal,
  });
  return { facts: { labels, points, preparation, report, notes, rows, cols }, run, display, states };
}

/** Fits the run and, if requested, measures the uncertainty of the positions. */
async function compute({ run, display, states }: Prepared, flags: EmbedFlags, signal: AbortSignal): Promise<Computed> {
  try {
    const result = await run.fit();
    if (takesSnapshots(flags) && states.at(-1)?.iteration !== result.iterations) {
      states.push({ iteration: result.iterations, embedding: result.embedding });
    }
    const onProgress = ({ fraction }: { fraction: number }) => display.update({ stage: "uncertainty", fraction });
    const { uncertainty: draws, seed, prior } = flags;
    const uncertainty =
      draws === undefined ? undefined : await positionUncertainty(run, { draws, seed, prior, signal, onProgress });
    return { result, uncertainty };
  } finally {
    display.stop();
  }
}

/**
 * Writes the requested files. Pictures are drawn before any file is written, so that after an interruption either all
 * files are written or none.
 */
async function writeOutputs(
  path: string,
  flags: EmbedFlags,
  { facts: { labels, points, preparation }, run, states }: Prepared,
  { result, uncertainty }: Computed,
  draw: Draw | undefined,
  signal: AbortSignal,
): Promise<void> {
  const title = basename(inputName(path));
  const picture = await draw?.(result.embedding, {
    labels,
    title,
    subtitle: describeRun(result, uncertainty),
    ...(uncertainty && drawnUncertainty(uncertainty, labels !== undefined)),
  });
  const embeddings = states.map(({ embedding }) => embedding);
  const captions = states.map(({ iteration }) => `iteration ${iteration}`);
  const animation = flags.animate && (await drawAnimation(embeddings, { labels, title, captions, signal }));
  signal.throwIfAborted();
  const scatter = scatterPath(flags);
  await writeEmbedding(flags.output, result.embedding, points, { signal, source: path });
  if (scatter !== undefined && uncertainty) await writeUncertainty(scatter, uncertainty, points, signal);
  if (flags.table !== undefined) {
    await writePointTable(flags.table, { embedding: result.embedding, points, uncertainty }, signal);
  }
  if (flags.save !== undefined) await run.save(flags.save, { signal, preparation });
  if (flags.plot !== undefined && picture) await writeFileAtomic(flags.plot, picture);
  if (flags.animate !== undefined && animation) await writeFileAtomic(flags.animate, animation);
  if (flags.snapshots !== undefined) {
    const whole = embeddings.map((embedding) => withGaps(embedding, points.kept, points.rows));
    await writeMatrices(flags.snapshots, whole);
  }
}

/** Returns the part of the final sentence that describes the neighbor search; empty if the search was exact. */
const describeSearch = ({ neighbors }: TsneResult): string =>
  neighbors.method === "exact" ? "" : `${describeNeighbors(neighbors)}, `;

/** Returns the part of the final sentence that describes the variance floor; empty if the distance has none. */
const describeUsedFloor = ({ varianceFloor }: TsneResult): string => {
  const floor = describeFloor(varianceFloor);
  return floor === undefined ? "" : `${floor}, `;
};

/** Returns the subtitle of the picture that `--plot` draws. */
function describeRun(result: TsneResult, uncertainty: PositionUncertainty | undefined): string {
  const { distance, perplexity, outputDimensions } = result.options;
  const measure = result.neighbors.method === "given" ? "" : `${distance} distance, `;
  const facts = `${result.embedding.rows} points, ${measure}${describeSearch(result)}${describePerplexity(perplexity)}`;
  return uncertainty && outputDimensions === 2 ? `${facts}; ellipses contain 95 % of the possible positions` : facts;
}

/** Returns the object that `--json` prints. */
function summarize(
  flags: EmbedFlags,
  { rows, cols, report, notes, points }: Facts,
  { result }: Computed,
  seconds: Readonly<Record<string, number>>,
) {
  const { options, neighbors } = result;
  return {
    n: rows,
    input_dimensions: cols,
    columns: report,
    notes: [...notes, ...result.warnings],
    dropped_rows: points.rows - rows,
    output_dimensions: options.outputDimensions,
    kl: result.kl,
    iterations: result.iterations,
    stopped: result.stopped,
    optimizer: options.optimizer,
    method: result.method,
    distance: options.distance,
    variance_floor: result.varianceFloor ?? null,
    neighbors: neighbors.method,
    recall: neighbors.recall,
    perplexity: options.perplexity,
    theta: options.theta,
    learning_rate: options.learningRate ?? null,
    threads: options.threads,
    seed: options.seed,
    pca: options.pca ?? null,
    output: flags.output,
    plot: flags.plot ?? null,
    table: flags.table ?? null,
    save: flags.save ?? null,
    uncertainty: scatterPath(flags) ?? null,
    animation: flags.animate ?? null,
    snapshots: flags.snapshots ?? null,
    seconds: Object.fromEntries(Object.entries(seconds).map(([stage, value]) => [stage, Number(value.toFixed(6))])),
  };
}

/** Returns the sentence that is printed without `--json`. */
function sentence(flags: EmbedFlags, n: number, { result }: Computed, seconds: number): string {
  const drawn = [flags.plot, flags.animate].filter(Boolean).join(" and ");
  const scatter = scatterPath(flags);
  const files = [
    flags.output,
    drawn && `drawn in ${drawn}`,
    scatter && `its uncertainty in ${scatter}`,
    flags.table && `a table in ${flags.table}`,
    flags.save && `the run in ${flags.save}`,
    flags.snapshots && `snapshots in ${flags.snapshots}`,
  ]
    .filter(Boolean)
    .join(", ");
  return `Embedding of ${n} points written to ${files}: KL ${result.kl.toFixed(4)} ${describeEnd(result)}, ${describeSearch(result)}${describeUsedFloor(result)}${seconds.toFixed(1)} s.\n`;
}
