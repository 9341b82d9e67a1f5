/** How a model is trained unless the caller says otherwise. */
export interface Recipe {
  readonly epochs: number;
  /** Steps that these epochs have at least: of few images, the training sees each more often. */
  readonly leastSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Steps over which the learning rate rises from 0: large first steps can turn off ReLUs for good. */
  readonly warmupSteps: number;
  /** `"constant"`, `"halving"` after every sixth of the training, or `"cosine"` down to zero. */
  readonly schedule: "constant" | "halving" | "cosine";
  /** Whether Adam's beta1 is halved with the learning rate of `"halving"`. */
  readonly beta1Decay: boolean;
  /** Random views of every image: the eight `"flips"` and quarter turns, or small `"shifts"` and rotations of the input alone. */
  readonly augmentation: "none" | "flips" | "shifts";
}

/** How most models are trained: 20 epochs of Adam. */
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
