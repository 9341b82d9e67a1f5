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
import { inputName, type Table, type TableColumn, takeFacts } from "../io/index.js";
import { flagsByName, hyphenated } from "../options/index.js";
import { COVARIANCE_OPTIONS, DISTANCES, TSNE_SETTINGS } from "../tsne/index.js";
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
import { type TypedNames, withTypedNames } from "./failure.js";
import { describeInputs, type Inputs, readInputs, sigmaPath } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkInputs } from "./paths.js";
import { createProgressDisplay, type ProgressDisplay } from "./progress.js";
import { integerParser, type RowRange, rowRangeParser } from "./values.js";

interface CompareFlags extends VariantOptions, ColumnFlags, PreparationFlags {
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

type Setting = keyof typeof TSNE_SETTINGS;

/** Settings that all maps of a comparison share. A variant cannot change them. */
const SHARED: readonly Setting[] = [...COVARIANCE_OPTIONS, "sigma", "init", "seed", "outputDimensions", "threads"];
const SETTINGS = (Object.keys(TSNE_SETTINGS) as Setting[]).filter((name) => !SHARED.includes(name));
/** Flags that apply to all maps. */
const FLAGS = ["perplexity", "iterations", "distance", "varianceFloor", "method", "theta", "neighbors"] as const;

const SETTING_LIST = new Help().boxWrap(SETTINGS.map(hyphenated).join(", "), 76).replaceAll(/^/gm, "  ");

const guide = `
Examples:
  $ sigma-tsne compare means.npy --sigma sigma.npy -o comparison
      The standard and the sigma-aware map. Open comparison/report.html.
  $ sigma-tsne compare means.npy --sigma sigma.npy --labels labels.txt -o out \\
      --perplexity 50 --rows :5000
      Colored by label; the first 5000 rows only.
  $ sigma-tsne compare data.csv -o perplexities \\
      --variant "fine: perplexity=10" --variant "coarse: perplexity=100"
      Maps with two perplexities, without standard deviations.
  $ sigma-tsne compare means.npy --sigma sigma.npy -o out --json --quiet \\
      | jq .pairs[0].disparity

All maps have the same initial embedding and seed, so differences come from the
settings. They are aligned to the first by translation, rotation, reflection and
scale. The folder then holds report.html (needs no network), comparison.png,
metrics.json, changes.csv (one row per point), displacement.npy and the aligned
maps, in which rows that --missing drop left out are NaN. The folder is written
completely or not at all. Row 0 is the first row of --rows.

Settings of a --variant:
${SETTING_LIST}

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne compare` computes several maps of a matrix and reports how they differ. */
export function createCompareCommand(): Command {
  const command = new Command("compare")
    .usage("<data> --sigma <file> -o <folder> [options]")
    .summary("compare maps without and with standard deviations, or with other settings")
    .description(
      "Compute maps of the same data without and with standard deviations, or with several settings, and report what changes: which points move, which points get other neighbors, and whether these points are the uncertain ones.",
    )
    .argument("<data>", `the data, or their means, one point per row: ${DATA_FILES}`)
    .optionsGroup("Input:")
    .option(
      "--sigma <file>",
      "standard deviations of the data: a file of the same shape, with one number per column (1 x d) or one per point (n x 1), or a single number (default: columns of the data)",
    )
    .option("--labels <file>", "labels that color the maps, one per line (default: the labels of the data)")
    .option(
      "--rows <A:B>",
      "use only rows A to B - 1, counted from 0, like a slice in Python; the same rows are taken from other files with as many rows as <data>",
      rowRangeParser("--rows"),
    );
  addColumnOptions(command.optionsGroup("Columns:"));
  addPreparationOptions(command.optionsGroup("Preparation:"));
  addMethodOptions(command.optionsGroup("Method:"));
  return command
    .optionsGroup("Output:")
    .requiredOption("-o, --output <folder>", "folder for the files; an earlier comparison in it is replaced")
    .option("--force", "write even if the folder contains other files")
    .option("--json", "print the content of metrics.json instead of sentences")
    .option("--quiet", "print only errors, and the output of --json")
    .addHelpText("after", guide)
    .action((data: string, typed: CompareFlags) =>
      interruptible(async (signal) => {
        const flags = await withSigmaPath(data, typed);
        await withTypedNames(typedNames(data, flags), () => run(data, flags, signal));
      }),
    );
}

function addMethodOptions(command: Command): void {
  command
    .option(
      "--variant <text>",
      'a map to compare, "name: key=value key=value"; give two or more (default: standard, sigma-aware)',
      (text: string, before: CompareVariant[] = []) => [...before, parseVariant(text)],
    )
    .option(
      "--k <n>",
      "number of nearest neighbors that are compared (default: 15, or less for fewer than 31 points)",
      integerParser("--k", 1),
    );
  const aware = DISTANCES.filter((name) => name !== "euclidean").join(", ");
  addDeclaredOptions(command, TSNE_SETTINGS, [...FLAGS, "outputDimensions", "init", "seed", "threads"], {
    distance: { description: `distance of the sigma-aware map: ${aware} (default: inverse-variance)` },
  });
}

async function run(path: string, flags: CompareFlags, signal: AbortSignal): Promise<void> {
  const { output, force, quiet = false, json } = flags;
  const options = libraryOptions(flags);
  await checkBeforeReading(path, flags, options);
  const inputs = await readInputs({ ...flags, data: path, init: initFile(flags) }, signal);
  const { data, sigma, init, labels } = inputs;
  const display = createStepDisplay(quiet, describeInputs(path, inputs));
  const settings = { ...options, init: init ?? options.init, sigma, labels, signal, onProgress: display.update };
  const comparison = await compare(data, settings).finally(() => display.stop());
  const title = flags.rows ? `${basename(inputName(path))}, rows ${flags.rows.text}` : basename(inputName(path));
  const metrics = await writeComparison(output, comparison, { labels, ...factsOf(inputs), title, force, signal });
  if (json)
    process.stdout.write(`${JSON.stringify({ output, columns: inputs.report, notes: inputs.notes, ...metrics })}\n`);
  else if (!quiet) {
    const width = Math.min(process.stdout.columns ?? 80, 100);
    const lines = sentences(metrics, output).map((text) => new Help().boxWrap(text, width));
    process.stdout.write(`${lines.join("\n")}\n`);
  }
}

/** Returns the row of each point in its file, and the identifier, further labels and kept columns. */
function factsOf({ points }: Inputs): { rows: Int32Array | undefined; fileRows: number; columns: Table } {
  const { kept, facts, rows } = points;
  const { identifier, labels, metadata } = kept ? takeFacts(facts, kept) : facts;
  const columns = new Map<string, TableColumn>([
    ...(identifier ? [[identifier.name, identifier.values] as const] : []),
    ...[...labels].slice(points.labels ? 0 : 1),
    ...metadata,
  ]);
  return { rows: kept, fileRows: rows, columns };
}

const initFile = ({ init }: CompareFlags): string | undefined =>
  init === "pca" || init === "random" ? undefined : init;

/**
 * Converts the flags to options of the library. An empty matrix stands for an initial embedding that is read from a
 * file later.
 */
function libraryOptions(flags: CompareFlags): CompareOptions {
  const { variant, k, outputDimensions, seed, threads } = flags;
  const shared = Object.fromEntries(FLAGS.map((name) => [name, flags[name]])) as VariantOptions;
  const init = initFile(flags) === undefined ? (flags.init as "pca" | "random" | undefined) : [];
  return { ...shared, variants: variant, k, outputDimensions, init, seed, threads };
}

/** Checks everything that does not depend on the data. */
async function checkBeforeReading(data: string, flags: CompareFlags, options: CompareOptions): Promise<void> {
  const expected = { ...options, sigma: flags.sigma === undefined ? undefined : [] };
  resolveCompareOptions(expected, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const { sigma, labels, output, force } = flags;
  const init = initFile(flags);
  checkInputs({ "<data>": data, "--sigma": sigmaPath(sigma), "--labels": labels, "--init": init, "--output": output });
  await assertComparisonWritable(output, { force });
}

/** Displays progress with a new heading for each step. */
function createStepDisplay(
  quiet: boolean,
  description: string,
): { update(progress: CompareProgress): void; stop(): void } {
  let display: ProgressDisplay | undefined;
  let shown: string | undefined;
  return {
    update(progress) {
      const heading = `${HEADINGS[progress.step]}: ${progress.name}`;
      if (heading !== shown) {
        const facts = shown === undefined ? `${description}${heading}` : heading;
        shown = heading;
        display?.stop();
        display = createProgressDisplay(quiet, () => facts);
      }
      display?.update(progress);
    },
    stop: () => display?.stop(),
  };
}

const HEADINGS: Record<CompareProgress["step"], string> = {
  embedding: "Embedding",
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
        : "none, because all values are equal";
    });
    return uncertainty
      ? `${facts} Rank correlation of a point's mean sigma with its displacement: ${links[0]}; with its changed neighbors: ${links[1]}.`
      : facts;
  });
  return [...lines, `Files in ${output}: ${files.join(", ")}. Open report.html.`];
}

/** @throws {ArgumentError} INVALID_ARGUMENT if the text does not have the form `name: key=value key=value` */
function parseVariant(text: string): CompareVariant {
  const reject = (accepted: string): never => {
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--variant", received: text, accepted });
  };
  const colon = text.indexOf(":");
  if (colon < 1) return reject('"name: key=value key=value"');
  const options: Record<string, unknown> = {};
  const words = text.slice(colon + 1).split(/[\s,]+/);
  for (const word of words.filter(Boolean)) {
    const [, key = "", value = ""] = /^([^=]+)=(.+)$/.exec(word) ?? [];
    const name = SETTINGS.find((setting) => hyphenated(setting) === key);
    if (name === undefined)
      return reject(`settings key=value with one of the keys ${SETTINGS.map(hyphenated).join(", ")}`);
    if (name in options) return reject(`each key only once, but ${key} is given twice`);
    options[name] = TSNE_SETTINGS[name].parse(value, `--variant ${key}`);
  }
  return { name: text.slice(0, colon).trim(), options };
}

/** Returns the command-line name of each argument of the library. */
function typedNames(data: string, flags: CompareFlags): TypedNames {
  const cut = flags.rows ? ` with --rows ${flags.rows.text}` : "";
  const names: Record<string, string | undefined> = {
    ...flagsByName(TSNE_SETTINGS),
    ...DATASET_NAMES,
    data: data + cut,
    sigma: flags.sigma === undefined ? "--sigma" : flags.sigma + cut,
    init: flags.init && flags.init + cut,
    labels: flags.labels,
    variants: "--variant",
    path: "--output",
    k: "--k",
  };
  for (const i of (flags.variant ?? []).keys()) {
    names[`variants[${i}].name`] = "the name of a --variant";
    for (const name of SETTINGS) names[`variants[${i}].options.${name}`] = `--variant ${hyphenated(name)}`;
  }
  return names;
}
