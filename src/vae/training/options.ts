import { ArgumentError } from "../../errors.js";
import { checkOptions, type OptionValues } from "../../options/index.js";
import type { Model } from "../models/model.js";
import type { Recipe } from "../models/recipe.js";
import { COURSE_OPTIONS, EARLY_STOPPING_OPTIONS, MOST, TRAINING_OPTIONS } from "./declarations.js";

/** Options of `train`. All are optional; epochs and the options of Adam and of augmentation have the defaults of the model's `recipe`. */
export type TrainOptions = Readonly<OptionValues<typeof TRAINING_OPTIONS>>;

/** What decides the course of the training: a checkpoint is continued only with the same. */
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
  readonly earlyStopping: { readonly patience: number; readonly leastImprovement: number } | undefined;
  readonly folder: string | undefined;
  readonly resume: boolean;
  readonly checkpointEvery: number;
}

/** @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE */
export function resolveTrainOptions(model: Model, options: TrainOptions): ResolvedOptions {
  const checked = checkOptions(TRAINING_OPTIONS, options);
  const { recipe } = model;
  const { epochs = recipe.epochs, maxSteps = MOST, checkpointEvery = MOST, earlyStopping, folder, resume } = checked;
  if (epochs <= model.pretrainEpochs) {
    throw new ArgumentError("OUT_OF_RANGE", {
      argument: "epochs",
      received: epochs,
      accepted: `more than the ${model.pretrainEpochs} of pretraining, of which the model can be given fewer`,
    });
  }
  const course = Object.keys(COURSE_OPTIONS).map((name) => {
    const key = name as keyof Course;
    return [key, checked[key] ?? recipe[key as keyof Recipe]];
  });
  return {
    course: Object.fromEntries(course) as Course,
    epochs,
    maxSteps,
    earlyStopping: earlyStopping === false ? undefined : resolveEarlyStopping(earlyStopping),
    folder,
    resume,
    checkpointEvery,
  };
}

function resolveEarlyStopping(option: Exclude<TrainOptions["earlyStopping"], false | undefined>) {
  const { patience, leastImprovement } = checkOptions(EARLY_STOPPING_OPTIONS, option === true ? {} : option);
  return { patience, leastImprovement };
}
