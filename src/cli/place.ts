import { Command } from "commander";
import { readLabels, readMatrix, writeMatrix } from "../io/index.js";
import { Tsne } from "../tsne/index.js";
import { withTypedNames } from "./failure.js";
import { checkLabels } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkMatrixOutput, checkPaths } from "./paths.js";
import { checkTableOutput, TABLE_FORMATS, writePointTable } from "./point-table.js";
import { createProgressDisplay } from "./progress.js";
import { integerParser, listParser, numberParser } from "./values.js";

interface PlaceFlags {
  output: string;
  sigma?: string;
  labels?: string;
  table?: string;
  perplexity?: number[];
  iterations?: number;
  threads?: number;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne place run.tsne new.npy --sigma new-sds.npy -o new-map.npy
      New points beside those of the map, in the same coordinates. The run is
      what an embed command with --save run.tsne has written.
  $ sigma-tsne place run.tsne new.npy -o new-map.npy --json --quiet | jq .n

Each new point is placed by itself: the same place whatever else is in the file.
A run that was made with --sigma needs that of the new points; the data must be
as wide as those of the run, and in the same units.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne place`: new points into the map of a saved run. */
export function createPlaceCommand(): Command {
  return new Command("place")
    .usage("<run> <new> -o <file> [options]")
    .summary("place new points into a map")
    .description(
      "Place new points into the map of a run that embed --save has written. The map stays as it is; each point goes where its nearest neighbours among the mapped ones are.",
    )
    .argument("<run>", "the run: the file of embed --save")
    .argument("<new>", "the new points, or their means: .npy, .csv, .tsv, .parquet or .arrow, a point a row")
    .option("--sigma <file>", "standard deviations of the new points, of the same shape")
    .option("--labels <file>", "labels of the new points for the --table, one a line")
    .option(
      "--perplexity <x[,x...]>",
      "effective number of neighbours (default: that of the run)",
      listParser(numberParser("--perplexity", "a number of 1 or more", (value) => value >= 1)),
    )
    .option(
      "--iterations <n>",
      "steps of descent at most; 0 leaves a point amid its neighbours (default: 100)",
      integerParser("--iterations"),
    )
    .option("--threads <n>", "threads to use (default: all processors)", integerParser("--threads"))
    .requiredOption("-o, --output <file>", "where their places go: .npy, .csv, .tsv, .parquet or .arrow")
    .option(
      "--table <file>",
      `their places, labels and divergences, how badly each fits, as one table: ${TABLE_FORMATS}`,
    )
    .option("--json", "print one JSON object instead of a sentence")
    .option("--quiet", "print nothing but errors, and --json")
    .addHelpText("after", guide)
    .action((run: string, data: string, flags: PlaceFlags) => {
      const names = {
        newMeans: data,
        sigma: flags.sigma ?? "--sigma",
        run,
        neighbors: run,
        perplexity: "--perplexity",
        iterations: "--iterations",
        threads: "--threads",
      };
      return interruptible((signal) => withTypedNames(names, () => place(run, data, flags, signal)));
    });
}

async function place(path: string, data: string, flags: PlaceFlags, signal: AbortSignal): Promise<void> {
  const begin = performance.now();
  const { output, perplexity, iterations, threads } = flags;
  checkMatrixOutput("--output", output);
  checkTableOutput("--table", flags.table);
  await checkPaths(
    { "--output": output, "--table": flags.table },
    { "<run>": path, "<new>": data, "--sigma": flags.sigma, "--labels": flags.labels },
  );
  const run = await Tsne.load(path, { threads, signal });
  const means = await readMatrix(data, { signal });
  const sigma = flags.sigma === undefined ? undefined : await readMatrix(flags.sigma, { signal });
  const labels = flags.labels === undefined ? undefined : await readLabels(flags.labels, { signal });
  if (labels && flags.labels !== undefined) checkLabels(labels, means.rows, flags.labels);
  const [n] = run.shape;
  const display = createProgressDisplay(
    flags.quiet ?? false,
    () => `${means.rows} points into the map of ${n}, ${run.options.distance} distance, threads ${run.options.threads}`,
  );
  const onProgress = ({ fraction }: { fraction: number }) => display.update({ stage: "placement", fraction });
  const result = await run
    .place(means, { sigma, perplexity, iterations, signal, onProgress })
    .finally(() => display.stop());
  await writeMatrix(output, result.embedding, { signal });
  if (flags.table !== undefined) {
    const { embedding: map, divergence } = result;
    await writePointTable(flags.table, { map, label: labels, columns: { divergence } }, signal);
  }
  const seconds = (performance.now() - begin) / 1000;
  if (flags.json) {
    const { rows, cols } = result.embedding;
    const divergence = rows > 0 ? result.divergence.reduce((sum, value) => sum + value, 0) / rows : null;
    process.stdout.write(
      `${JSON.stringify({
        n: rows,
        dims: cols,
        fitted: n,
        distance: run.options.distance,
        perplexity: perplexity ?? run.options.perplexity,
        mean_divergence: divergence,
        output,
        table: flags.table ?? null,
        seconds: Number(seconds.toFixed(6)),
      })}\n`,
    );
  } else if (!flags.quiet) {
    process.stdout.write(`${means.rows} points placed, written to ${output}: ${seconds.toFixed(1)} s.\n`);
  }
}
