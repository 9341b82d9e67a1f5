import { Command, Help } from "commander";
import type { DemoData, DemoModel, DemoProgress } from "../demo/index.js";
import { withTypedNames } from "./failure.js";
import { interruptible } from "./interruption.js";
import { createProgressDisplay, type ProgressDisplay } from "./progress.js";
import { integerParser } from "./values.js";

interface DemoFlags {
  output: string;
  data?: DemoData;
  model?: DemoModel;
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
      The same micrographs embedded without and with their measured errors.
  $ sigma-tsne demo -o /tmp/demo --points 1000 --seed 7
  $ sigma-tsne demo --data codes -o codes --epochs 5
      Embed the codes of an autoencoder. Its sigma is not a measured error.
  $ sigma-tsne demo --data codes --model micrograph-vae -o micrograph-codes
      Use the convolutional autoencoder for micrographs instead.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne demo` simulates images and computes maps of them without and with uncertainty. */
export function createDemoCommand(): Command {
  return new Command("demo")
    .summary("show on simulated images what standard deviations change")
    .description(
      "Simulate micrographs that are acquired several times at different doses, embed their means without and with their standard errors, draw both maps and explain what the errors change, measured against the known truth. Needs no files; takes less than a minute. With --data codes: train an autoencoder on the micrographs, embed its codes, spread the map onto a grid and draw all of it.",
    )
    .option("-o, --output <folder>", "folder for the data, the maps and the pictures", "sigma-tsne-demo")
    .option(
      "--data <acquisitions|codes>",
      "data to embed: means and standard errors of repeated acquisitions, or the codes of an autoencoder (default: acquisitions)",
    )
    .option(
      "--model <vae|micrograph-vae>",
      "with --data codes: a small dense autoencoder, or the convolutional one for micrographs, which takes several minutes (default: vae)",
    )
    .option("--points <n>", "number of images to simulate, 50 to 10000 (default: 2000)", integerParser("--points"))
    .option(
      "--epochs <n>",
      "epochs of the training with --data codes, 1 to 1000 (default: 15; 40 for micrograph-vae)",
      integerParser("--epochs"),
    )
    .option("--seed <n>", "seed of the random numbers (default: 42)", integerParser("--seed"))
    .option("--threads <n>", "threads to use (default: all processors)", integerParser("--threads"))
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print only errors, and the output of --json")
    .addHelpText("after", guide)
    .action((flags: DemoFlags) => {
      const names = {
        directory: "--output",
        data: "--data",
        model: "--model",
        count: "--points",
        epochs: "--epochs",
        seed: "--seed",
        threads: "--threads",
      };
      return interruptible((signal) => withTypedNames(names, () => demo(flags, signal)));
    });
}

/** Text that points to the second part of the demo after the first. */
const secondAct = (data: DemoData, width: number): string[] => {
  if (data === "codes") return [];
  const text =
    "Next: sigma-tsne demo --data codes -o codes trains an autoencoder on the same micrographs. The standard deviations of its codes are the widths of the codes, not errors that were measured, and make no clear difference.";
  return [new Help().boxWrap(text, width)];
};

const headings: Record<DemoProgress["part"], string> = {
  data: "Simulated micrographs",
  training: "A variational autoencoder learns them",
  comparison: "Maps of the codes, without and with their standard deviations",
  pictures: "Pictures",
  standard: "First map: the means alone",
  sigma: "Second map: the means with their standard deviations",
};

async function demo(flags: DemoFlags, signal: AbortSignal): Promise<void> {
  const { output: directory, data, model, points: count, epochs, seed, threads } = flags;
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
  const summary = await runDemo({ directory, data, model, count, epochs, seed, threads, signal, onProgress }).finally(
    () => display?.stop(),
  );
  if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else if (!flags.quiet) {
    const { explanation, files, seconds } = summary;
    const width = Math.min(process.stdout.columns ?? 80, 100);
    const help = new Help();
    const paragraphs = explanation.map((text) => help.boxWrap(text, width));
    const column = Math.max(...files.map(({ name }) => name.length)) + 4;
    const rows = files.map(({ name, content }) => {
      const wrapped = help.boxWrap(content, width - column);
      return `  ${name.padEnd(column - 2)}${wrapped.replaceAll("\n", `\n${" ".repeat(column)}`)}`;
    });
    const list = [`In ${directory}, after ${seconds.total.toFixed(0)} s:`, ...rows].join("\n");
    process.stdout.write(`${[...paragraphs, list, ...secondAct(summary.data, width)].join("\n\n")}\n`);
  }
}
