/** Default settings for the training of a model. */
export interface Recipe {
  readonly epochs: number;
  /**
   * Smallest number of training steps. If there are few images, the number of epochs is increased until the training
   * has this number of steps.
   */
  readonly leastSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /**
   * Steps over which the learning rate rises from 0. Without this rise, large first steps could make the output of
   * ReLUs zero for all inputs permanently.
   */
  readonly warmupSteps: number;
  /**
   * How the learning rate changes: `"constant"`; `"halving"`, which halves it after every sixth of the training; or
   * `"cosine"`, which lowers it to zero along a cosine.
   */
  readonly schedule: "constant" | "halving" | "cosine";
  /** Whether Adam's beta1 is halved at the same steps at which the schedule `"halving"` halves the learning rate. */
  readonly beta1Decay: boolean;
  /**
   * Random views of every image: `"flips"` are the eight flips and quarter turns, `"shifts"` are small shifts and
   * rotations of the input but not of the target.
   */
  readonly augmentation: "none" | "flips" | "shifts";
}

/** Default settings for the training of most models: 20 epochs of Adam. */
export const PLAIN_RECIPE: Recipe = {
  epochs: 20,
  leastSteps: 0,
  batchSize: 128,
  learningRate: 0.001,
  warmupSteps: 0,
  schedule: "constant",
  beta1Decay: false,
  augmentation: "none",
};
