import { rejectUnknown, requireInteger, requireOptions, requireSignal } from "../../arguments.js";
import { ArgumentError } from "../../errors.js";
import { requireChoice, requireNumber } from "../models/configuration.js";
import { type Model, type Recipe, requireSeed } from "../models/model.js";
import type { EarlyStoppingOptions } from "./early-stopping.js";

/** Named parts of a loss, `loss` among them, which is what is minimized: nats an image where they are log-likelihoods. */
export type LossParts = Readonly<Record<string, number>>;

/** One report of progress. */
export interface TrainingProgress {
  /** The epoch that is going on, from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done since the training began, and steps in all. */
  readonly step: number;
  readonly steps: number;
  /** Of the last step. */
  readonly loss: LossParts;
  /** Seconds since this call began. */
  readonly seconds: number;
  /** Seconds that the rest will take at the pace so far. */
  readonly secondsLeft: number;
}

/** One epoch of the training. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Steps done since the training began. */
  readonly step: number;
  readonly learningRate: number;
  /** Mean over the epoch's steps. */
  readonly train: LossParts;
  /** Of the validation images after the epoch; undefined where there are none. */
  readonly validation: LossParts | undefined;
}

/** Options of `train`. All are optional; the defaults of the first six are the model's `recipe`. */
export interface TrainOptions {
  /** Times that all training images are seen, an integer >= 1; more than a mixture's epochs of pretraining. */
  readonly epochs?: number | undefined;
  /** Images of a step, an integer >= 1. An epoch is cut into equal batches of at most so many images. */
  readonly batchSize?: number | undefined;
  /** Of Adam, > 0. */
  readonly learningRate?: number | undefined;
  /** How the learning rate changes: `"constant"`, `"halving"` after every sixth of the training, or `"cosine"` down to zero. */
  readonly schedule?: Recipe["schedule"] | undefined;
  /** Whether Adam's beta1 is halved after every sixth of the training, from 0.9 on. */
  readonly beta1Decay?: boolean | undefined;
  /**
   * Random views of the images: `"none"`; the eight `"flips"` and quarter turns; or small `"shifts"` and rotations of the input, whose
   * reconstruction is to stay where it was, which makes codes of what is shown rather than of where.
   */
  readonly augmentation?: Recipe["augmentation"] | undefined;
  /** Ends the training after so many steps, an integer >= 1, wherever the epoch stands. */
  readonly maxSteps?: number | undefined;
  /** Epochs over which the weight of the KL terms rises from 0 to 1, >= 0. Default 0. */
  readonly klWarmup?: number | undefined;
  /** Share of the values, 0 to 1, to which |N(0, 1)| is added in the input, but not in what is to be reconstructed. Default 0. */
  readonly noise?: number | undefined;
  /** Draws every value anew as 0 or 1, with itself as the probability of 1. Default false. */
  readonly binarize?: boolean | undefined;
  /** Whether, or how, the training ends when the validation loss falls no more; the model then has its best weights. Default false. */
  readonly earlyStopping?: boolean | EarlyStoppingOptions | undefined;
  /** Seed of all random numbers of the training, an integer from 0 to 2^53 - 1. Default 42. */
  readonly seed?: number | undefined;
  /** The run's folder, made where it is missing: config.json, checkpoint/, model/, metrics.json. Default: nothing is written. */
  readonly folder?: string | undefined;
  /** Whether a checkpoint in the folder is taken up; else the training begins anew and replaces it. Default true. */
  readonly resume?: boolean | undefined;
  /** Steps between checkpoints within an epoch, an integer >= 1. Default: one after every epoch. */
  readonly checkpointEverySteps?: number | undefined;
  /** Stops the training after the step at hand, with a checkpoint. */
  readonly signal?: AbortSignal | undefined;
  /** Called and awaited before the first step, with the epochs and steps that a checkpoint has brought; 0 and 0 without one. */
  readonly onStart?: ((start: { readonly epoch: number; readonly step: number }) => void | Promise<void>) | undefined;
  /** Called about twice a second and at the end of every epoch. */
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Called after every epoch, and awaited: the model may be used. */
  readonly onEpoch?: ((record: EpochRecord) => void | Promise<void>) | undefined;
  /**
   * Called with scalars to be logged: after every epoch `train/...`, `validation/...` and `learning_rate`, and at every 50th step
   * `batch/...`.
   */
  readonly onScalars?: ((step: number, scalars: Readonly<Record<string, number>>) => void) | undefined;
}

/** What decides the course of the training: a checkpoint is taken up only with the same. */
export interface Course extends Omit<Recipe, "epochs"> {
  readonly klWarmup: number;
  readonly noise: number;
  readonly binarize: boolean;
  readonly seed: number;
}

export interface ResolvedOptions {
  readonly course: Course;
  readonly epochs: number;
  readonly maxSteps: number;
  readonly earlyStopping: Readonly<Required<{ patience: number; leastImprovement: number }>> | undefined;
  readonly folder: string | undefined;
  readonly resume: boolean;
  readonly checkpointEverySteps: number;
}

const KNOWN = [
  "epochs",
  "batchSize",
  "learningRate",
  "schedule",
  "beta1Decay",
  "augmentation",
  "maxSteps",
  "klWarmup",
  "noise",
  "binarize",
  "earlyStopping",
  "seed",
  "folder",
  "resume",
  "checkpointEverySteps",
  "signal",
  "onStart",
  "onProgress",
  "onEpoch",
  "onScalars",
];
const MOST = 2 ** 31 - 1;

/** @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE */
export function resolveTrainOptions(model: Model, options: TrainOptions): ResolvedOptions {
  requireOptions(options);
  rejectUnknown(options, KNOWN);
  requireSignal(options.signal);
  const { recipe } = model;
  const count = (key: keyof TrainOptions, initial: number) => requireInteger(options[key] ?? initial, key, 1, MOST);
  const flag = (key: keyof TrainOptions, initial: boolean) => requireFlag(options[key] ?? initial, key);
  const share = (value: number) => value >= 0 && value <= 1;
  const epochs = count("epochs", recipe.epochs);
  if (epochs <= model.pretrainEpochs) {
    throw new ArgumentError("OUT_OF_RANGE", {
      argument: "epochs",
      received: epochs,
      accepted: `more than the ${model.pretrainEpochs} of pretraining, of which the model can be given fewer`,
    });
  }
  return {
    course: {
      batchSize: count("batchSize", recipe.batchSize),
      learningRate: requireNumber(
        options.learningRate ?? recipe.learningRate,
        "learningRate",
        "a number > 0",
        (v) => v > 0,
      ),
      schedule: requireChoice(options.schedule ?? recipe.schedule, "schedule", ["constant", "halving", "cosine"]),
      beta1Decay: flag("beta1Decay", recipe.beta1Decay),
      augmentation: requireChoice(options.augmentation ?? recipe.augmentation, "augmentation", [
        "none",
        "flips",
        "shifts",
      ]),
      klWarmup: requireNumber(options.klWarmup ?? 0, "klWarmup", "a number >= 0", (v) => v >= 0),
      noise: requireNumber(options.noise ?? 0, "noise", "a share from 0 to 1", share),
      binarize: flag("binarize", false),
      seed: requireSeed(options.seed),
    },
    epochs,
    maxSteps: count("maxSteps", MOST),
    earlyStopping: resolveEarlyStopping(options.earlyStopping ?? false),
    folder: requireFolder(options.folder),
    resume: flag("resume", true),
    checkpointEverySteps: count("checkpointEverySteps", MOST),
  };
}

function resolveEarlyStopping(option: unknown): ResolvedOptions["earlyStopping"] {
  if (option === false) return undefined;
  const given = option === true ? {} : option;
  if (typeof given !== "object" || given === null) {
    const accepted = "true, false or {patience, leastImprovement}";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "earlyStopping", received: option, accepted });
  }
  rejectUnknown(given, ["patience", "leastImprovement"], "earlyStopping.");
  const { patience = 15, leastImprovement = 0.1 } = given as EarlyStoppingOptions;
  return {
    patience: requireInteger(patience, "earlyStopping.patience", 1, MOST),
    leastImprovement: requireNumber(leastImprovement, "earlyStopping.leastImprovement", "a number >= 0", (v) => v >= 0),
  };
}

function requireFlag(value: unknown, argument: string): boolean {
  if (typeof value === "boolean") return value;
  throw new ArgumentError("INVALID_ARGUMENT", { argument, received: value, accepted: "true or false" });
}

function requireFolder(value: unknown): string | undefined {
  if (value === undefined || (typeof value === "string" && value !== "" && !value.includes("\0"))) return value;
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument: "folder",
    received: value,
    accepted: "the path of a folder",
  });
}
