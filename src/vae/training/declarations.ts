import { rejectUnknown } from "../../arguments.js";
import { ArgumentError } from "../../errors.js";
import {
  abortSignal,
  boolean,
  callback,
  choice,
  declare,
  integer,
  number,
  type OptionValues,
} from "../../options/index.js";
import type { EpochRecord, TrainingProgress } from "./progress.js";

/** The upper limit of every count in a training, such as epochs and steps. */
export const MOST = 2 ** 31 - 1;

/** Conditions for early stopping. */
export const EARLY_STOPPING_OPTIONS = {
  /** Number of epochs without an improvement after which the training ends. */
  patience: integer({ from: 1, to: MOST }, { default: 15, help: "epochs without improvement after which it ends" }),
  /** Least decrease of the validation loss that counts as an improvement. */
  leastImprovement: number(
    { from: 0 },
    { default: 0.1, help: "fall of the validation loss that counts as an improvement" },
  ),
};

/**
 * Conditions for early stopping. All are optional.
 *
 * @interface
 */
export type EarlyStoppingOptions = Readonly<OptionValues<typeof EARLY_STOPPING_OPTIONS>>;

const earlyStopping = declare<boolean | EarlyStoppingOptions>(
  {
    accepted: "true, false or {patience, leastImprovement}",
    range: "`true`, `false`, `{patience, leastImprovement}`",
    placeholder: "",
    check(value, argument) {
      if (typeof value === "boolean") return value;
      if (typeof value !== "object" || value === null) {
        const accepted = "true, false or {patience, leastImprovement}";
        throw new ArgumentError("INVALID_ARGUMENT", { argument, received: value, accepted });
      }
      rejectUnknown(value, Object.keys(EARLY_STOPPING_OPTIONS), `${argument}.`);
      const { patience, leastImprovement } = EARLY_STOPPING_OPTIONS;
      const given = value as EarlyStoppingOptions;
      return {
        patience: patience.check(given.patience ?? patience.default, `${argument}.patience`),
        leastImprovement: leastImprovement.check(
          given.leastImprovement ?? leastImprovement.default,
          `${argument}.leastImprovement`,
        ),
      };
    },
    parse: () => true,
  },
  {
    default: false,
    help: "end when the validation loss no longer falls, and keep the best weights",
    guide: "whether the training ends when the validation loss no longer falls; the model then has its best weights",
  },
);

/**
 * Options that determine the results of a training. A training continues from a checkpoint only if these options have
 * the same values as before. An option without a default here has a default that depends on the model.
 */
export const COURSE_OPTIONS = {
  /** Number of images per step. An epoch is divided into batches of equal size, with at most this number of images. */
  batchSize: integer({ from: 1, to: MOST }, { help: "images per step" }),
  /** Learning rate of Adam. */
  learningRate: number({ above: 0 }, { help: "learning rate of Adam" }),
  /**
   * How the learning rate changes: `"constant"`; `"halving"`, which halves it after every sixth of the training; or
   * `"cosine"`, which lowers it to zero along a cosine.
   */
  schedule: choice(["constant", "halving", "cosine"], {
    help: "how the learning rate changes: constant, halving or cosine",
    guide:
      "how the learning rate changes: not at all, halved after every sixth of the training, or along a cosine down to 0",
  }),
  /** Whether Adam's beta1, which starts at 0.9, is halved after every sixth of the training. */
  beta1Decay: boolean({ help: "halve Adam's beta1 after every sixth of the training" }),
  /**
   * Random views of the images: `"none"`; `"flips"`, the eight flips and quarter turns; or `"shifts"`, small shifts and
   * rotations of the input. With `"shifts"`, the image to be reconstructed is not moved, so that the codes describe the
   * content of an image rather than its position.
   */
  augmentation: choice(["none", "flips", "shifts"], {
    help: "random views: none, flips (and quarter turns) or shifts (and small turns)",
    guide:
      "random views of the images: none, flips and quarter turns, or small shifts and turns of the input alone, so that codes say what an image shows rather than where",
  }),
  /**
   * Number of epochs, from the beginning of the training, in which the weight of the KL terms of the loss rises from 0
   * to 1.
   */
  klWarmup: number(
    { from: 0 },
    { default: 0, placeholder: "<epochs>", help: "epochs over which the weight of the divergence rises to 1" },
  ),
  /**
   * Fraction of the input's pixel values to which |N(0, 1)| (the absolute value of a standard normal number) is added.
   * The image to be reconstructed has no noise.
   */
  noise: number(
    { from: 0, to: 1 },
    {
      default: 0,
      help: "fraction of the input's values to which noise is added",
      guide: "fraction of the input's values to which the absolute value of a standard normal number is added",
    },
  ),
  /**
   * Replaces every pixel value by a random 0 or 1, drawn again in every step. The original value is the probability of
   * 1.
   */
  binarize: boolean({ default: false, help: "draw every value as 0 or 1" }),
  /** Seed of all random numbers of the training. */
  seed: integer(
    { from: 0, to: Number.MAX_SAFE_INTEGER },
    { default: 42, help: "seed of weights and training", guide: "seed of all random numbers of the training" },
  ),
};

/** All options of `train`, each declared once. */
export const TRAINING_OPTIONS = {
  /**
   * Number of passes over all training images. For mixtures, this number must be larger than the number of pretraining
   * epochs.
   */
  epochs: integer(
    { from: 1, to: MOST },
    {
      help: "number of passes over all images",
      guide:
        "number of passes over all images; with few images, the default is larger for mixtures (at least 5000 steps), micrograph-vae (at least 3000) and aae (at least 1000)",
    },
  ),
  ...COURSE_OPTIONS,
  /** The training ends after this number of steps, even in the middle of an epoch. */
  maxSteps: integer({ from: 1, to: MOST }, { defaultText: "no limit", help: "end after this number of steps" }),
  /**
   * Whether the training ends when the validation loss no longer falls, or an object with the conditions for early
   * stopping. At the end, the model has the weights of its best epoch.
   */
  earlyStopping,
  /**
   * Folder of the run, created if it is missing: config.json, checkpoint/, model/, metrics.json. Default: nothing is
   * written.
   */
  folder: declare<string>(
    {
      accepted: "the path of a folder",
      range: "a path",
      placeholder: "<folder>",
      check(value, argument) {
        if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
        throw new ArgumentError("INVALID_ARGUMENT", { argument, received: value, accepted: "the path of a folder" });
      },
      parse: (text) => text,
    },
    {
      flag: "--run-dir",
      defaultText: "nothing is written",
      help: "the run's folder",
      guide: "the run's folder, created if it is missing",
    },
  ),
  /**
   * Whether the training continues from a checkpoint in the folder. If not, the training starts again and replaces the
   * checkpoint.
   */
  resume: boolean({ default: true, help: "continue the training in the run's folder, if there is one" }),
  /** Number of steps between checkpoints within an epoch. Default: one checkpoint after every epoch. */
  checkpointEvery: integer(
    { from: 1, to: MOST },
    { placeholder: "<steps>", defaultText: "one per epoch", help: "steps between checkpoints within an epoch" },
  ),
  /** Signal that stops the training after the current step. The training writes a checkpoint before it stops. */
  signal: abortSignal({ help: "stops the training after the current step, with a checkpoint" }),
  /**
   * Called and awaited before the first step, with the epoch and the step that are stored in the checkpoint; both are 0
   * if there is no checkpoint.
   */
  onStart: callback<(start: { readonly epoch: number; readonly step: number }) => void | Promise<void>>("a function", {
    help: "called and awaited before the first step, with the `{epoch, step}` of the checkpoint",
  }),
  /** Called about twice per second and at the end of every epoch. */
  onProgress: callback<(progress: TrainingProgress) => void>("a function", {
    help: "called about twice per second and at the end of every epoch",
  }),
  /** Called and awaited after every epoch. The function may use the model. */
  onEpoch: callback<(record: EpochRecord) => void | Promise<void>>("a function", {
    help: "called and awaited after every epoch, with its losses",
  }),
  /**
   * Called and awaited with scalars for a log: `train/...`, `validation/...` and `learning_rate` after every epoch, and
   * `batch/...` at every 50th step.
   */
  onScalars: callback<(step: number, scalars: Readonly<Record<string, number>>) => void | Promise<void>>("a function", {
    help: "called with scalars for a log, after every epoch and at every 50th step",
  }),
};
