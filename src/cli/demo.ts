import { Command, Help } from "commander";
import type { DemoData, DemoProgress } from "../demo/index.js";
import { withTypedNames } from "./failure.js";
import { interruptible } from "./interruption.js";
import { createProgressDisplay, type ProgressDisplay } from "./progress.js";
import { integerParser } from "./values.js";

interface DemoFlags {
  output: string;
  data?: DemoData;
  points?: number;
  epochs?: number;
  seed?: number;
  threads?: number;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne demo
  $ sigma-tsne demo -o /tmp/demo --points 1000 --epochs 5 --seed 7
  $ sigma-tsne demo --data acquisitions

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne demo`: from made-up images to maps without and with uncertainty. */
export function createDemoCommand(): Command {
  return new Command("demo")
    .summary("see what standard deviations change")
    .description(
      "Simulate micrographs, train an autoencoder on them, embed its codes without and with their standard deviations, spread the map onto a grid, draw all of it and explain what the standard deviations change. Needs no files; takes about a minute.",
    )
    .option("-o, --output <folder>", "where the data, the maps and the pictures go", "sigma-tsne-demo")
    .option(
      "--data <codes|acquisitions>",
      "what is embedded: an autoencoder's codes, or means and standard errors of repeated acquisitions, in seconds (default: codes, where TensorFlow.js loads)",
    )
    .option("--points <n>", "how many images to make, 50 to 10000 (default: 2000)", integerParser("--points"))
    .option("--epochs <n>", "of the training, 1 to 1000 (default: 15)", integerParser("--epochs"))
    .option("--seed <n>", "seed of the random numbers (default: 42)", integerParser("--seed"))
    .option("--threads <n>", "threads to use (default: all processors)", integerParser("--threads"))
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print nothing but errors, and --json")
    .addHelpText("after", guide)
    .action((flags: DemoFlags) => {
      const names = {
        directory: "--output",
        data: "--data",
        count: "--points",
        epochs: "--epochs",
        seed: "--seed",
        threads: "--threads",
      };
      return interruptible((signal) => withTypedNames(names, () => demo(flags, signal)));
    });
}

const headings: Record<DemoProgress["part"], string> = {
  data: "Simulated micrographs",
  training: "A variational autoencoder learns them",
  comparison: "Maps of the codes, without and with their standard deviations",
  pictures: "Pictures",
  standard: "First map: the means alone",
  sigma: "Second map: the means with their standard deviations",
};

async function demo(flags: DemoFlags, signal: AbortSignal): Promise<void> {
  const { output: directory, data, points: count, epochs, seed, threads } = flags;
  const { runDemo } = await import("../demo/index.js");
  let display: ProgressDisplay | undefined;
  let part: DemoProgress["part"] | undefined;
  const onProgress = (progress: DemoProgress) => {
    if (progress.part !== part) {
      part = progress.part;
      display?.stop();
      display = createProgressDisplay(flags.quiet ?? false, () => headings[progress.part]);
    }
    display?.update(progress);
  };
  const summary = await runDemo({ directory, data, count, epochs, seed, threads, signal, onProgress }).finally(() =>
    display?.stop(),
  );
  if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else if (!flags.quiet) {
    const { explanation, withoutCodes, files, seconds } = summary;
    const fallback =
      withoutCodes === undefined ? [] : [`TensorFlow.js does not load, so there are no codes: ${withoutCodes}.`];
    const width = Math.min(process.stdout.columns ?? 80, 100);
    const help = new Help();
    const paragraphs = [...fallback, ...explanation].map((text) => help.boxWrap(text, width));
    const column = Math.max(...files.map(({ name }) => name.length)) + 4;
    const rows = files.map(({ name, content }) => {
      const wrapped = help.boxWrap(content, width - column);
      return `  ${name.padEnd(column - 2)}${wrapped.replaceAll("\n", `\n${" ".repeat(column)}`)}`;
    });
    const list = [`In ${directory}, after ${seconds.total.toFixed(0)} s:`, ...rows].join("\n");
    process.stdout.write(`${[...paragraphs, list].join("\n\n")}\n`);
  }
}
