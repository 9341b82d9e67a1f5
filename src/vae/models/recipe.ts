/** Default training of a model. */
export interface Recipe {
  readonly epochs: number;
  /** Least number of steps. If there are few images, the number of epochs is increased to reach it. */
  readonly leastSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /**
   * Steps over which the learning rate rises from 0. Large first steps could make ReLUs zero for all inputs
   * permanently.
   */
  readonly warmupSteps: number;
  /** `"constant"`, `"halving"` after every sixth of the training, or `"cosine"` down to zero. */
  readonly schedule: "constant" | "halving" | "cosine";
  /** Whether Adam's beta1 is halved with the learning rate of `"halving"`. */
  readonly beta1Decay: boolean;
  /**
   * Random views of every image: `"flips"` are the eight flips and quarter turns, `"shifts"` are small shifts and
   * rotations of the input but not of the target.
   */
  readonly augmentation: "none" | "flips" | "shifts";
}

/** Default training of most models: 20 epochs of Adam. */
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
