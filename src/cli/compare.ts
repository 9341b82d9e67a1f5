import { basename } from "node:path";
import { Command, Help } from "commander";
import {
  assertComparisonWritable,
  type CompareOptions,
  type CompareProgress,
  type CompareVariant,
  type ComparisonMetrics,
  compare,
  resolveCompareOptions,
  type VariantOptions,
  writeComparison,
} from "../compare/index.js";
import { ArgumentError } from "../errors.js";
import { DISTANCES } from "../tsne/index.js";
import { distanceOptions } from "./distances.js";
import { type TypedNames, withTypedNames } from "./failure.js";
import { readInputs } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkInputs } from "./paths.js";
import { createProgressDisplay, type ProgressDisplay } from "./progress.js";
import { integerParser, numberParser, type RowRange, rowRangeParser } from "./values.js";

interface CompareFlags extends VariantOptions {
  output: string;
  sigma?: string;
  labels?: string;
  rows?: RowRange;
  variant?: CompareVariant[];
  k?: number;
  iterations?: number;
  outputDimensions?: number;
  init?: string;
  seed?: number;
  threads?: number;
  force?: true;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne compare means.npy --sigma sds.npy -o comparison
      The standard map beside the sigma-aware one. Open comparison/report.html.
  $ sigma-tsne compare means.npy --sigma sds.npy --labels labels.txt -o out \\
      --perplexity 50 --rows :5000
      Colored by label; the first 5000 rows only.
  $ sigma-tsne compare data.csv -o perplexities \\
      --variant "fine: perplexity=10" --variant "coarse: perplexity=100"
      Any settings, without standard deviations too.
  $ sigma-tsne compare means.npy --sigma sds.npy -o out --json --quiet \\
      | jq .pairs[0].disparity

All maps start from the same place with the same seed, so what differs comes
from the settings. They are laid onto the first by translation, rotation,
reflection and scale. The folder then holds report.html (needs no network),
comparison.png, metrics.json, changes.csv (a row a point), displacement.npy and
the aligned maps. It appears complete or not at all. Rows are counted from 0,
within the cut of --rows.

Settings of a --variant:
  distance, perplexity, iterations, method, theta, mesh-spacing, neighbors,
  variance-floor, pca, learning-rate, early-exaggeration,
  early-exaggeration-iterations, exaggeration, degrees-of-freedom,
  momentum, final-momentum

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** Settings of a variant as they are typed. */
const SETTINGS: Readonly<Record<string, { key: keyof VariantOptions; isText?: true }>> = {
  distance: { key: "distance", isText: true },
  perplexity: { key: "perplexity" },
  iterations: { key: "iterations" },
  method: { key: "method", isText: true },
  theta: { key: "theta" },
  "mesh-spacing": { key: "meshSpacing" },
  neighbors: { key: "neighbors", isText: true },
  "variance-floor": { key: "varianceFloor" },
  pca: { key: "pca" },
  "learning-rate": { key: "learningRate" },
  "early-exaggeration": { key: "earlyExaggeration" },
  "early-exaggeration-iterations": { key: "earlyExaggerationIterations" },
  exaggeration: { key: "exaggeration" },
  "degrees-of-freedom": { key: "degreesOfFreedom" },
  momentum: { key: "momentum" },
  "final-momentum": { key: "finalMomentum" },
};

/** `sigma-tsne compare`: a matrix to several maps and a report on what differs. */
export function createCompareCommand(): Command {
  return new Command("compare")
    .usage("<data> --sigma <file> -o <folder> [options]")
    .summary("see what changes between maps: standard and sigma-aware, or any settings")
    .description(
      "Compute the standard and the sigma-aware map of the same data from the same start, or those of several settings, and show and measure what changes: which points move, whose neighbors change, and whether they are the uncertain ones.",
    )
    .argument("<data>", "the data, or their means: .npy, .csv, .tsv, .parquet or .arrow, a point a row")
    .optionsGroup("Input:")
    .option("--sigma <file>", "standard deviations of the data, of the same shape")
    .option("--labels <file>", "labels that color the maps, one a line")
    .option(
      "--rows <A:B>",
      "rows A to B - 1 only, counted from 0, as Python slices; cuts the other files too where they have as many rows as <data>",
      rowRangeParser("--rows"),
    )
    .optionsGroup("Method:")
    .option(
      "--variant <text>",
      'a map to compare, "name: key=value key=value"; give two or more (default: standard, sigma-aware)',
      (text: string, before: CompareVariant[] = []) => [...before, parseVariant(text)],
    )
    .option(
      "--k <n>",
      "size of the neighborhoods that are compared (default: 15, less for under 31 points)",
      integerParser("--k", 1),
    )
    .option(
      "--perplexity <x>",
      "effective number of neighbors (default: 30, less for under 91 points)",
      numberParser("--perplexity"),
    )
    .option("--iterations <n>", "steps of gradient descent (default: 1000)", integerParser("--iterations"))
    .option(
      "--distance <name>",
      `of the sigma-aware map: ${DISTANCES.filter((name) => name !== "euclidean").join(", ")} (default: inverse-variance)`,
    )
    .option(...distanceOptions.varianceFloor)
    .option("--method <name>", "barnes-hut, fft, exact or auto (default: auto)")
    .option("--theta <x>", "accuracy of Barnes-Hut, 0 (exact) to 1 (default: 0.5)", numberParser("--theta"))
    .option("--neighbors <how>", "exact, nn-descent or auto (default: auto)")
    .option("--output-dimensions <1|2|3>", "dimensions of the maps (default: 2)", integerParser("--output-dimensions"))
    .option("--init <how>", "pca, random, or a file of points x outputDimensions (default: pca)")
    .option("--seed <n>", "seed of the random numbers (default: 42)", integerParser("--seed"))
    .option("--threads <n>", "threads to use (default: all processors)", integerParser("--threads"))
    .optionsGroup("Output:")
    .requiredOption("-o, --output <folder>", "where the files go; an earlier comparison there is replaced")
    .option("--force", "write into a folder that holds something else, too")
    .option("--json", "print the content of metrics.json instead of sentences")
    .option("--quiet", "print nothing but errors, and --json")
    .addHelpText("after", guide)
    .action((mu: string, flags: CompareFlags) =>
      interruptible((signal) => withTypedNames(typedNames(mu, flags), () => run(mu, flags, signal))),
    );
}

async function run(mu: string, flags: CompareFlags, signal: AbortSignal): Promise<void> {
  const { output, force, quiet = false, labels: labelsFile } = flags;
  const initFile = flags.init === "pca" || flags.init === "random" ? undefined : flags.init;
  const options: CompareOptions = {
    variants: flags.variant,
    k: flags.k,
    perplexity: flags.perplexity,
    iterations: flags.iterations,
    distance: flags.distance,
    varianceFloor: flags.varianceFloor,
    method: flags.method,
    theta: flags.theta,
    neighbors: flags.neighbors,
    outputDimensions: flags.outputDimensions,
    init: initFile === undefined ? (flags.init as "pca" | "random" | undefined) : [],
    seed: flags.seed,
    threads: flags.threads,
  };
  // What does not depend on the data is checked before they are read; an empty matrix stands for one to come.
  const toCome = { ...options, sigma: flags.sigma === undefined ? undefined : [] };
  resolveCompareOptions(toCome, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  checkInputs({ "<data>": mu, "--sigma": flags.sigma, "--labels": labelsFile, "--init": initFile, "--output": output });
  await assertComparisonWritable(output, { force });
  const { data, sigma, init, labels } = await readInputs(
    { mu, sigma: flags.sigma, labels: labelsFile, init: initFile, rows: flags.rows },
    signal,
  );

  let display: ProgressDisplay | undefined;
  let work: string | undefined;
  const onProgress = (progress: CompareProgress) => {
    const heading = `${HEADINGS[progress.step]}: ${progress.name}`;
    if (heading !== work) {
      work = heading;
      display?.stop();
      display = createProgressDisplay(quiet, () => heading);
    }
    display?.update(progress);
  };
  const settings = { ...options, init: init ?? options.init, sigma, labels, signal, onProgress };
  const comparison = await compare(data, settings).finally(() => display?.stop());
  const title = flags.rows ? `${basename(mu)}, rows ${flags.rows.text}` : basename(mu);
  const metrics = await writeComparison(output, comparison, { labels, title, force, signal });
  if (flags.json) process.stdout.write(`${JSON.stringify({ output, ...metrics })}\n`);
  else if (!quiet) {
    const width = Math.min(process.stdout.columns ?? 80, 100);
    process.stdout.write(
      `${sentences(metrics, output)
        .map((text) => new Help().boxWrap(text, width))
        .join("\n")}\n`,
    );
  }
}

const HEADINGS: Record<CompareProgress["step"], string> = {
  map: "Map",
  quality: "Quality",
  neighborhoods: "Changed neighbors",
};

function sentences({ pairs, k, files }: ComparisonMetrics, output: string): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const lines = pairs.map(({ first, second, disparity, displacement, changed, uncertainty }) => {
    const facts = `${first} to ${second}: disparity ${disparity.toPrecision(3)}, median displacement ${displacement.median.toPrecision(2)} of the map's radius, ${percent(changed.mean)} of the ${k} nearest neighbors changed.`;
    const links = (["displacement", "changed"] as const).map((key) => {
      const found = uncertainty?.[key];
      return found
        ? `${found.rho.toFixed(2)} (95 % ${found.interval.map((end) => end.toFixed(2)).join(" to ")})`
        : "undefined";
    });
    return uncertainty
      ? `${facts} Rank correlation with mean sigma: displacement ${links[0]}, changed neighbors ${links[1]}.`
      : facts;
  });
  return [...lines, `Files in ${output}: ${files.join(", ")}. Open report.html.`];
}

/** @throws {ArgumentError} INVALID_ARGUMENT for anything but `name: key=value key=value` */
function parseVariant(text: string): CompareVariant {
  const reject = (accepted: string): never => {
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--variant", received: text, accepted });
  };
  const colon = text.indexOf(":");
  if (colon < 1) return reject('"name: key=value key=value"');
  const options: Record<string, string | number> = {};
  for (const word of text
    .slice(colon + 1)
    .split(/[\s,]+/)
    .filter(Boolean)) {
    const [, name = "", value = ""] = /^([^=]+)=(.+)$/.exec(word) ?? [];
    const setting = SETTINGS[name];
    if (!setting) return reject(`key=value with a key of ${Object.keys(SETTINGS).join(", ")}`);
    if (setting.key in options) return reject(`each key once, and ${name} comes twice`);
    const isText = setting.isText || (name === "learning-rate" && value === "auto");
    options[setting.key] = isText ? value : numberParser(`--variant ${name}`)(value);
  }
  return { name: text.slice(0, colon).trim(), options };
}

function typedNames(mu: string, flags: CompareFlags): TypedNames {
  const cut = flags.rows ? ` with --rows ${flags.rows.text}` : "";
  const names: Record<string, string | undefined> = {
    data: mu + cut,
    sigma: flags.sigma === undefined ? "--sigma" : flags.sigma + cut,
    init: flags.init && flags.init + cut,
    labels: flags.labels,
    variants: "--variant",
    path: "--output",
    k: "--k",
    outputDimensions: "--output-dimensions",
    seed: "--seed",
    threads: "--threads",
  };
  for (const [typed, { key }] of Object.entries(SETTINGS)) {
    names[key] = `--${typed}`;
    for (const i of (flags.variant ?? []).keys()) names[`variants[${i}].options.${key}`] = `--variant ${typed}`;
  }
  for (const i of (flags.variant ?? []).keys()) names[`variants[${i}].name`] = "the name of a --variant";
  return names;
}
