import { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { SAMPLE_OPTIONS } from "../vae/declarations/index.js";
import { addDeclaredOptions } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { checkImageOutput, writeImages } from "./images.js";
import { interruptible } from "./interruption.js";
import { addBackendOptions, type BackendFlags, namesOf, withRun } from "./networks.js";
import { checkPaths } from "./paths.js";
import { integerParser } from "./values.js";

interface SampleFlags extends BackendFlags {
  output: string;
  count: number;
  cluster?: number;
  seed?: number;
  batchSize?: number;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne sample runs/vae -o samples.png
  $ sigma-tsne sample runs/vae -o samples.npy --count 10000 --seed 7
  $ sigma-tsne sample runs/gmvae -o fours.png --cluster 4
      Images from one component of a mixture.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne sample` generates images with a model. */
export function createSampleCommand(): Command {
  const command = new Command("sample")
    .usage("<run> -o <file> [options]")
    .summary("draw images from a model's prior")
    .description("Draw codes from the prior of a trained model and decode them into new images.")
    .argument("<run>", "folder of a training, or of a model")
    .requiredOption("-o, --output <file>", ".npy, n x height x width [x channels], or .png, one picture of all")
    .option("--count <n>", "number of images", integerParser("--count", 1), 100)
    .option("--cluster <k>", "mixtures: draw from this component only, counted from 0", integerParser("--cluster"));
  addDeclaredOptions(command, SAMPLE_OPTIONS, ["seed", "batchSize"])
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print only errors, and the output of --json");
  addBackendOptions(command).addHelpText("after", guide);
  const names = namesOf(command);
  return command.action((run: string, flags: SampleFlags) =>
    interruptible((signal) =>
      withTypedNames({ ...names, model: "<run>", images: "--count" }, () => sample(run, flags, signal)),
    ),
  );
}

async function sample(path: string, flags: SampleFlags, signal: AbortSignal): Promise<void> {
  const { output, count, cluster, seed, batchSize } = flags;
  checkImageOutput("--output", output);
  await checkPaths({ "--output": output }, { "<run>": path });
  await withRun(path, flags, async ({ vae, run: { model }, display }) => {
    const options = {
      seed,
      batchSize,
      signal,
      onProgress: (fraction: number) => display.update({ stage: "sampling", fraction }),
    };
    if (cluster !== undefined && !(model instanceof vae.Gmvae)) {
      const accepted = `to be left out for ${model.name}, which has no components`;
      throw new ArgumentError("INVALID_ARGUMENT", { argument: "--cluster", received: cluster, accepted });
    }
    const images =
      model instanceof vae.Gmvae
        ? await model.sample(count, { ...options, cluster })
        : await model.sample(count, options);
    const subtitle = cluster === undefined ? undefined : `Cluster ${cluster}`;
    await writeImages(output, images, model, { title: `Samples of ${model.name}`, subtitle, signal });
    display.stop();
    if (flags.json) process.stdout.write(`${JSON.stringify({ output, model: model.name, n: count })}\n`);
    else if (!flags.quiet) process.stdout.write(`${count} images in ${output}.\n`);
  });
}
