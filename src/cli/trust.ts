import { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { flagsByName } from "../options/index.js";
import {
  describeGroups,
  describeTrust,
  type PerplexityComparison,
  TRUST_OPTIONS,
  type Trust,
  type TrustFinding,
  type TrustGroup,
  type TrustGroups,
  trust,
  trustColumns,
  writeTrustPage,
} from "../trust/index.js";
import { describePerplexity, TSNE_SETTINGS, Tsne } from "../tsne/index.js";
import { addColumnOptions, type ColumnFlags, DATA_FILES, DATASET_NAMES } from "./dataset-flags.js";
import { addDeclaredOptions, declaredOption } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { type Inputs, type PointFacts, readInputs, readPointLabels } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkPaths } from "./paths.js";
import { checkTableOutput, TABLE_FORMATS, writePointTable } from "./point-table.js";
import { createProgressDisplay } from "./progress.js";

interface TrustFlags extends ColumnFlags {
  output: string;
  page?: string;
  data?: string;
  labels?: string;
  perturbation?: number;
  draws?: number;
  groups?: true;
  reruns?: number;
  perplexities?: number[];
  seed?: number;
  threads?: number;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne trust run.tsne -o trust.csv
      The scores of each point as a table, and one sentence per score. The run
      was saved by an embed command with --save run.tsne.
  $ sigma-tsne trust run.tsne -o trust.csv --page trust.html
      A page as well: the map colored by each score, for any browser, offline.
  $ sigma-tsne trust run.tsne -o trust.csv --groups --labels labels.txt
      The groups of the map as well, and whether they and the classes of the
      labels hold when the embedding is made again.
  $ sigma-tsne trust run.tsne -o trust.csv --perplexities 5,10,30,100
      Embeddings with other perplexities, and scores to compare them.
  $ sigma-tsne trust run.tsne --data data.csv -o trust.parquet
      The same with the identifier, the labels and the metadata of data.csv.
  $ sigma-tsne trust run.tsne -o trust.csv --json --quiet | jq .reliability

The columns of the table:
  perturbation       how far the point jumps when its data move a little and it
                     is placed again, in units of the embedding
  singularity        how loosely the point is held, in squared units of the
                     embedding
  reliability        how well its neighborhood is kept: a correlation
  reliability_class  trustworthy, undecided or dubious
  doubts             how many of the scores fail their thresholds
  map_group          the group of the map that the point is in, with --groups
  map_group_verdict  stable, unstable or no evidence
  staying            share of its group that stays with the point in reruns
  displacement, var_x, cov_xy, var_y, share
                     how the draws of the point scatter, for runs with sigma

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne trust` reports for each point of a saved run whether its position can be trusted. */
export function createTrustCommand(): Command {
  const command = new Command("trust")
    .usage("<run> -o <file> [options]")
    .summary("report which points of an embedding can be trusted")
    .description(
      "Report which points of an embedding can be trusted: score each point of a run that embed --save has written, and explain each score in one sentence.",
    )
    .argument("<run>", "the run: the file of embed --save")
    .requiredOption("-o, --output <file>", `file for the scores of the points, as a table: ${TABLE_FORMATS}`)
    .option("--page <file>", "a page with the map colored by each score: .html")
    .option("--labels <file>", "labels of the points for the table and the page, one per line")
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print only errors, and the output of --json");
  addDeclaredOptions(command.optionsGroup("Method:"), TRUST_OPTIONS, [
    "perturbation",
    "draws",
    "groups",
    "reruns",
    "perplexities",
    "seed",
  ]);
  command
    .addOption(declaredOption(TSNE_SETTINGS, "threads"))
    .optionsGroup("Columns:")
    .option(
      "--data <file>",
      `the file that was embedded; its identifier, labels and metadata are copied into the table: ${DATA_FILES}`,
    );
  addColumnOptions(command, { sigma: false, lists: false, strict: false });
  return command.addHelpText("after", guide).action((run: string, flags: TrustFlags) => {
    const names = {
      ...flagsByName(TSNE_SETTINGS),
      ...flagsByName(TRUST_OPTIONS),
      ...DATASET_NAMES,
      run,
      data: flags.data,
      labels: flags.labels,
    };
    return interruptible((signal) => withTypedNames(names, () => reportTrust(run, flags, signal)));
  });
}

async function reportTrust(path: string, flags: TrustFlags, signal: AbortSignal): Promise<void> {
  const begin = performance.now();
  const { output, page, perturbation, draws, groups, reruns, perplexities, seed, threads } = flags;
  checkTableOutput("--output", output);
  if (page !== undefined && !page.toLowerCase().endsWith(".html")) {
    const accepted = "a file name that ends in .html";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--page", received: page, accepted });
  }
  checkColumnFlags(flags);
  if (reruns !== undefined && !groups) {
    const accepted = "to be left out without --groups, because only --groups uses reruns";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--reruns", received: reruns, accepted });
  }
  await checkPaths(
    { "--output": output, "--page": page },
    { "<run>": path, "--data": flags.data, "--labels": flags.labels },
  );
  const run = await Tsne.load(path, { threads, signal });
  const points = await readFacts(run.shape[0], flags, signal);
  const { distance, perplexity } = run.options;
  const display = createProgressDisplay(
    flags.quiet ?? false,
    () => `${path}: embedding of ${run.shape[0]} points, ${distance} distance, ${describePerplexity(perplexity)}`,
  );
  const onProgress = (progress: { stage: string; fraction: number }) => display.update(progress);
  const labels = labelsOf(points);
  const settings = { perturbation, draws, groups, reruns, labels: groups && labels, perplexities, seed };
  const report = await trust(run, { ...settings, signal, onProgress }).finally(() => display.stop());
  const { embedding, measurement } = report;
  await writePointTable(output, { embedding, points, columns: trustColumns(report), uncertainty: measurement }, signal);
  if (page !== undefined) await writeTrustPage(page, report, { title: path, labels, signal });
  const seconds = (performance.now() - begin) / 1000;
  const findings = describeTrust(report);
  if (flags.json) process.stdout.write(`${JSON.stringify(summarize(report, findings, { output, page, seconds }))}\n`);
  else if (!flags.quiet) {
    const lines = [
      ...findings.map(({ sentence }) => sentence),
      ...(report.groups ? describeGroups(report.groups).map((sentence) => `  ${sentence}`) : []),
      `Table of the points: ${output}.`,
      ...(page === undefined ? [] : [`Page: ${page}.`]),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  }
}

/** @throws {ArgumentError} INVALID_ARGUMENT for column flags without --data */
function checkColumnFlags(flags: TrustFlags): void {
  if (flags.data !== undefined) return;
  const { columns, exclude, idColumn, labelColumn, keep } = flags;
  const ofData = { columns, exclude, idColumn, labelColumn, keep };
  for (const [name, received] of Object.entries(ofData)) {
    if (received === undefined) continue;
    const accepted = "to be left out without --data, the file that contains these columns";
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: DATASET_NAMES[name] ?? "--label-column",
      received,
      accepted,
    });
  }
}

/** Reads facts about the points from --data and --labels. */
async function readFacts(n: number, flags: TrustFlags, signal: AbortSignal): Promise<PointFacts | undefined> {
  const { data, labels } = flags;
  if (data === undefined) {
    if (labels === undefined) return undefined;
    const typed = await readPointLabels(labels, n, signal);
    const facts = { identifier: undefined, labels: new Map(), metadata: new Map() };
    return { rows: n, kept: undefined, facts, labels: typed };
  }
  const inputs: Inputs = await readInputs({ ...flags, data }, signal);
  if (inputs.data.rows !== n) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument: "data",
      received: `${inputs.data.rows} rows`,
      accepted: `the ${n} points of the run, in the same order`,
    });
  }
  return inputs.points;
}

/** Returns the labels of the embedded points, from --labels or else from the first column of labels in --data. */
function labelsOf(points: PointFacts | undefined): readonly string[] | undefined {
  const all = points && (points.labels ?? [...points.facts.labels.values()][0]);
  return all && (points.kept ? Array.from(points.kept, (i) => all[i]) : all);
}

function summarize(
  report: Trust,
  findings: readonly TrustFinding[],
  { output, page, seconds }: { output: string; page: string | undefined; seconds: number },
) {
  const { perturbation, singularity, reliability, measurement, embedding, radius } = report;
  const finding = (score: TrustFinding["score"]) => findings.find((one) => one.score === score);
  const shared = (score: TrustFinding["score"]) => {
    const { flagged, threshold, sentence } = finding(score) as TrustFinding;
    // JSON cannot represent an infinite threshold.
    return { flagged, threshold: Number.isFinite(threshold) ? threshold : null, sentence };
  };
  const counted = (name: string) => reliability.classes.filter((one) => one === name).length;
  return {
    n: embedding.rows,
    output_dimensions: embedding.cols,
    radius,
    perturbation: perturbation
      ? { ...shared("perturbation"), length: perturbation.length, directions: perturbation.directions }
      : null,
    singularity: { ...shared("singularity"), repulsion: singularity.repulsion },
    reliability: {
      ...shared("reliability"),
      trustworthy_above: reliability.trustworthyAbove,
      trustworthy: counted("trustworthy"),
      undecided: counted("undecided"),
      permuted: reliability.permuted,
    },
    measurement: measurement
      ? { ...shared("measurement"), draws: measurement.draws, neighbors: measurement.neighbors }
      : null,
    doubts: shared("doubts"),
    perplexities: report.perplexities ? summarizePerplexities(report.perplexities) : null,
    groups: report.groups ? summarizeGroups(report.groups) : null,
    sentences: [...findings.map(({ sentence }) => sentence), ...(report.groups ? describeGroups(report.groups) : [])],
    output,
    page: page ?? null,
    seconds: Number(seconds.toFixed(6)),
  };
}

function summarizeGroups({ groups, labels, nullSeparations, reruns, draws }: TrustGroups) {
  const plain = ({ name, size, verdict, separation, reruns: again, draws: drawn }: TrustGroup) => ({
    name,
    size,
    verdict,
    separation: separation ?? null,
    reruns: again,
    draws: drawn ?? null,
  });
  return {
    reruns,
    draws,
    null_separations: Array.from(nullSeparations),
    groups: groups.map(plain),
    labels: labels.map(plain),
  };
}

function summarizePerplexities({ scores, elbow, lowestCriterion, bestRecovered }: PerplexityComparison) {
  return {
    scores: scores.map(({ singularity, recovered, ...others }) => ({
      ...others,
      // JSON cannot represent an infinite score.
      singularity: Number.isFinite(singularity) ? singularity : null,
      recovered: recovered ?? null,
    })),
    elbow: elbow ?? null,
    lowest_criterion: lowestCriterion,
    best_recovered: bestRecovered ?? null,
  };
}
