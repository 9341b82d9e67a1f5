import { basename } from "node:path";
import { ArgumentError } from "../errors.js";
import { openRows, type RowReader, readLabels, writeFileAtomic, writeMatrix } from "../io/index.js";
import {
  describePerplexity,
  type EmbedSampleOptions,
  embedSample,
  type FillingProgress,
  resolveTsneOptions,
  type SampledMap,
  type TsneOptions,
  type TsneProgress,
} from "../tsne/index.js";
import type { EmbedFlags } from "./embed.js";
import { checkLabels } from "./inputs.js";
import { checkMatrixOutput, checkPaths } from "./paths.js";
import { preparePicture } from "./picture.js";
import { checkTableOutput, writePointTable } from "./point-table.js";
import { createProgressDisplay } from "./progress.js";

/** `sigma-tsne embed --sample`: the map of landmarks, with the points placed into it. */
export async function embedSampled(
  mu: string,
  flags: EmbedFlags & { sample: number },
  options: TsneOptions,
  signal: AbortSignal,
): Promise<void> {
  const begin = performance.now();
  refuseOthers(flags);
  const { sample } = flags;
  // What the command has of these are names: files are refused above.
  const { onSnapshot: _, snapshotEvery: __, neighbors: ___, sigma: ____, init, ...others } = options;
  const settings = { ...others, init: init as EmbedSampleOptions["init"] };
  checkMatrixOutput("--output", flags.output);
  checkTableOutput("--table", flags.table);
  const draw = flags.plot === undefined ? undefined : await preparePicture("--plot", flags.plot);
  await checkPaths(
    { "--output": flags.output, "--plot": flags.plot, "--table": flags.table, "--save": flags.save },
    { "<data>": mu, "--sigma": flags.sigma, "--labels": flags.labels },
  );
  const opened: RowReader[] = [];
  const open = async (path: string, column: string | undefined) => {
    const source = await openRows(path, { column, signal });
    opened.push(source);
    return source;
  };
  const embedAll = async (data: RowReader, sigma: RowReader | undefined): Promise<SampledMap> => {
    const display = createProgressDisplay(flags.quiet ?? false, () => {
      const { distance, perplexity, threads } = resolveTsneOptions(
        { ...settings, sigma: sigma && [] },
        sample,
        data.cols,
      );
      return `${data.rows} points x ${data.cols} values, fitted through ${sample} landmarks, ${distance} distance, ${describePerplexity(perplexity)}, threads ${threads}`;
    });
    const onProgress = (progress: TsneProgress) => display.update(progress);
    const onFilling = (progress: FillingProgress) => display.update(progress);
    return embedSample(data, { ...settings, sample, sigma, signal, onProgress, onFilling }).finally(() =>
      display.stop(),
    );
  };
  try {
    const data = await open(mu, flags.meanColumn);
    const sigma = flags.sigma === undefined ? undefined : await open(flags.sigma, flags.sigmaColumn);
    const labels = flags.labels === undefined ? undefined : await readLabels(flags.labels, { signal });
    if (labels && flags.labels !== undefined) checkLabels(labels, data.rows, flags.labels);
    const { embedding, divergence, run, result } = await embedAll(data, sigma);
    const { distance, perplexity, outputDimensions, threads, seed } = result.options;
    const about = `${data.rows} points, fitted through ${sample} landmarks, ${distance} distance, ${describePerplexity(perplexity)}`;
    // Drawn before anything is written, so that an interruption leaves both files or none.
    const picture = await draw?.(embedding, { labels, title: basename(mu), subtitle: about });
    signal.throwIfAborted();
    await writeMatrix(flags.output, embedding, { signal });
    if (flags.table !== undefined) {
      await writePointTable(flags.table, { map: embedding, label: labels, columns: { divergence } }, signal);
    }
    if (flags.save !== undefined) await run.save(flags.save, { signal });
    if (flags.plot !== undefined && picture) await writeFileAtomic(flags.plot, picture);
    const seconds = (performance.now() - begin) / 1000;
    if (flags.json) {
      const files = {
        output: flags.output,
        plot: flags.plot ?? null,
        table: flags.table ?? null,
        save: flags.save ?? null,
      };
      const fitted = { fitted: sample, kl: result.kl, iterations: result.iterations, method: result.method };
      const set = { distance, perplexity, threads, seed };
      const all = {
        n: data.rows,
        outputDimensions,
        d: data.cols,
        ...fitted,
        ...set,
        ...files,
        seconds: Number(seconds.toFixed(6)),
      };
      process.stdout.write(`${JSON.stringify(all)}\n`);
    } else if (!flags.quiet) {
      process.stdout.write(
        `Map of ${data.rows} points written to ${flags.output}: ${sample} landmarks fitted, KL ${result.kl.toFixed(4)} after ${result.iterations} iterations, all points placed, ${seconds.toFixed(1)} s.\n`,
      );
    }
  } finally {
    for (const source of opened) await source.close();
  }
}

/** @throws {ArgumentError} INVALID_ARGUMENT for what only a map that is fitted as a whole has */
function refuseOthers(flags: EmbedFlags): void {
  const others = {
    "--rows": flags.rows?.text,
    "--neighbors": flags.neighbors,
    "--neighbor-distances": flags.neighborDistances,
    "--neighbor-table": flags.neighborTable,
    "--uncertainty": flags.uncertainty,
    "--animate": flags.animate,
    "--snapshots": flags.snapshots,
    "--init": flags.init === "pca" || flags.init === "random" ? undefined : flags.init,
  };
  for (const [argument, received] of Object.entries(others)) {
    if (received === undefined) continue;
    const accepted = argument === "--init" ? "pca or random with --sample" : "to be left out with --sample";
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
  }
}
