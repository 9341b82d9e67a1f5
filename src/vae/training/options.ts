import { checkOptions, type OptionValues } from "../../options/index.js";
import type { Model } from "../models/model.js";
import type { Recipe } from "../models/recipe.js";
import { COURSE_OPTIONS, EARLY_STOPPING_OPTIONS, MOST, TRAINING_OPTIONS } from "./declarations.js";

/**
 * Options of `train`. All are optional. The number of epochs, the options of Adam and the augmentation have defaults
 * that depend on the model: its `recipe`.
 *
 * @interface
 */
export type TrainOptions = Readonly<OptionValues<typeof TRAINING_OPTIONS>>;

/**
 * Settings that determine the results of the training. A training continues from a checkpoint only with the same
 * settings.
 */
export interface Course extends Omit<Recipe, "epochs" | "leastSteps"> {
  readonly klWarmup: number;
  readonly noise: number;
  readonly binarize: boolean;
  readonly seed: number;
}

export interface ResolvedOptions {
  readonly course: Course;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly maxSteps: number;
  readonly earlyStopping: { readonly patience: number; readonly leastImprovement: number } | undefined;
  readonly folder: string | undefined;
  readonly resume: boolean;
  readonly checkpointEvery: number;
}

/**
 * Checks the options and fills in all defaults.
 *
 * @param imageCount number of training images. If undefined, the default number of epochs is not increased for small
 *   data sets.
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE
 */
export function resolveTrainOptions(model: Model, options: TrainOptions, imageCount?: number): ResolvedOptions {
  const checked = checkOptions(TRAINING_OPTIONS, options);
  const { recipe } = model;
  const { maxSteps = MOST, checkpointEvery = MOST, earlyStopping, folder, resume } = checked;
  const stepsPerEpoch = Math.ceil((imageCount ?? MOST) / (checked.batchSize ?? recipe.batchSize));
  const epochs = checked.epochs ?? Math.max(recipe.epochs, Math.ceil(recipe.leastSteps / stepsPerEpoch));
  model.partStarts({ epochs, stepsPerEpoch });
  const course = Object.keys(COURSE_OPTIONS).map((name) => {
    const value = checked[name as keyof typeof COURSE_OPTIONS];
    return [name, value ?? recipe[name as keyof Recipe]];
  });
  return {
    course: { ...Object.fromEntries(course), warmupSteps: recipe.warmupSteps } as Course,
    epochs,
    stepsPerEpoch,
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
