import { resolve } from "node:path";
import { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { assertFolderWritable } from "../io/index.js";
import type { OptionValues } from "../options/index.js";
import { MODEL_COMPARISON_OPTIONS, MODEL_OPTIONS, TRAINING_OPTIONS } from "../vae/declarations/index.js";
import type { ComparedModel, Dataset, Model, ModelName, Run } from "../vae/index.js";
import { addDeclaredOptions } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { interruptible } from "./interruption.js";
import {
  addBackendOptions,
  addDatasetOptions,
  type BackendFlags,
  type DatasetFlags,
  datasetOptions,
  namesOf,
  noteSkipped,
  noteUnfinished,
  startBackend,
} from "./networks.js";
import { checkInputs } from "./paths.js";
import type { ProgressDisplay } from "./progress.js";

interface CompareModelsFlags
  extends BackendFlags,
    DatasetFlags,
    Pick<OptionValues<typeof MODEL_COMPARISON_OPTIONS>, "noise" | "draws" | "gridSize" | "seed" | "force"> {
  output: string;
  dataset?: string;
  models?: string[];
  runsDir: string;
  epochs?: number;
  zDim?: number;
  hiddenDim?: number;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne compare-models runs/vae runs/conv-vae runs/aae -o comparison
      Compare models that are already trained.
  $ sigma-tsne compare-models --dataset mnist --epochs 20 -o comparison
      All models, trained first with codes of two dimensions. Existing runs in
      the folder runs are continued, or used as they are if they are finished.
  $ sigma-tsne compare-models --models ae,vae,bnn-ae --limit 5000 -o small

The folder holds models.md and models.json with the table, reconstructions.png,
noisy-reconstructions.png, latent-scatter.png (principal components of more than
two dimensions) and latent-grids.png. The folder is written completely or not at
all.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne compare-models` measures several models and writes a table and pictures. */
export function createCompareModelsCommand(): Command {
  const command = new Command("compare-models")
    .usage("[runs...] -o <folder> [options]")
    .summary("compare several models in numbers and pictures")
    .description(
      "Measure models on the same test images, with clean and with noisy input, and draw them side by side. Without runs, the models are trained first.",
    )
    .argument("[runs...]", "folders of trainings, or of models")
    .requiredOption(
      "-o, --output <folder>",
      "folder for the table and the pictures; an earlier comparison in it is replaced",
    );
  addDeclaredOptions(command, MODEL_COMPARISON_OPTIONS, ["noise", "draws", "gridSize", "seed", "force"], {
    seed: { description: "seed of weights, training and draws (default: 42)" },
  })
    .option("--json", "print the content of models.json instead of the table")
    .option("--quiet", "print only errors and the results")
    .optionsGroup("Training, if no runs are given:")
    .option("--models <list>", "names separated by commas (default: all but micrograph-vae)", (text: string) =>
      text.split(","),
    )
    .option("--runs-dir <folder>", "folder for the runs", "runs");
  addDeclaredOptions(command, TRAINING_OPTIONS, ["epochs"], {
    epochs: { description: "number of passes over all images (default: 10)" },
  });
  addDeclaredOptions(command, MODEL_OPTIONS, ["zDim", "hiddenDim"], {
    zDim: { description: "dimensions of the codes (default: 2)" },
    hiddenDim: { description: "units of a dense layer (default: that of each model)" },
  })
    .optionsGroup("Data:")
    .option("--dataset <name|path>", "the images (default: the images of the first run, or micrographs)");
  addBackendOptions(addDatasetOptions(command)).addHelpText("after", guide);
  const names = namesOf(command, { "dataset.test": "the test images", path: "--output", model: "--models" });
  return command.action((runs: string[], flags: CompareModelsFlags) =>
    interruptible((signal) => withTypedNames(names, () => compareModels(runs, flags, signal))),
  );
}

async function compareModels(paths: readonly string[], flags: CompareModelsFlags, signal: AbortSignal): Promise<void> {
  const { output, noise, draws, gridSize, seed, force } = flags;
  checkInputs({ "--output": output, "--dataset": flags.dataset, "--runs-dir": flags.runsDir });
  if (paths.length > 0 && flags.models) {
    const accepted = "runs or --models, but not both";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--models", received: flags.models.join(","), accepted });
  }
  const folders = paths.map((path) => resolve(path));
  const repeated = paths.find((_, i) => folders.indexOf(folders[i]) < i);
  if (repeated !== undefined) {
    const message = `[runs...]: expected each run once, received ${repeated} more than once`;
    const facts = { argument: "[runs...]", received: repeated, accepted: "each run once", message };
    throw new ArgumentError("INVALID_ARGUMENT", facts);
  }
  const vae = await import("../vae/index.js");
  await assertFolderWritable(output, vae.modelComparisonFolder({ force }));
  const { display } = await startBackend(flags, flags.quiet);
  try {
    const runs: Run[] = [];
    for (const path of paths) {
      const run = await vae.openRun(path);
      noteUnfinished(run, display);
      runs.push(run);
    }
    const nameOrPath = flags.dataset ?? (runs.length > 0 ? undefined : "micrographs");
    const opened = datasetOptions(flags, { signal, display });
    const dataset = await vae.openRunDataset(runs[0] ?? { origin: undefined }, nameOrPath, opened);
    noteSkipped(dataset, display);
    try {
      const models = runs.length > 0 ? vae.nameRuns(runs) : await trainAll(vae, dataset, flags, { signal, display });
      const comparison = await vae.writeModelComparison(output, models, dataset, {
        noise,
        draws,
        gridSize,
        seed,
        force,
        signal,
        onProgress: (fraction, name) => display.update({ stage: "comparison", fraction, facts: [name] }),
      });
      display.stop();
      if (flags.json) process.stdout.write(`${JSON.stringify({ output, ...comparison })}\n`);
      else
        process.stdout.write(`${vae.modelTable(comparison)}\n\nFiles in ${output}: ${comparison.files.join(", ")}.\n`);
    } finally {
      await dataset.close();
    }
  } finally {
    display.stop();
  }
}

/** Builds and trains the requested models. */
async function trainAll(
  vae: typeof import("../vae/index.js"),
  dataset: Dataset,
  flags: CompareModelsFlags,
  { signal, display }: { signal: AbortSignal; display: ProgressDisplay },
): Promise<ComparedModel[]> {
  const { epochs = 10, zDim = 2, hiddenDim, seed, runsDir } = flags;
  const { height, width, channels } = dataset;
  const { likelihood, reason } = await vae.suitableLikelihood(dataset);
  display.note(`Likelihood ${likelihood}, ${reason}.`);
  // The loss of micrograph-vae has no likelihood to choose.
  const suits = (name: string) => (name === "micrograph-vae" ? undefined : likelihood);
  const build = (name: string): Model => {
    const settings = { height, width, channels, zDim, hiddenDim, seed, likelihood: suits(name) };
    const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
    return vae.createModel(name as ModelName, given as Parameters<typeof vae.createModel>[1]);
  };
  // micrograph-vae is for large images and codes of many dimensions.
  const models = (flags.models ?? vae.MODELS.filter((name) => name !== "micrograph-vae")).map(build);
  return vae.trainModels(models, dataset, {
    folder: runsDir,
    epochs,
    seed,
    signal,
    onStart: ({ name, parameterCount }, folder) => display.note(`${name}, ${parameterCount} parameters, in ${folder}`),
    onProgress: ({ name }, { epoch, step, steps, secondsLeft }) => {
      const facts = [name, `epoch ${epoch}/${epochs}`];
      display.update({ stage: "training", fraction: step / steps, secondsLeft, facts });
    },
  });
}
