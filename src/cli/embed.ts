import { basename } from "node:path";
import { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { readMatrix, readNeighborTable, writeFileAtomic, writeMatrices, writeMatrix } from "../io/index.js";
import type { Matrix } from "../matrix.js";
import { drawAnimation } from "../plot/index.js";
import {
  type DistanceName,
  describeNeighbors,
  describePerplexity,
  estimateMemory,
  inGiB,
  type MethodName,
  type NeighborSearch,
  positionUncertainty,
  resolveTsneOptions,
  Tsne,
  type TsneOptions,
  type TsneProgress,
  type TsneSnapshot,
} from "../tsne/index.js";
import { distanceOptions } from "./distances.js";
import { embedSampled } from "./embed-sampled.js";
import { type TypedNames, withTypedNames } from "./failure.js";
import { addColumnOptions, type ColumnFlags, readInputs, withSigmaPath } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkExtension, checkMatrixOutput, checkPaths } from "./paths.js";
import { preparePicture } from "./picture.js";
import { checkTableOutput, TABLE_FORMATS, writePointTable } from "./point-table.js";
import { createProgressDisplay } from "./progress.js";
import { checkUncertaintyFlags, drawnUncertainty, uncertaintyPath, writeUncertainty } from "./uncertainty.js";
import { integerParser, listParser, numberParser, type RowRange, rowRangeParser } from "./values.js";

export interface EmbedFlags extends ColumnFlags {
  output: string;
  sigma?: string;
  rows?: RowRange;
  sample?: number;
  labels?: string;
  plot?: string;
  save?: string;
  table?: string;
  uncertainty?: number;
  animate?: string;
  snapshots?: string;
  snapshotEvery?: number;
  outputDimensions?: number;
  perplexity?: number[];
  theta?: number;
  degreesOfFreedom?: number;
  iterations?: number;
  distance?: DistanceName;
  neighbors?: NeighborSearch;
  neighborIndices?: string;
  neighborDistances?: string;
  neighborTable?: string;
  squaredDistances?: true;
  varianceFloor?: number;
  init?: string;
  pca?: number;
  method?: MethodName;
  meshSpacing?: number;
  learningRate?: "auto" | number;
  earlyExaggeration?: number;
  earlyExaggerationIterations?: number;
  exaggeration?: number;
  momentum?: number;
  finalMomentum?: number;
  seed?: number;
  threads?: number;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne embed means.npy --sigma sds.npy -o map.npy
      Points known with uncertainty: values that are uncertain count for less.
  $ sigma-tsne embed data.csv -o map.csv --labels labels.txt --plot map.png
      Plain t-SNE, and a picture of the map colored by label.
  $ sigma-tsne embed data.npy -o map.npy --labels labels.txt --animate map.gif
      A film of the map as it forms.
  $ sigma-tsne embed data.npy -o map.npy --labels labels.txt --table map.parquet
      One table of x, y and label for pandas, DuckDB, polars or Embedding Atlas.
  $ sigma-tsne embed data.npy -o map.npy --pca 50 --perplexity 50
      Wide data are reduced to 50 principal components first.
  $ sigma-tsne embed data.npy -o trial.npy --rows :2000 --iterations 300
      A quick trial on the first 2000 rows.
  $ sigma-tsne embed data.npy -o map.npy --json --quiet | jq .kl
      For scripts: one JSON object on standard output, nothing else.
  $ sigma-tsne embed means.npy --sigma sds.npy -o map.npy --uncertainty 20 \\
      --plot map.png --save run.tsne
      Where else each point might have landed, drawn in the picture; and the run
      in a file, for sigma-tsne place.
  $ sigma-tsne embed data.npy -o map.npy --neighbor-indices indices.npy \\
      --neighbor-distances distances.npy
      Neighbors from FAISS, hnswlib or a vector database; -1 stands for none.
      With the --distance they were found by, place can use a --save of it.
  $ sigma-tsne embed codes.parquet --mean-column mean --sigma-column sigma \\
      -o map.npy --save run.tsne
      Vectors in columns of lists, as Spark, DuckDB and pyarrow write them;
      with --sample 100000 little more than the landmarks is in memory.
  $ sigma-tsne embed data.npy -o map.npy --sample 100000 --save run.tsne
      Millions of points: landmarks that stand for all of them are fitted, and
      the points placed into their map. Of the data little more than the
      landmarks is in memory, whatever the file.

Which settings matter:
  --perplexity is how many neighbors a point heeds: 5 to 50 shows fine groups,
  more shows coarse ones; at most (points - 1) / 3. Several, as in
  --perplexity 10,50,200, heed both. --theta trades accuracy for
  speed; 0 is exact, in time that grows with the square of the points. A map
  with loose ends wants more --iterations. The same input, options and --seed
  give the same map, bit for bit, whatever the number of --threads.

With --uncertainty the table has a row for each point: the mean distance of its
samples from its place; the covariance of their places, var_x, cov_xy, var_y in
two dimensions; and the share of them that lie no farther from its place than
its tenth nearest point of the map.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne embed`: a matrix, with standard deviations or without, to a map in a file. */
export function createEmbedCommand(): Command {
  const command = new Command("embed")
    .usage("<data> -o <file> [options]")
    .summary("compute the map of a matrix")
    .description(
      "Compute the t-SNE map of the rows of a matrix. With --sigma, the standard deviations of its values, distances heed how uncertain each value is.",
    )
    .argument("<data>", "the data, or their means: .npy, .csv, .tsv, .parquet or .arrow, a point a row")
    .optionsGroup("Input:")
    .option("--sigma <file>", "standard deviations of the data, of the same shape");
  return addColumnOptions(command)
    .option(
      "--rows <A:B>",
      "embed rows A to B - 1 only, counted from 0, as Python slices; cuts the other files too where they have as many rows as <data>",
      rowRangeParser("--rows"),
    )
    .option(
      "--sample <n>",
      "fit n landmarks, each the mean of the points around it, and place the points into their map: for more points than one fits",
      integerParser("--sample"),
    )
    .option("--labels <file>", "labels that color the --plot and --animate, and go into the --table, one a line")
    .option("--neighbor-indices <file>", "rows, from 0, of neighbors found elsewhere: points x at least 3 * perplexity")
    .option("--neighbor-distances <file>", "their distances; without the indices, those of all points, points x points")
    .option(
      "--neighbor-table <file>",
      "the same from .parquet or .arrow with columns of lists, indices and distances, and row where they are not in order",
    )
    .option("--squared-distances", "the neighbor distances are squared already, as those of FAISS are")
    .optionsGroup("Method:")
    .option("--output-dimensions <1|2|3>", "dimensions of the map (default: 2)", integerParser("--output-dimensions"))
    .option(
      "--perplexity <x,...>",
      "effective number of neighbors, or several whose affinities are averaged (default: 30, less for under 91 points)",
      listParser(numberParser("--perplexity", "a number of 1 or more", (value) => value >= 1)),
    )
    .option(
      "--method <name>",
      "how repulsion is computed: barnes-hut, fft (2-D only), exact, or auto, which takes fft from 4000 points on and barnes-hut where --theta is given (default: auto)",
    )
    .option("--mesh-spacing <x>", "accuracy of fft, 0.1 to 1 (default: 0.4)", numberParser("--mesh-spacing"))
    .option("--theta <x>", "accuracy of Barnes-Hut, 0 (exact) to 1 (default: 0.5)", numberParser("--theta"))
    .option(
      "--degrees-of-freedom <x>",
      "of the map's kernel, 0.1 to 100: below 1 finer groups, above 1 towards a Gaussian (default: 1, Student's t)",
      numberParser("--degrees-of-freedom"),
    )
    .option("--iterations <n>", "steps of gradient descent (default: 1000)", integerParser("--iterations"))
    .option(...distanceOptions.distance)
    .option(
      "--neighbors <how>",
      "how neighbors are found: exact, nn-descent, or auto, the faster one for so many points (default: auto)",
    )
    .option(...distanceOptions.varianceFloor)
    .option("--pca <n>", "reduce to this many principal components first", integerParser("--pca", 1))
    .option("--init <how>", "pca, random, or a file of points x outputDimensions (default: pca)")
    .option(
      "--learning-rate <x>",
      "step length, or auto: points / exaggeration, at least 50 (default: auto)",
      (text) => (text === "auto" ? text : numberParser("--learning-rate", "auto or a number")(text)),
    )
    .option(
      "--early-exaggeration <x>",
      "factor on the affinities at first (default: 12)",
      numberParser("--early-exaggeration"),
    )
    .option(
      "--early-exaggeration-iterations <n>",
      "how many iterations of it (default: 250)",
      integerParser("--early-exaggeration-iterations"),
    )
    .option(
      "--exaggeration <x>",
      "the same factor for the rest of the run (default: 1)",
      numberParser("--exaggeration"),
    )
    .option("--momentum <x>", "momentum during exaggeration (default: 0.5)", numberParser("--momentum"))
    .option("--final-momentum <x>", "momentum afterwards (default: 0.8)", numberParser("--final-momentum"))
    .option("--seed <n>", "seed of the random numbers (default: 42)", integerParser("--seed"))
    .option("--threads <n>", "threads to use (default: all processors)", integerParser("--threads"))
    .optionsGroup("Output:")
    .requiredOption("-o, --output <file>", "where the map goes: .npy, .csv, .tsv, .parquet or .arrow")
    .option("--plot <file>", "draw the map as well: .png or .svg")
    .option("--table <file>", `the map, the labels and the --uncertainty as one table: ${TABLE_FORMATS}`)
    .option("--save <file>", "keep the run in a file, to go on with and to place new points into: .tsne")
    .option(
      "--uncertainty <n>",
      "place n samples of each point and write how they scatter to <output>_uncertainty, with the extension of the output; needs --sigma. The --plot is colored by it, unless by --labels, and shows ellipses",
      integerParser("--uncertainty"),
    )
    .option("--animate <file>", "draw how the map forms as well: .gif")
    .option(
      "--snapshots <file>",
      "write the map on its way as well: .npy, snapshots x points x outputDimensions, from the start to the end",
    )
    .option(
      "--snapshot-every <n>",
      "iterations from one frame or snapshot to the next; all are kept in memory (default: 10)",
      integerParser("--snapshot-every"),
    )
    .option("--json", "print one JSON object about the run instead of a sentence")
    .option("--quiet", "print nothing but errors, and --json")
    .addHelpText("after", guide)
    .action((mu: string, typed: EmbedFlags) => {
      const flags = withSigmaPath(mu, typed);
      return interruptible((signal) => withTypedNames(typedNames(mu, flags), () => embed(mu, flags, signal)));
    });
}

async function embed(mu: string, flags: EmbedFlags, signal: AbortSignal): Promise<void> {
  const begin = performance.now();
  checkNeighborFlags(flags);
  checkLabelFlag(flags);
  const options = libraryOptions(flags);
  if (flags.sample !== undefined) return embedSampled(mu, { ...flags, sample: flags.sample }, options, signal);
  const initFile = isMethod(flags.init) ? undefined : flags.init;
  // What does not depend on the data is checked before they are read; an empty matrix stands for one to come.
  const toCome: TsneOptions = {
    ...options,
    sigma: flags.sigma === undefined ? undefined : [],
    init: options.init ?? [],
    neighbors: givesNeighbors(flags) ? { distances: [] } : options.neighbors,
  };
  resolveTsneOptions(toCome, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  checkMatrixOutput("--output", flags.output);
  checkTableOutput("--table", flags.table);
  checkExtension("--animate", flags.animate, ".gif");
  checkExtension("--snapshots", flags.snapshots, ".npy");
  if (flags.uncertainty !== undefined) checkUncertaintyFlags(flags);
  const scatter = flags.uncertainty === undefined ? undefined : uncertaintyPath(flags.output);
  const draw = flags.plot === undefined ? undefined : await preparePicture("--plot", flags.plot);
  await checkPaths(
    {
      "--output": flags.output,
      "--plot": flags.plot,
      "--table": flags.table,
      "--save": flags.save,
      "--uncertainty": scatter,
      "--animate": flags.animate,
      "--snapshots": flags.snapshots,
    },
    {
      "<data>": mu,
      "--sigma": flags.sigma,
      "--labels": flags.labels,
      "--init": initFile,
      "--neighbor-indices": flags.neighborIndices,
      "--neighbor-distances": flags.neighborDistances,
      "--neighbor-table": flags.neighborTable,
    },
  );

  const { data, sigma, init, labels } = await readInputs({ ...flags, mu, init: initFile }, signal);
  const neighbors = await readNeighbors(flags, signal);
  const settings: TsneOptions = {
    ...options,
    sigma,
    init: init ?? options.init,
    neighbors: neighbors ?? options.neighbors,
  };
  const read = performance.now();

  const display = createProgressDisplay(flags.quiet ?? false, () => {
    const { distance, perplexity, threads } = resolveTsneOptions(settings, data.rows, data.cols);
    const memory = estimateMemory(data.rows, data.cols, settings).peak;
    const measure = distance === "given" ? "given neighbors" : `${distance} distance`;
    return `${data.rows} points x ${data.cols} values, ${measure}, ${describePerplexity(perplexity)}, threads ${threads}, up to ${inGiB(memory)} of memory`;
  });
  const onProgress = (progress: TsneProgress) => display.update(progress);
  const snapshots: { iteration: number; embedding: Matrix }[] = [];
  const onSnapshot = takesSnapshots(flags) ? (snapshot: TsneSnapshot) => void snapshots.push(snapshot) : undefined;
  const run = new Tsne(data, { ...settings, onProgress, onSnapshot, signal });
  const result = await run.fit().finally(() => display.stop());
  const uncertainty =
    flags.uncertainty === undefined
      ? undefined
      : await positionUncertainty(run, {
          samples: flags.uncertainty,
          seed: flags.seed,
          signal,
          onProgress: ({ fraction }) => display.update({ stage: "uncertainty", fraction }),
        }).finally(() => display.stop());
  const computed = performance.now();

  // Drawn before anything is written, so that an interruption leaves both files or none.
  const { method, recall } = result.neighbors;
  const found = method === "exact" ? "" : `${describeNeighbors({ method, recall })}, `;
  const measure = method === "given" ? "" : `${result.options.distance} distance, `;
  const facts = `${data.rows} points, ${measure}${found}${describePerplexity(result.options.perplexity)}`;
  const picture = await draw?.(result.embedding, {
    labels,
    title: basename(mu),
    subtitle:
      uncertainty && result.options.outputDimensions === 2
        ? `${facts}; 95 % ellipses of where points might land`
        : facts,
    ...(uncertainty && drawnUncertainty(uncertainty, labels !== undefined)),
  });
  if (onSnapshot && snapshots.at(-1)?.iteration !== result.iterations) {
    snapshots.push({ iteration: result.iterations, embedding: result.embedding });
  }
  const states = snapshots.map(({ embedding }) => embedding);
  const captions = snapshots.map(({ iteration }) => `iteration ${iteration}`);
  const animation = flags.animate && (await drawAnimation(states, { labels, title: basename(mu), captions, signal }));
  signal.throwIfAborted();
  await writeMatrix(flags.output, result.embedding, { signal });
  if (scatter !== undefined && uncertainty) await writeUncertainty(scatter, uncertainty, signal);
  if (flags.table !== undefined) {
    await writePointTable(flags.table, { map: result.embedding, label: labels, uncertainty }, signal);
  }
  if (flags.save !== undefined) await run.save(flags.save, { signal });
  if (flags.plot !== undefined && picture) await writeFileAtomic(flags.plot, picture);
  if (flags.animate !== undefined && animation) await writeFileAtomic(flags.animate, animation);
  if (flags.snapshots !== undefined) await writeMatrices(flags.snapshots, states);

  const now = performance.now();
  const { total: _, ...stages } = result.seconds;
  const seconds = {
    total: (now - begin) / 1000,
    read: (read - begin) / 1000,
    ...stages,
    write: (now - computed) / 1000,
  };
  if (flags.json) {
    const resolved = result.options;
    const summary = {
      n: data.rows,
      outputDimensions: resolved.outputDimensions,
      d: data.cols,
      kl: result.kl,
      iterations: result.iterations,
      method: result.method,
      distance: resolved.distance,
      neighbors: method,
      recall,
      perplexity: resolved.perplexity,
      theta: resolved.theta,
      learning_rate: resolved.learningRate,
      threads: resolved.threads,
      seed: resolved.seed,
      pca: resolved.pca ?? null,
      output: flags.output,
      plot: flags.plot ?? null,
      table: flags.table ?? null,
      save: flags.save ?? null,
      uncertainty: scatter ?? null,
      animation: flags.animate ?? null,
      snapshots: flags.snapshots ?? null,
      seconds: Object.fromEntries(Object.entries(seconds).map(([stage, value]) => [stage, Number(value.toFixed(6))])),
    };
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  } else if (!flags.quiet) {
    const drawn = [flags.plot, flags.animate].filter(Boolean).join(" and ");
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
    process.stdout.write(
      `Map of ${data.rows} points written to ${files}: KL ${result.kl.toFixed(4)} after ${result.iterations} iterations, ${found}${seconds.total.toFixed(1)} s.\n`,
    );
  }
}

/** The options as the library names them, without what is read from files. */
function libraryOptions(flags: EmbedFlags): TsneOptions {
  return {
    method: flags.method,
    meshSpacing: flags.meshSpacing,
    distance: flags.distance,
    neighbors: flags.neighbors,
    varianceFloor: flags.varianceFloor,
    perplexity: flags.perplexity,
    theta: flags.theta,
    degreesOfFreedom: flags.degreesOfFreedom,
    outputDimensions: flags.outputDimensions,
    iterations: flags.iterations,
    seed: flags.seed,
    pca: flags.pca,
    init: isMethod(flags.init) ? flags.init : undefined,
    learningRate: flags.learningRate,
    earlyExaggeration: flags.earlyExaggeration,
    earlyExaggerationIterations: flags.earlyExaggerationIterations,
    exaggeration: flags.exaggeration,
    momentum: flags.momentum,
    finalMomentum: flags.finalMomentum,
    threads: flags.threads,
    snapshotEvery: flags.snapshotEvery,
    onSnapshot: takesSnapshots(flags) ? () => {} : undefined,
  };
}

const takesSnapshots = (flags: EmbedFlags): boolean => flags.animate !== undefined || flags.snapshots !== undefined;

const givesNeighbors = (flags: EmbedFlags): boolean =>
  flags.neighborIndices !== undefined ||
  flags.neighborDistances !== undefined ||
  flags.neighborTable !== undefined ||
  flags.squaredDistances !== undefined;

/** @throws {ArgumentError} INVALID_ARGUMENT for flags that do not go together */
function checkNeighborFlags(flags: EmbedFlags): void {
  if (!givesNeighbors(flags)) return;
  const reject = (argument: string, received: unknown, accepted: string) => {
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
  };
  if (flags.neighborTable !== undefined) {
    for (const [flag, path] of [
      ["--neighbor-indices", flags.neighborIndices],
      ["--neighbor-distances", flags.neighborDistances],
    ] as const) {
      if (path !== undefined) reject(flag, path, "to be left out with --neighbor-table, which holds them");
    }
  } else if (flags.neighborDistances === undefined) {
    reject("--neighbor-distances", undefined, "a file, which --neighbor-indices and --squared-distances need");
  }
  for (const [flag, value] of [
    ["--neighbors", flags.neighbors],
    // With a distance it is for points that are placed later.
    ["--sigma", flags.distance === undefined ? flags.sigma : undefined],
  ] as const) {
    if (value !== undefined) reject(flag, value, "to be left out where neighbors are given with their distances");
  }
  if (flags.rows !== undefined) {
    reject("--rows", flags.rows.text, "to be left out with neighbors, which are rows of the whole");
  }
}

/** @throws {ArgumentError} INVALID_ARGUMENT for labels that nothing shows */
function checkLabelFlag({ labels, plot, table, animate }: EmbedFlags): void {
  if (labels === undefined || [plot, table, animate].some((path) => path !== undefined)) return;
  const accepted = "--plot, --table or --animate as well, which the labels are for";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "--labels", received: labels, accepted });
}

async function readNeighbors(flags: EmbedFlags, signal: AbortSignal): Promise<TsneOptions["neighbors"]> {
  if (flags.neighborTable !== undefined) {
    return { ...(await readNeighborTable(flags.neighborTable, { signal })), squared: flags.squaredDistances ?? false };
  }
  if (flags.neighborDistances === undefined) return undefined;
  const distances = await readMatrix(flags.neighborDistances, { signal });
  const squared = flags.squaredDistances ?? false;
  if (flags.neighborIndices === undefined) return { distances, squared };
  return { indices: await readMatrix(flags.neighborIndices, { signal }), distances, squared };
}

function isMethod(init: string | undefined): init is "pca" | "random" | undefined {
  return init === undefined || init === "pca" || init === "random";
}

function typedNames(mu: string, flags: EmbedFlags): TypedNames {
  // The library counts rows within the cut.
  const cut = flags.rows ? ` with --rows ${flags.rows.text}` : "";
  return {
    data: mu + cut,
    sigma: flags.sigma && flags.sigma + cut,
    init: flags.init && flags.init + cut,
    labels: flags.labels,
    method: "--method",
    meshSpacing: "--mesh-spacing",
    distance: "--distance",
    neighbors: flags.neighborTable ?? flags.neighborIndices ?? flags.neighborDistances ?? "--neighbors",
    "neighbors.indices": flags.neighborTable ?? flags.neighborIndices,
    "neighbors.distances": flags.neighborTable ?? flags.neighborDistances,
    varianceFloor: "--variance-floor",
    perplexity: "--perplexity",
    theta: "--theta",
    degreesOfFreedom: "--degrees-of-freedom",
    outputDimensions: "--output-dimensions",
    iterations: "--iterations",
    seed: "--seed",
    pca: "--pca",
    learningRate: "--learning-rate",
    earlyExaggeration: "--early-exaggeration",
    earlyExaggerationIterations: "--early-exaggeration-iterations",
    exaggeration: "--exaggeration",
    momentum: "--momentum",
    finalMomentum: "--final-momentum",
    threads: "--threads",
    samples: "--uncertainty",
    sample: "--sample",
    onSnapshot: "--animate or --snapshots",
    snapshotEvery: "--snapshot-every",
  };
}
