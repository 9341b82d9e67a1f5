import { join } from "node:path";
import { Command } from "commander";
import { ArgumentError, SigmaTsneError } from "../errors.js";
import type { EpochRecord, LossParts, ModelName, ModelOptions, TrainingProgress, TrainOptions } from "../vae/index.js";
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
  startBackend,
} from "./networks.js";
import { checkInputs } from "./paths.js";
import { integerParser, listParser, numberParser } from "./values.js";

/** Options of a model that are typed as they are called. */
const MODEL_OPTIONS = [
  "zDim",
  "wDim",
  "clusters",
  "hiddenDim",
  "numLayers",
  "filters",
  "kernelSize",
  "dropout",
  "likelihood",
  "outputVariance",
  "beta",
  "priorSigma",
  "pretrainEpochs",
  "refineEpochs",
  "gradientLoss",
  "regularizer",
  "experiment",
] as const;

type ModelFlags = Partial<Record<(typeof MODEL_OPTIONS)[number], number | string | boolean | number[]>>;

interface TrainFlags extends ModelFlags, BackendFlags, DatasetFlags {
  model: string;
  dataset: string;
  runDir?: string;
  extra?: string;
  epochs?: number;
  maxSteps?: number;
  batchSize?: number;
  learningRate?: number;
  schedule?: TrainOptions["schedule"];
  beta1Decay?: boolean;
  augmentation?: TrainOptions["augmentation"];
  klWarmup?: number;
  noise?: number;
  binarize?: true;
  earlyStopping?: true;
  patience?: number;
  leastImprovement?: number;
  checkpointEvery?: number;
  seed?: number;
  resume?: true;
  summary?: boolean;
  figures?: true;
  json?: true;
  quiet?: true;
}

const guide = `
Models:
  ae, conv-ae            plain autoencoders
  vae, conv-vae          variational (Kingma & Welling 2014)
  gmvae, conv-gmvae      Gaussian mixture (Dilokthanakul et al. 2016)
  bnn-ae, conv-bnn-ae    Bayesian weights (Blundell et al. 2015)
  bnn-vae                Bayesian weights and a variational code
  bnn-vae-artificial     Bayesian weights and a sampled code
  aae                    adversarial (Makhzani et al. 2015)
  micrograph-vae         for micrographs (Ede 2020)

Data sets:
  micrographs (simulated, needs no download), mnist, fashion-mnist, frey, or a
  path: a folder of images, or a .npy or IDX file (n x height x width [x
  channels]).

Examples:
  $ sigma-tsne train --epochs 5
      A variational autoencoder of simulated micrographs, in seconds.
  $ sigma-tsne train --batch-size 32 --figures
      More steps, which few images need, and pictures at the end.
  $ sigma-tsne train --model vae --dataset fashion-mnist --epochs 10 \\
      --z-dim 3 --noise 0.2
      A fifth of the input's values is corrupted; the clean image is asked for.
  $ sigma-tsne train --model gmvae --dataset mnist --output-variance 0.001 --z-dim 8 \\
      --w-dim 2 --clusters 10 --early-stopping
  $ sigma-tsne train --model micrograph-vae --dataset scans/ --size 96 \\
      --experiment 4
  $ sigma-tsne train --model vae --dataset mnist --epochs 40 --resume
      Goes on with the training in the same folder, exactly as if it had never
      been stopped.

The run's folder holds config.json, metrics.json, model/ (whose networks stock
TensorFlow.js loads), checkpoint/, logs/ for "tensorboard --logdir" and, with
--figures or by the command figures, figures/. Its default name is runs/ and, as
in GMV_MNIST_0001_8_2_10_64_2, the model, the data set, the output variance, the dimensions of
z, and of w and the clusters for mixtures, units and layers. Ctrl-C keeps a
checkpoint.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne train`: images to an autoencoder in a run's folder. */
export function createTrainCommand(): Command {
  const command = new Command("train")
    .summary("train an autoencoder on images")
    .description("Train an autoencoder, whose codes have means and, for most models, standard deviations.")
    .optionsGroup("Data:")
    .option("--dataset <name|path>", "the images", "micrographs");
  addDatasetOptions(command)
    .optionsGroup("Model (what each has for default: sigma-tsne/vae):")
    .option("--model <name>", "which model", "vae")
    .option("--z-dim <n>", "dimensions of the code", integerParser("--z-dim"))
    .option("--hidden-dim <n>", "units of a dense layer", integerParser("--hidden-dim"))
    .option("--num-layers <n>", "dense layers, each of encoder and decoder", integerParser("--num-layers"))
    .option(
      "--filters <list>",
      "channels of the convolutions, such as 32,64",
      listParser(integerParser("--filters", 1)),
    )
    .option("--kernel-size <n>", "pixels a side of their kernels", integerParser("--kernel-size"))
    .option("--dropout <x>", "share of hidden units that is left out in training", numberParser("--dropout"))
    .option(
      "--likelihood <name>",
      "of the pixels: bernoulli, gaussian or learned-gaussian (default: gaussian with --output-variance; learned-gaussian for micrographs; else bernoulli)",
    )
    .option("--output-variance <x>", "variance of a Gaussian likelihood", numberParser("--output-variance"))
    .option("--beta <x>", "weight of the divergence from the prior", numberParser("--beta"))
    .option("--w-dim <n>", "mixtures: dimensions of w", integerParser("--w-dim"))
    .option("--clusters <n>", "mixtures: number of components, K", integerParser("--clusters"))
    .option(
      "--pretrain-epochs <n>",
      "mixtures: first epochs, as a plain autoencoder",
      integerParser("--pretrain-epochs"),
    )
    .option("--refine-epochs <n>", "mixtures: epochs after these that form clusters", integerParser("--refine-epochs"))
    .option("--prior-sigma <x>", "Bayesian weights: deviation of their prior", numberParser("--prior-sigma"))
    .option("--experiment <1-5>", "micrograph-vae: a published experiment", integerParser("--experiment"))
    .option("--gradient-loss", "micrograph-vae: with the error of the gradients")
    .option("--no-gradient-loss", "micrograph-vae: without it")
    .option("--regularizer <name>", "micrograph-vae: encoding or kl")
    .optionsGroup("Training (defaults depend on the model):")
    .option("--epochs <n>", "times that all images are seen", integerParser("--epochs"))
    .option("--max-steps <n>", "end after so many steps", integerParser("--max-steps"))
    .option("--batch-size <n>", "images of a step", integerParser("--batch-size"))
    .option("--learning-rate <x>", "of Adam", numberParser("--learning-rate"))
    .option("--schedule <name>", "of the learning rate: constant, halving or cosine")
    .option("--beta1-decay", "halve Adam's beta1 every sixth of the training")
    .option("--no-beta1-decay", "keep it")
    .option("--augmentation <name>", "none, flips (and quarter turns) or shifts (and small turns)")
    .option("--kl-warmup <epochs>", "over which the divergence gets its weight", numberParser("--kl-warmup"))
    .option("--noise <x>", "share of the input's values to which |N(0, 1)| is added", numberParser("--noise"))
    .option("--binarize", "draw every value as 0 or 1")
    .option("--early-stopping", "end when the validation loss falls no more, and keep the best weights")
    .option("--patience <n>", "epochs without improvement until then (default: 15)", integerParser("--patience"))
    .option("--least-improvement <x>", "what counts as one (default: 0.1)", numberParser("--least-improvement"))
    .option("--seed <n>", "seed of weights and training (default: 42)", integerParser("--seed"));
  addBackendOptions(command)
    .optionsGroup("Output:")
    .option("--run-dir <folder>", "the run's folder (default: runs/, named after the settings)")
    .option("--extra <name>", "added to the default name")
    .option("--resume", "go on with the training in the run's folder, where there is one")
    .option("--checkpoint-every <steps>", "checkpoints within epochs, too", integerParser("--checkpoint-every"))
    .option("--no-summary", "no files for TensorBoard")
    .option("--figures", "draw what it has learned when it is done, into the run's folder figures")
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print nothing but errors, and --json")
    .addHelpText("after", guide);
  const names = namesOf(command, {
    folder: "--run-dir",
    checkpointEverySteps: "--checkpoint-every",
    "earlyStopping.patience": "--patience",
    "earlyStopping.leastImprovement": "--least-improvement",
  });
  return command.action((flags: TrainFlags) =>
    interruptible((signal) => withTypedNames(names, () => run(flags, names, signal))),
  );
}

async function run(flags: TrainFlags, names: Readonly<Record<string, string | undefined>>, signal: AbortSignal) {
  const { quiet = false, patience, leastImprovement } = flags;
  checkInputs({
    "--dataset": flags.dataset,
    "--data-dir": flags.dataDir,
    "--labels": flags.labels,
    "--run-dir": flags.runDir,
  });
  if (!flags.earlyStopping && (patience !== undefined || leastImprovement !== undefined)) {
    const argument = patience === undefined ? "--least-improvement" : "--patience";
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument,
      received: patience ?? leastImprovement,
      accepted: "--early-stopping beside it",
    });
  }
  const vae = await import("../vae/index.js");
  const { hasCheckpoint } = await import("../vae/without-tensorflow.js");
  const { resolveTrainOptions } = await import("../vae/training/index.js");
  const { backend, display } = await startBackend(flags, quiet);
  const options: TrainOptions = {
    epochs: flags.epochs,
    maxSteps: flags.maxSteps,
    batchSize: flags.batchSize,
    learningRate: flags.learningRate,
    schedule: flags.schedule,
    beta1Decay: flags.beta1Decay,
    augmentation: flags.augmentation,
    klWarmup: flags.klWarmup,
    noise: flags.noise,
    binarize: flags.binarize,
    earlyStopping: flags.earlyStopping && { patience, leastImprovement },
    checkpointEverySteps: flags.checkpointEvery,
    seed: flags.seed,
  };
  let position: TrainingProgress | undefined;
  try {
    // Settings that cannot be are refused before data are read.
    const trial = buildModel(vae.createModel, flags, { height: 64, width: 64, channels: 1 }, names);
    resolveTrainOptions(trial, options);
    trial.dispose();
    const dataset = await vae.openDataset(flags.dataset, datasetOptions(flags, { signal, display }));
    noteSkipped(dataset, display);
    try {
      const model = buildModel(vae.createModel, flags, dataset, names);
      const folder = flags.runDir ?? join("runs", vae.runName(model, dataset.name, flags.extra));
      if (!flags.resume) {
        await vae.assertNoRun(folder).catch(async (error: SigmaTsneError) => {
          const other = "--run-dir or --extra takes another folder";
          const advice = (await hasCheckpoint(folder)) ? `--resume goes on with it, ${other}` : other;
          throw new SigmaTsneError(error.code, `${error.message}; ${advice}`, { cause: error });
        });
      }
      display.note(describe(model.name, model.parameterCount, dataset, folder));
      const result = await vae
        .trainRun(model, dataset, {
          ...options,
          folder,
          summary: flags.summary,
          signal,
          onStart: ({ epoch, step }) => {
            if (step > 0) display.note(`Goes on after epoch ${epoch}, step ${step}.`);
          },
          onProgress: (progress) => {
            position = progress;
            display.update({
              stage: "training",
              fraction: progress.step / progress.steps,
              secondsLeft: progress.secondsLeft,
              facts: [`epoch ${progress.epoch}/${progress.epochs}`, lossText(progress.loss)],
            });
          },
          onEpoch: (record) => display.note(epochText(record)),
        })
        .catch((error: unknown) => {
          display.stop();
          if (signal.aborted && position) {
            display.note(`The checkpoint in ${folder} is of step ${position.step}; --resume goes on from there.`);
          }
          throw error;
        });
      if (flags.figures) {
        display.stop();
        await vae.writeFigures(join(folder, "figures"), model, dataset, {
          seed: flags.seed,
          signal,
          onProgress: (fraction) => display.update({ stage: "figures", fraction }),
        });
      }
      display.stop();
      const last = result.history.at(-1);
      if (flags.json) {
        const { history: _, ...facts } = result;
        process.stdout.write(
          `${JSON.stringify({ folder, model: model.name, dataset: dataset.name, backend: backend.name, last: last ?? null, ...facts })}\n`,
        );
      } else if (!quiet) {
        const early =
          result.isStoppedEarly && result.best
            ? ` It ended early and has the weights of epoch ${result.best.epoch}.`
            : "";
        process.stdout.write(
          `Trained ${result.steps} steps in ${result.seconds.toFixed(1)} s.${early} The run is in ${folder}.\n`,
        );
      }
    } finally {
      await dataset.close();
    }
  } finally {
    display.stop();
  }
}

type Shape = { height: number; width: number; channels: number };

function buildModel(
  createModel: typeof import("../vae/index.js").createModel,
  flags: TrainFlags,
  { height, width, channels }: Shape,
  names: Readonly<Record<string, string | undefined>>,
) {
  const given = MODEL_OPTIONS.flatMap((key) => (flags[key] === undefined ? [] : [[key, flags[key]]]));
  const options = { height, width, channels, seed: flags.seed, ...Object.fromEntries(given) };
  if (flags.likelihood === undefined && flags.model !== "micrograph-vae") {
    // A variance is asked for in order to be used. Of gray values of low contrast a Bernoulli likelihood learns next to nothing.
    if (flags.outputVariance !== undefined) options.likelihood = "gaussian";
    else if (flags.dataset === "micrographs") options.likelihood = "learned-gaussian";
  }
  try {
    return createModel(flags.model as ModelName, options as ModelOptions<ModelName>);
  } catch (error) {
    if (!(error instanceof ArgumentError && error.code === "UNKNOWN_OPTION")) throw error;
    const { argument, received } = error;
    const message = `${names[argument] ?? argument}: ${flags.model} has no such setting`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted: "nothing", message }, { cause: error });
  }
}

function describe(
  model: string,
  parameters: number,
  dataset: Shape & { name: string; train: { count: number }; validation: { count: number }; test: { count: number } },
  folder: string,
): string {
  const { name, train, validation, test, height, width, channels } = dataset;
  const shape = `${height} x ${width}${channels > 1 ? ` x ${channels}` : ""}`;
  return `${model}, ${parameters} parameters, in ${folder}; ${name}: ${shape}, ${train.count} images to train, ${validation.count} to validate, ${test.count} to test`;
}

function lossText({ loss, ...parts }: LossParts): string {
  const list = Object.entries(parts).map(([name, value]) => `${name} ${figure(value)}`);
  return `loss ${figure(loss)}${list.length > 1 ? ` (${list.join(", ")})` : ""}`;
}

function epochText({ epoch, train, validation }: EpochRecord): string {
  return `epoch ${epoch}: ${lossText(train)}${validation ? `; validation ${figure(validation.loss)}` : ""}`;
}

/** Five digits. */
const figure = (value: number): string => (Math.abs(value) >= 1e5 ? value.toExponential(3) : value.toPrecision(5));
