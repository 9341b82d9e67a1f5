import { join } from "node:path";
import { Command } from "commander";
import { ArgumentError, SigmaTsneError } from "../errors.js";
import { type OptionValues, pickOptions } from "../options/index.js";
import {
  EARLY_STOPPING_OPTIONS,
  MODEL_OPTIONS,
  TRAINING_OPTIONS,
  TRAINING_TABLE_OPTIONS,
} from "../vae/declarations/index.js";
import type {
  Dataset,
  EpochRecord,
  LossParts,
  Model,
  ModelName,
  ModelOptions,
  TrainingProgress,
  TrainOptions,
} from "../vae/index.js";
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
  startBackend,
} from "./networks.js";
import { checkInputs } from "./paths.js";
import type { ProgressDisplay } from "./progress.js";

interface TrainFlags
  extends BackendFlags,
    DatasetFlags,
    Omit<OptionValues<typeof TRAINING_OPTIONS>, "earlyStopping" | "resume">,
    OptionValues<typeof EARLY_STOPPING_OPTIONS> {
  model: string;
  dataset: string;
  likelihood?: string;
  outputVariance?: number;
  runDir?: string;
  extra?: string;
  earlyStopping?: true;
  resume?: true;
  summary?: boolean;
  figures?: true;
  json?: true;
  quiet?: true;
}

/** The options in the order in which the help lists them. */
const TYPED_MODEL_OPTIONS = [
  ...["zDim", "hiddenDim", "numLayers", "filters", "kernelSize", "dropout", "likelihood", "outputVariance", "beta"],
  "importanceDraws",
  ...[
    "wDim",
    "clusters",
    "pretrainEpochs",
    "refineEpochs",
    "priorSigma",
    "experiment",
    "gradientLoss",
    "gradientWeight",
    "regularizer",
  ],
];
const TYPED_TRAINING_OPTIONS = [
  ...["epochs", "maxSteps", "batchSize", "learningRate", "schedule", "beta1Decay", "augmentation", "klWarmup"],
  ...["noise", "binarize", "checkpointEvery", "earlyStopping"],
];

const guide = `
Models:
  ae, conv-ae            plain autoencoders
  vae, conv-vae          variational (Kingma & Welling 2014)
  iwae, conv-iwae        importance-weighted (Burda et al. 2016)
  beta-tc-vae, conv-beta-tc-vae
                         variational, with independent dimensions of the code
                         (Chen et al. 2018)
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
      Smaller batches, which suit few images, and pictures at the end.
  $ sigma-tsne train --model vae --dataset fashion-mnist --epochs 10 \\
      --z-dim 3 --noise 0.2
      Noise is added to a fifth of the input's values. The target is the clean
      image.
  $ sigma-tsne train --model gmvae --dataset mnist --output-variance 0.001 \\
      --z-dim 8 --w-dim 2 --clusters 10 --early-stopping
  $ sigma-tsne train --model micrograph-vae --dataset scans/ --size 96 \\
      --experiment 4
  $ sigma-tsne train --model vae --dataset mnist --epochs 40 --resume
      Continues the training in the same folder, exactly as if it had never
      been stopped.

The run's folder contains config.json, metrics.json, model/ (TensorFlow.js can
load its networks), checkpoint/, logs/ for "tensorboard --logdir" and, with
--figures or by the command figures, figures/. Its default name consists of the
model, the data set, the output variance, z-dim, for mixtures w-dim and
clusters, hidden-dim and num-layers, as in runs/GMV_MNIST_0001_8_2_10_64_2.
Ctrl-C keeps a checkpoint.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne train` trains an autoencoder on images and writes a run folder. */
export function createTrainCommand(): Command {
  const command = new Command("train")
    .summary("train an autoencoder on images")
    .description("Train an autoencoder, whose codes have means and, for most models, standard deviations.")
    .optionsGroup("Data:")
    .option("--dataset <name|path>", "the images", "micrographs");
  addDatasetOptions(command)
    .optionsGroup("Model:")
    .option("--model <name>", "kind of autoencoder; the list of models is below", "vae");
  addDeclaredOptions(command, MODEL_OPTIONS, TYPED_MODEL_OPTIONS, {
    likelihood: {
      description:
        "distribution of the pixels: bernoulli, gaussian or learned-gaussian (default: gaussian with --output-variance; else learned-gaussian for gray images and bernoulli for others; the choice is reported)",
    },
  }).option("--no-gradient-loss", "micrograph-vae: leave out the error of the gradients");
  command.optionsGroup("Training:");
  addDeclaredOptions(command, TRAINING_TABLE_OPTIONS, TYPED_TRAINING_OPTIONS).option(
    "--no-beta1-decay",
    "keep beta1 constant",
  );
  addDeclaredOptions(command, EARLY_STOPPING_OPTIONS, ["patience", "leastImprovement"]);
  addDeclaredOptions(command, TRAINING_TABLE_OPTIONS, ["seed"]);
  addBackendOptions(command)
    .optionsGroup("Output:")
    .option("--run-dir <folder>", "the run's folder (default: runs/, named after the settings)")
    .option("--extra <name>", "text to append to the default name of the folder")
    .option("--resume", "continue the training in the run's folder, if there is one")
    .option("--no-summary", "write no files for TensorBoard")
    .option("--figures", "draw pictures of the trained model into the folder figures of the run")
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print only errors, and the output of --json")
    .addHelpText("after", guide);
  const names = namesOf(command, {
    folder: "--run-dir",
    "earlyStopping.patience": "--patience",
    "earlyStopping.leastImprovement": "--least-improvement",
  });
  return command.action((flags: TrainFlags) =>
    interruptible((signal) => withTypedNames(names, () => run(flags, names, signal))),
  );
}

type Vae = typeof import("../vae/index.js");
type TrainRunResult = Awaited<ReturnType<Vae["trainRun"]>>;
type Names = Readonly<Record<string, string | undefined>>;

async function run(flags: TrainFlags, names: Names, signal: AbortSignal): Promise<void> {
  checkFlags(flags);
  const vae = await import("../vae/index.js");
  const { backend, display } = await startBackend(flags, flags.quiet);
  const { patience, leastImprovement } = flags;
  const options: TrainOptions = {
    ...pickOptions(TRAINING_OPTIONS, flags),
    earlyStopping: flags.earlyStopping && { patience, leastImprovement },
  };
  try {
    await checkSettings(vae, flags, options, names);
    const dataset = await vae.openDataset(flags.dataset, datasetOptions(flags, { signal, display }));
    noteSkipped(dataset, display);
    try {
      const likelihood = await chooseLikelihood(vae, flags, dataset, display);
      const model = buildModel(vae.createModel, flags, dataset, likelihood, names);
      const folder = flags.runDir ?? join("runs", vae.runName(model, dataset.name, flags));
      if (!flags.resume) await requireNoRun(vae, folder);
      display.note(describe(model.name, model.parameterCount, dataset, folder));
      const training = { model, dataset, folder };
      const result = await train(vae, training, { ...options, summary: flags.summary, signal }, display);
      if (flags.figures) await drawFigures(vae, training, flags.seed, signal, display);
      display.stop();
      for (const warning of result.warnings) display.note(warning);
      printResult(result, training, backend.name, flags);
    } finally {
      await dataset.close();
    }
  } finally {
    display.stop();
  }
}

function checkFlags({ earlyStopping, patience, leastImprovement, ...flags }: TrainFlags): void {
  checkInputs({
    "--dataset": flags.dataset,
    "--data-dir": flags.dataDir,
    "--labels": flags.labels,
    "--run-dir": flags.runDir,
  });
  if (earlyStopping || (patience === undefined && leastImprovement === undefined)) return;
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument: patience === undefined ? "--least-improvement" : "--patience",
    received: patience ?? leastImprovement,
    accepted: "to be left out without --early-stopping, because only early stopping uses it",
  });
}

/** Rejects impossible settings before data are read. */
async function checkSettings(vae: Vae, flags: TrainFlags, options: TrainOptions, names: Names): Promise<void> {
  const { resolveTrainOptions } = await import("../vae/training/index.js");
  const trial = buildModel(
    vae.createModel,
    flags,
    { height: 64, width: 64, channels: 1 },
    typedLikelihood(flags),
    names,
  );
  resolveTrainOptions(trial, options);
  trial.dispose();
}

/** @throws {SigmaTsneError} if the folder already holds a run; the message suggests how to continue */
async function requireNoRun(vae: Vae, folder: string): Promise<void> {
  const { hasCheckpoint } = await import("../vae/without-tensorflow.js");
  await vae.assertNoRun(folder).catch(async (error: SigmaTsneError) => {
    const other = "use --run-dir or --extra for another folder";
    const advice = (await hasCheckpoint(folder))
      ? `use --resume to continue it, or --run-dir or --extra for another folder`
      : other;
    throw new SigmaTsneError(error.code, `${error.message}; ${advice}`, { cause: error });
  });
}

/** A model, its images, and the folder of the run. */
interface Training {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly folder: string;
}

/** Trains the model and shows the progress. If interrupted, reports the checkpoint. */
async function train(
  vae: Vae,
  { model, dataset, folder }: Training,
  options: TrainOptions & { summary: boolean | undefined },
  display: ProgressDisplay,
): Promise<TrainRunResult> {
  let position: TrainingProgress | undefined;
  const onStart = ({ epoch, step }: { epoch: number; step: number }) => {
    if (step > 0) display.note(`Continues after epoch ${epoch}, step ${step}.`);
  };
  const onProgress = (progress: TrainingProgress) => {
    const { epoch, epochs, step, steps, secondsLeft, loss } = progress;
    position = progress;
    const facts = [`epoch ${epoch}/${epochs}`, lossText(loss)];
    display.update({ stage: "training", fraction: step / steps, secondsLeft, facts });
  };
  const onEpoch = (record: EpochRecord) => display.note(epochText(record));
  try {
    return await vae.trainRun(model, dataset, { ...options, folder, onStart, onProgress, onEpoch });
  } catch (error) {
    display.stop();
    if (options.signal?.aborted && position) {
      display.note(`The checkpoint in ${folder} is of step ${position.step}; --resume continues from there.`);
    }
    throw error;
  }
}

async function drawFigures(
  vae: Vae,
  { model, dataset, folder }: Training,
  seed: number | undefined,
  signal: AbortSignal,
  display: ProgressDisplay,
): Promise<void> {
  display.stop();
  const onProgress = (fraction: number) => display.update({ stage: "figures", fraction });
  await vae.writeFigures(join(folder, "figures"), model, dataset, { seed, signal, onProgress });
}

function printResult(
  { history, ...facts }: TrainRunResult,
  { model, dataset, folder }: Training,
  backend: string,
  { json, quiet }: TrainFlags,
): void {
  if (json) {
    const last = history.at(-1) ?? null;
    const context = { folder, model: model.name, dataset: dataset.name, backend, last };
    process.stdout.write(`${JSON.stringify({ ...context, ...facts })}\n`);
    return;
  }
  if (quiet) return;
  const { isStoppedEarly, best, steps, seconds } = facts;
  const early = isStoppedEarly && best ? ` It ended early and has the weights of epoch ${best.epoch}.` : "";
  process.stdout.write(`Trained ${steps} steps in ${seconds.toFixed(1)} s.${early} The run is in ${folder}.\n`);
}

/** Returns the requested likelihood. An output variance implies a Gaussian one. */
function typedLikelihood({ likelihood, outputVariance, model }: TrainFlags): string | undefined {
  if (likelihood !== undefined || model === "micrograph-vae") return likelihood;
  return outputVariance === undefined ? undefined : "gaussian";
}

/** Returns the requested likelihood, or one that suits the images, and reports the choice. */
async function chooseLikelihood(
  vae: Vae,
  flags: TrainFlags,
  dataset: Dataset,
  display: ProgressDisplay,
): Promise<string | undefined> {
  const typed = typedLikelihood(flags);
  if (typed !== undefined || flags.model === "micrograph-vae") return typed;
  const { likelihood, reason } = await vae.suitableLikelihood(dataset);
  display.note(`Likelihood ${likelihood}, ${reason}; --likelihood sets another.`);
  return likelihood;
}

type Shape = { height: number; width: number; channels: number };

function buildModel(
  createModel: typeof import("../vae/index.js").createModel,
  flags: TrainFlags,
  { height, width, channels }: Shape,
  likelihood: string | undefined,
  names: Names,
): Model {
  const declared = Object.fromEntries(TYPED_MODEL_OPTIONS.map((name) => [name, MODEL_OPTIONS[name]]));
  const options: Record<string, unknown> = {
    ...{ height, width, channels, seed: flags.seed },
    ...pickOptions(declared, flags),
    ...(likelihood !== undefined && { likelihood }),
  };
  try {
    return createModel(flags.model as ModelName, options as unknown as ModelOptions<ModelName>);
  } catch (error) {
    if (!(error instanceof ArgumentError && error.code === "UNKNOWN_OPTION")) throw error;
    const { argument, received } = error;
    const message = `${names[argument] ?? argument}: ${flags.model} does not support this setting`;
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

function epochText({ epoch, train, validation, clusters }: EpochRecord): string {
  const ofValidation = validation ? `; validation ${figure(validation.loss)}` : "";
  const ofClusters = clusters ? `; accuracy of the clusters ${(100 * clusters.accuracy).toFixed(1)} %` : "";
  return `epoch ${epoch}: ${lossText(train)}${ofValidation}${ofClusters}`;
}

/** Formats a number with five digits. */
const figure = (value: number): string => (Math.abs(value) >= 1e5 ? value.toExponential(3) : value.toPrecision(5));
