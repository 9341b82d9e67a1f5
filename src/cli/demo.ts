import { Command, Help } from "commander";
import type { DemoProgress } from "../demo/index.js";
import { withTypedNames } from "./failure.js";
import { interruptible } from "./interruption.js";
import { createProgressDisplay, type ProgressDisplay } from "./progress.js";
import { integerParser } from "./values.js";

interface DemoFlags {
  output: string;
  points?: number;
  seed?: number;
  threads?: number;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne demo
  $ sigma-tsne demo -o /tmp/demo --points 1000 --seed 7

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne demo`: made-up data with known uncertainty, and their maps without and with it. */
export function createDemoCommand(): Command {
  return new Command("demo")
    .summary("see what standard deviations change")
    .description(
      "Simulate micrographs that were acquired several times at different doses, embed them without and with their standard deviations, draw both maps side by side and explain the difference. Needs no files.",
    )
    .option("-o, --output <folder>", "where the data, the maps and the pictures go", "sigma-tsne-demo")
    .option("--points <n>", "how many images to make, 50 to 10000 (default: 2000)", integerParser("--points"))
    .option("--seed <n>", "seed of the random numbers (default: 42)", integerParser("--seed"))
    .option("--threads <n>", "threads to use (default: all processors)", integerParser("--threads"))
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print nothing but errors, and --json")
    .addHelpText("after", guide)
    .action((flags: DemoFlags) => {
      const names = { directory: "--output", count: "--points", seed: "--seed", threads: "--threads" };
      return interruptible((signal) => withTypedNames(names, () => demo(flags, signal)));
    });
}

const headings: Record<DemoProgress["part"], string> = {
  data: "Simulated micrographs, each scene acquired several times",
  standard: "First map: the means alone",
  sigma: "Second map: the means with their standard deviations",
};

async function demo(flags: DemoFlags, signal: AbortSignal): Promise<void> {
  const { output: directory, points: count, seed, threads } = flags;
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
  const summary = await runDemo({ directory, count, seed, threads, signal, onProgress }).finally(() => display?.stop());
  if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else if (!flags.quiet) {
    const paragraphs = [...summary.explanation, `Files in ${directory}: ${summary.files.join(", ")}.`];
    const width = Math.min(process.stdout.columns ?? 80, 100);
    process.stdout.write(`${paragraphs.map((text) => new Help().boxWrap(text, width)).join("\n\n")}\n`);
  }
}
