import { join } from "node:path";
import { Command } from "commander";
import { assertFolderWritable } from "../io/index.js";
import type { OptionValues } from "../options/index.js";
import { FIGURE_OPTIONS } from "../vae/declarations/index.js";
import { addDeclaredOptions } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { interruptible } from "./interruption.js";
import {
  addBackendOptions,
  addDatasetOptions,
  type BackendFlags,
  type DatasetFlags,
  namesOf,
  withDataset,
  withRun,
} from "./networks.js";
import { checkInputs } from "./paths.js";

interface FiguresFlags
  extends BackendFlags,
    DatasetFlags,
    Pick<OptionValues<typeof FIGURE_OPTIONS>, "noise" | "gridSize" | "seed" | "force"> {
  output?: string;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne figures runs/V_MNIST_bernoulli_20_400_1
      Draw the figures into the folder figures of the run.
  $ sigma-tsne figures runs/vae -o pictures --noise 0.4 --grid-size 30
  $ sigma-tsne figures runs/vae scans/ -o pictures --size 48
      Draw figures of images that are not part of the training data.

Figures:
  reconstructions, noisy-reconstructions
  latent-scatter         means of the codes, by class; the first two principal
                         components where there are more dimensions
  dimensions             which latent dimensions are active
  manifold               decoded at Gaussian quantiles of the two dimensions
                         that carry most
  latent-grid            decoded at equal distances over the range of the codes
  samples                from the prior (models with one)
  clusters               samples of every component (mixtures)
figures.json lists them, with the measures of the dimensions.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne figures` draws what a trained model has learned. */
export function createFiguresCommand(): Command {
  const command = new Command("figures")
    .usage("<run> [data] [options]")
    .summary("draw what a trained model has learned")
    .description(
      "Draw a trained model on test images: reconstructions from clean and noisy input, codes, active dimensions, the manifold and samples.",
    )
    .argument("<run>", "folder of a training, or of a model")
    .argument("[data]", "name or path of a data set (default: that of the training)")
    .option(
      "-o, --output <folder>",
      "folder for the figures; earlier figures in it are replaced (default: figures in the run)",
    );
  addDeclaredOptions(command, FIGURE_OPTIONS, ["noise", "gridSize", "seed", "force"])
    .option("--json", "print the content of figures.json instead of sentences")
    .option("--quiet", "print only errors, and the output of --json")
    .optionsGroup("Data:");
  addBackendOptions(addDatasetOptions(command)).addHelpText("after", guide);
  const names = namesOf(command);
  return command.action((run: string, data: string | undefined, flags: FiguresFlags) =>
    interruptible((signal) =>
      withTypedNames({ ...names, "dataset.test": data ?? "the data", dataset: "[data]", folder: "--output" }, () =>
        draw(run, data, flags, signal),
      ),
    ),
  );
}

async function draw(path: string, data: string | undefined, flags: FiguresFlags, signal: AbortSignal): Promise<void> {
  const { output = join(path, "figures"), noise, gridSize, seed, force } = flags;
  checkInputs({ "<run>": path, "[data]": data, "--output": output });
  await withRun(path, flags, async (opened) => {
    const { vae, run, display } = opened;
    await withTypedNames({ path: "--output" }, () => assertFolderWritable(output, vae.figuresFolder({ force })));
    await withDataset(opened, data, flags, signal, async (dataset) => {
      const figures = await vae.writeFigures(output, run.model, dataset, {
        noise,
        gridSize,
        seed,
        force,
        signal,
        onProgress: (fraction) => display.update({ stage: "figures", fraction }),
      });
      display.stop();
      if (flags.json) process.stdout.write(`${JSON.stringify({ output, ...figures })}\n`);
      else if (!flags.quiet) {
        const { count, dimensions, files } = figures;
        process.stdout.write(
          `Figures of ${figures.model} on ${count} test images of ${figures.dataset} in ${output}: ${files.join(", ")}. ${dimensions.activeCount} of ${dimensions.varianceOfMeans.length} latent dimensions are active.\n`,
        );
      }
    });
  });
}
